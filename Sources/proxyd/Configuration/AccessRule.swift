internal import Shared

/// One line of who may come in: the first that fits a client decides.
struct AccessRule: Equatable, Sendable {
    /// What becomes of a client that it fits.
    var verdict: Verdict
    var clients: Clients

    enum Verdict: Equatable, Sendable {
        case allow
        case deny(DenyAction)
    }

    /// Whom it fits.
    enum Clients: Equatable, Sendable {
        case all
        /// Clients of Unix sockets.
        case unix
        case networks([Network])
        /// A file with a network or an address per line, and what was in it when it was read.
        case file(path: String, [Network])
    }
}

/// What a client meets that is denied.
enum DenyAction: Equatable, Sendable {
    /// The connection is closed.
    case close
    /// It is reset.
    case reset
    /// It stays open for so long, and nothing comes of it.
    case tarpit(Duration)
    /// It is forgotten without a word, as far as the kernel lets us.
    case drop

    static let standardTarpit = Duration.seconds(10)
}

// MARK: - As text

extension AccessRule: CustomStringConvertible {
    /// As it is written on one line, and for `set`: `deny 10.0.0.0/8 192.0.2.7 reset`.
    var description: String {
        let verb: String
        var action = ""
        switch verdict {
        case .allow: verb = "allow"
        case .deny(let deny):
            verb = "deny"
            if deny != .close { action = " \(deny)" }
        }
        switch clients {
        case .all: return "\(verb) all\(action)"
        case .unix: return "\(verb) unix\(action)"
        case .networks(let networks):
            return "\(verb) \(networks.map(\.text).joined(separator: " "))\(action)"
        case .file(let path, _): return "\(verb)-file \(path)\(action)"
        }
    }
}

extension DenyAction: CustomStringConvertible {
    var description: String {
        switch self {
        case .close: "close"
        case .reset: "reset"
        case .tarpit(let time): "tarpit \(time.exactText)"
        case .drop: "drop"
        }
    }
}

extension Network {
    /// As it is written; one address stands without its bits.
    var text: String {
        let all: UInt8 = if case .v4 = address { 32 } else { 128 }
        return bits == all ? "\(address)" : "\(address)/\(bits)"
    }

    /// `10.0.0.0/8`, or one address.
    init?(rule text: some StringProtocol) {
        if let network = Network(text) {
            self = network
            return
        }
        guard let address = IPAddress(text) else { return nil }
        let bits = if case .v4 = address { 32 } else { 128 }
        guard let network = Network("\(text)/\(bits)") else { return nil }
        self = network
    }
}

extension [AccessRule] {
    /// All on one line.
    var text: String? { isEmpty ? nil : map(\.description).joined(separator: ", ") }

    /// What its files hold, for people: `/etc/bad.txt: 12 networks`.
    var files: [(path: String, count: Int)] {
        compactMap { rule in
            guard case .file(let path, let networks) = rule.clients else { return nil }
            return (path, networks.count)
        }
    }
}

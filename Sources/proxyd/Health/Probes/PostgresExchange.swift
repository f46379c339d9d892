/// `postgres` and `postgres-primary`: logs in without a password, and asks whether the server is in
/// recovery (PostgreSQL's frontend/backend protocol 3.0).
///
/// A server that asks for a password lives and takes connections, but does not say what it is: good
/// enough for `postgres`, not for `postgres-primary`.
struct PostgresExchange: ProbeExchange {
    private let user: String
    private let provesPrimary: Bool
    private var received: [UInt8] = []
    private var isPrimary: Bool?

    private static let mostBytes = 65_536
    /// Terminate.
    private static let goodbye: [UInt8] = [0x58, 0, 0, 0, 4]

    init(user: String, provesPrimary: Bool) {
        self.user = user
        self.provesPrimary = provesPrimary
    }

    mutating func begin() -> ProbeMove {
        let words = ["user", user, "database", "postgres", "application_name", "proxyd"]
        var body: [UInt8] = [0, 3, 0, 0]
        for word in words { body += Array(word.utf8) + [0] }
        body.append(0)
        return .send(Self.length(of: body) + body)
    }

    mutating func receive(_ bytes: ArraySlice<UInt8>) -> ProbeMove {
        received += bytes
        var output: [UInt8] = []
        while let message = next() {
            switch answer(to: message) {
            case .wait: continue
            case .send(let bytes): output += bytes
            case .done(let result, let goodbye): return .done(result, goodbye: goodbye)
            }
        }
        guard isSound else {
            return .done(
                .bad("expected PostgreSQL's answer, got \(ProbeText.quoted(received))"))
        }
        return output.isEmpty ? .wait : .send(output)
    }

    mutating func end() -> ProbeResult { .bad("closed before it said whether all is well") }

    func expire() -> ProbeResult { .bad("timeout") }

    // MARK: Messages

    private struct Message {
        var kind: UInt8
        var body: ArraySlice<UInt8>
    }

    private mutating func next() -> Message? {
        guard received.count >= 5, isSound else { return nil }
        let length = Self.number(received[1..<5])
        guard received.count >= length + 1 else { return nil }
        let message = Message(kind: received[0], body: received[5..<length + 1])
        received.removeFirst(length + 1)
        return message
    }

    /// Whether what is there can be the beginning of a message.
    private var isSound: Bool {
        guard let kind = received.first else { return true }
        guard "RSKZETDCNAv".utf8.contains(kind) else { return false }
        return received.count < 5 || (4...Self.mostBytes).contains(Self.number(received[1..<5]))
    }

    private mutating func answer(to message: Message) -> ProbeMove {
        switch message.kind {
        case UInt8(ascii: "R"):
            return Self.number(message.body.prefix(4)) == 0 ? .wait : askedForPassword
        case UInt8(ascii: "E"): return failure(Self.fields(of: message.body))
        case UInt8(ascii: "D"):
            // One row of one column: its number, its length, and `t` or `f`.
            isPrimary = message.body.last == UInt8(ascii: "f")
            return .wait
        case UInt8(ascii: "Z"): return ready
        default: return .wait
        }
    }

    private var ready: ProbeMove {
        guard provesPrimary else { return .done(.good(), goodbye: Self.goodbye) }
        switch isPrimary {
        case true?: return .done(.good("ok: primary"), goodbye: Self.goodbye)
        case false?: return .done(.bad("is a standby"))
        case nil:
            let query = Array("SELECT pg_is_in_recovery()".utf8) + [0]
            return .send([UInt8(ascii: "Q")] + Self.length(of: query) + query)
        }
    }

    private var askedForPassword: ProbeMove {
        guard provesPrimary else { return .done(.good("ok: asks for a password")) }
        return .done(
            .bad("asks for a password, so whether it is the primary cannot be seen"))
    }

    private func failure(_ fields: [UInt8: String]) -> ProbeMove {
        let code = fields[UInt8(ascii: "C")] ?? "?"
        let words = ProbeText.quoted(fields[UInt8(ascii: "M")] ?? "")
        // Class 28: this user may not log in; 3D: there is no such database. It lives all the same.
        if !provesPrimary, code.hasPrefix("28") || code.hasPrefix("3D") {
            return .done(.good("ok: \(code)"))
        }
        return .done(.bad("\(code) \(words)"))
    }

    /// An error's fields by their letters.
    private static func fields(of body: ArraySlice<UInt8>) -> [UInt8: String] {
        var fields: [UInt8: String] = [:]
        for field in body.split(separator: 0) {
            guard let letter = field.first else { continue }
            fields[letter] = String(decoding: field.dropFirst(), as: UTF8.self)
        }
        return fields
    }

    /// What a message begins with: its own length, itself included.
    private static func length(of body: [UInt8]) -> [UInt8] {
        let length = UInt32(body.count + 4)
        return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: length >> $0) }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int {
        bytes.reduce(0) { $0 << 8 | Int($1) }
    }
}

internal import Shared
internal import Yams

/// Where connections to channels come from.
enum ConnectionSource: Equatable, Sendable {
    /// Addresses of this machine, used in turns.
    case addresses([IPAddress])
    /// The client's own (IP_TRANSPARENT).
    case client
}

// Where connections come from, read from `source:`.

extension FileReader {
    /// An address, several, or `client`.
    mutating func source(_ map: YAMLMap) -> ConnectionSource? {
        guard let value = map["source"] else { return nil }
        let values =
            value.node.scalar != nil && !value.isAbsent
            ? [value] : yaml.list(value, as: "“source”") ?? []
        var words: [String] = []
        for value in values {
            guard let text = yaml.text(value, as: "an address of “source”") else { return nil }
            words += text.split(separator: " ").map(String.init)
        }
        do throws(ValueError) {
            return words.isEmpty ? nil : try ValueReader.source(words)
        } catch {
            yaml.diagnostics.add(error, at: value.place)
            return nil
        }
    }
}

extension ValueReader {
    static let mostSources = 256

    static func source(_ words: [String]) throws(ValueError) -> ConnectionSource {
        if words == ["client"] { return .client }
        guard words.count <= mostSources else {
            throw ValueError(
                "“source” has more than \(mostSources) addresses", "leave some out")
        }
        var addresses: [IPAddress] = []
        for word in words {
            guard let address = IPAddress(word), address != .anyV4, address != .anyV6 else {
                throw ValueError(
                    "“source”: invalid source address “\(word.prefix(60))”",
                    "write addresses without ports, as in 10.0.0.1, or client alone")
            }
            guard !addresses.contains(address) else {
                throw ValueError("“source” has \(address) twice", "keep one of them")
            }
            addresses.append(address)
        }
        return .addresses(addresses)
    }

    /// IFNAMSIZ is 16 with the zero byte.
    static func interface(_ text: String, as name: String) throws(ValueError) -> String {
        guard (1...15).contains(text.utf8.count), !text.contains("/"), !text.contains(" ") else {
            throw ValueError(
                invalid: "network interface", text.prefix(40), name,
                "write its name, as in eth0")
        }
        return text
    }

    /// TCP_CA_NAME_MAX is 16 with the zero byte.
    static func congestion(_ text: String, as name: String) throws(ValueError) -> String {
        let isWord = text.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x5F || $0 == 0x2D
        }
        guard (1...15).contains(text.utf8.count), isWord else {
            throw ValueError(
                invalid: "congestion control", text.prefix(40), name,
                "write one of /proc/sys/net/ipv4/tcp_available_congestion_control")
        }
        return text
    }
}

// MARK: - Writing

extension ConnectionSource {
    /// As `set` takes it.
    var text: String {
        switch self {
        case .addresses(let addresses): addresses.map { "\($0)" }.joined(separator: " ")
        case .client: "client"
        }
    }
}

internal import Glibc
internal import Shared

/// Reads where to listen and where to connect.
enum EndpointReader {
    static func listener(_ text: String) throws(ValueError) -> Endpoint {
        try endpoint(text, defaultPort: nil, anyHost: "*")
    }

    static func channel(_ text: String, defaultPort: UInt16? = nil) throws(ValueError) -> Endpoint {
        let endpoint = try endpoint(text, defaultPort: defaultPort, anyHost: "HOST")
        switch endpoint {
        case .ip(_, port: 0), .name(_, port: 0):
            throw ValueError("“\(text)” has port 0, which cannot be listened on", portRemedy)
        case .ip(.anyV4, _), .ip(.anyV6, _):
            throw ValueError(
                "“\(text)” stands for every address, and cannot be connected to",
                "name one address, such as 127.0.0.1")
        default: return endpoint
        }
    }

    private static let portRemedy = "write a port from 1 to 65535"

    private static func endpoint(
        _ text: String, defaultPort: UInt16?, anyHost: String
    ) throws(ValueError) -> Endpoint {
        // The commonest slip: a port alone.
        if UInt16(text) != nil {
            throw ValueError("“\(text)” names no address", "write it as \(anyHost):\(text)")
        }
        let zoned = try withZone(text)
        do throws(Endpoint.ParseError) {
            return try Endpoint(withNumber(zoned), defaultPort: defaultPort)
        } catch {
            throw mistake(error, in: text)
        }
    }

    /// An IPv6 address's zone may be the name of an interface: `[fe80::1%eth0]:80`.
    static func withZone(_ text: String) throws(ValueError) -> String {
        guard !text.hasPrefix("/"), !text.hasPrefix("unix:"),
            let percent = text.firstIndex(of: "%")
        else { return text }
        let rest = text[text.index(after: percent)...]
        let name = rest.prefix { $0 != "]" }
        guard !name.isEmpty, UInt32(name) == nil else { return text }
        let number = unsafe if_nametoindex(String(name))
        guard number > 0 else {
            throw ValueError(
                "unknown interface “\(name)” in “\(text)”",
                "`ip link` lists those of this machine")
        }
        return text[...percent] + String(number) + rest[name.endIndex...]
    }

    /// A port may be the name of a service: `db1:postgresql` is `db1:5432`.
    private static func withNumber(_ text: String) -> String {
        guard !text.hasPrefix("/"), !text.hasPrefix("unix:"), let colon = text.lastIndex(of: ":")
        else { return text }
        let word = String(text[text.index(after: colon)...])
        let isName = word.utf8.contains { (0x61...0x7A).contains($0) } && !word.contains("]")
        guard isName, let number = ServicePort.number(of: word) else { return text }
        return text[...colon] + String(number)
    }

    private static func mistake(_ mistake: Endpoint.ParseError, in text: String) -> ValueError {
        let form = "write it as 10.0.0.1:143, [2001:db8::1]:143, host:143 or unix:/path"
        switch mistake {
        case .empty: return ValueError(mistake.description, form)
        case .noPort:
            let isBare = text.filter { $0 == ":" }.count > 1 && !text.hasPrefix("[")
            let written = text.hasSuffix(":") ? String(text.dropLast()) : text
            return ValueError(
                "“\(text)” names no port",
                isBare ? "write it as [\(text)]:PORT" : "write it as \(written):PORT")
        case .badPort: return ValueError(mistake.description, portRemedy)
        case .badAddress: return ValueError(mistake.description, form)
        case .badPath:
            return ValueError(mistake.description, "write it as unix:/run/name.sock")
        }
    }
}

extension Endpoint {
    var isUnix: Bool { if case .unix = self { true } else { false } }

    /// Whether it is a Unix socket in no file system, `unix:@name` (unix(7)).
    var isAbstract: Bool {
        if case .unix(let path) = self { path.hasPrefix("@") } else { false }
    }
}

/// Where to listen or to connect: an address and a port, a name to be resolved, or a Unix socket.
package enum Endpoint: Hashable, Sendable {
    case ip(IPAddress, port: UInt16)
    case name(String, port: UInt16)
    case unix(path: String)

    /// What is wrong with a text that names no endpoint.
    package enum ParseError: Error, Equatable {
        case empty
        case noPort
        case badPort(String)
        case badAddress(String)
        case badPath(String)
    }

    /// `sun_path` holds 108 bytes with the final NUL (unix(7)).
    package static let longestPath = 107

    /// Reads `192.0.2.1:80`, `[2001:db8::1]:80`, `db1:5432`, `*:80` (every IPv4 address), `unix:/run/x` or `/run/x`.
    ///
    /// `defaultPort` is used when the text names none; nil makes that a mistake.
    package init(_ text: String, defaultPort: UInt16? = nil) throws(ParseError) {
        guard !text.isEmpty else { throw .empty }
        if text.hasPrefix("/") || text.hasPrefix("unix:") {
            self = try Self.unixPath(text.hasPrefix("/") ? text : String(text.dropFirst(5)))
            return
        }
        if text.hasPrefix("[") {
            guard let close = text.firstIndex(of: "]") else { throw .badAddress(text) }
            let inside = text[text.index(after: text.startIndex)..<close]
            guard let address = IPAddress(inside), case .v6 = address else {
                throw .badAddress(String(inside))
            }
            let rest = text[text.index(after: close)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { throw .badAddress(text) }
            self = .ip(address, port: try Self.port(rest.dropFirst(), defaultPort, rest.isEmpty))
            return
        }
        let colon = text.lastIndex(of: ":")
        // Two colons and no brackets: an IPv6 address, whose port cannot be told from its last group.
        if let colon, text[..<colon].contains(":") {
            guard let address = IPAddress(text) else { throw .badAddress(text) }
            guard let defaultPort else { throw .noPort }
            self = .ip(address, port: defaultPort)
            return
        }
        let host = colon.map { text[..<$0] } ?? text[...]
        let after = colon.map { text[text.index(after: $0)...] } ?? ""
        let port = try Self.port(after, defaultPort, colon == nil)
        if host == "*" {
            self = .ip(.anyV4, port: port)
        } else if let address = IPAddress(host) {
            self = .ip(address, port: port)
        } else {
            guard Self.isName(host) else { throw .badAddress(String(host)) }
            self = .name(String(host), port: port)
        }
    }

    private static func port(
        _ text: some StringProtocol, _ defaultPort: UInt16?, _ isMissing: Bool
    ) throws(ParseError) -> UInt16 {
        if isMissing || text.isEmpty {
            guard let defaultPort else { throw .noPort }
            return defaultPort
        }
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let port = UInt16(text)
        else { throw .badPort(String(text)) }
        return port
    }

    private static func unixPath(_ path: String) throws(ParseError) -> Endpoint {
        guard !path.isEmpty, path.utf8.count <= longestPath, !path.utf8.contains(0) else {
            throw .badPath(path)
        }
        return .unix(path: path)
    }

    /// RFC 1123 names, and the underscore that service records use. All digits and dots is not a name
    /// but an address that was mistyped.
    private static func isName(_ host: some StringProtocol) -> Bool {
        guard (1...253).contains(host.utf8.count) else { return false }
        let isNumeric = host.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2E }
        let isWord = host.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F
        }
        return isWord && !isNumeric
    }
}

extension Endpoint: CustomStringConvertible {
    package var description: String {
        switch self {
        case .ip(.v4(let address), let port): "\(IPAddress.v4(address)):\(port)"
        case .ip(let address, let port): "[\(address)]:\(port)"
        case .name(let name, let port): "\(name):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}

extension Endpoint.ParseError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .empty: "the address is empty"
        case .noPort: "the address names no port"
        case .badPort(let text): "“\(text)” is not a port (0 to 65535)"
        case .badAddress(let text): "“\(text)” is neither an address nor a host name"
        case .badPath(let path):
            "“\(path)” cannot be a Unix socket's path (1 to \(Endpoint.longestPath) bytes)"
        }
    }
}

internal import Shared

/// What conditions compare addresses with.
enum LighttpdAddress {
    /// An address, a network or a Unix socket; brackets and a port may stand with it.
    static func isClient(_ text: String) -> Bool {
        let address = text.prefix { $0 != "/" }
        return text.hasPrefix("/") || IPAddress(address) != nil
            || (try? Endpoint(String(address), defaultPort: 0))?.isAddress ?? false
    }

    /// What stands behind the address is a port; names are looked up at the start.
    static func isSocket(_ text: String) -> Bool {
        guard !text.hasPrefix("/"), !text.hasPrefix("unix:"), !text.hasSuffix("]"),
            let colon = text.lastIndex(of: ":")
        else { return true }
        return UInt16(text[text.index(after: colon)...]) != nil
    }
}

extension Endpoint {
    fileprivate var isAddress: Bool { if case .ip = self { true } else { false } }
}

/// Programs of Debian's own file, by their names.
enum LighttpdShell: Equatable {
    case mimeTypes
    /// The web server's port is served with IPv6, too.
    case ipv6(port: UInt16)

    init?(_ command: String) {
        let words = command.split { $0 == " " || $0 == "\t" }
        let program = words.first?.split(separator: "/").last.map(String.init) ?? ""
        switch program {
        case _ where program.hasPrefix("create-mime."): self = .mimeTypes
        case "use-ipv6.pl": self = .ipv6(port: words.count > 1 ? UInt16(words[1]) ?? 80 : 80)
        default: return nil
        }
    }
}

internal import Shared

/// Addresses of clients as tags, for a screen that others see. The same address has the same tag.
enum Privacy {
    /// `client-3fa2:50122`; what is not an address stays as it is.
    static func hide(_ client: String) -> String {
        guard case .ip(let address, let port)? = try? Endpoint(client, defaultPort: 0) else {
            return client
        }
        return port == 0 ? tag("\(address)") : "\(tag("\(address)")):\(port)"
    }

    /// Whether one of the words of a typed line is an address or a network.
    static func hasAddress(_ line: String) -> Bool {
        line.split { " \"'=<>~!()[],".contains($0) }.contains { word in
            let text = String(word)
            return Network(text) != nil || hide(text) != text
                || hide("[\(text)]:1") != "[\(text)]:1"
        }
    }

    /// Four hexadecimal digits of a hash (FNV-1a): enough to tell the clients of a screen apart.
    private static func tag(_ address: String) -> String {
        var hash: UInt32 = 2_166_136_261
        for byte in address.utf8 { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
        let text = String(hash & 0xFFFF, radix: 16)
        return "client-" + String(repeating: "0", count: 4 - text.utf8.count) + text
    }
}

/// The host name that a TLS client asks for (RFC 6066, section 3), as certificates, routes, logs and channels get it.
/// Other text is treated as no name.
enum ServerName {
    /// In lower case and without a trailing dot, which is not allowed there.
    static func read(_ bytes: some BidirectionalCollection<UInt8>) -> String? {
        let name = bytes.last == UInt8(ascii: ".") ? bytes.dropLast() : bytes[...]
        guard (1...253).contains(name.count), name.allSatisfy(isAllowed) else { return nil }
        return String(decoding: name, as: UTF8.self).lowercased()
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
        default: false
        }
    }
}

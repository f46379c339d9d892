@testable import proxyd

/// What must hold for any bytes that a client begins with. Used by the tests and by `scripts/fuzz`.
enum FirstBytesChecks {
    /// What does not hold, or nil.
    static func violation(by bytes: [UInt8]) -> String? { header(bytes) ?? hello(bytes) }

    /// Nothing is said before it is sure, and what was said stays true whatever follows.
    private static func header(_ bytes: [UInt8]) -> String? {
        let whole = ProxyHeader.read(bytes)
        // Prefixes whose lengths come from the bytes themselves.
        var count = 0
        while count < bytes.count {
            switch (ProxyHeader.read(Array(bytes.prefix(count))), whole) {
            case (.incomplete(let needs), _):
                guard needs > count else { return "a header waits for what is there" }
            case (.complete(let early, let length), .complete(let late, let same))
            where early == late && length == same:
                guard length <= count else { return "a header is longer than its bytes" }
            case (.malformed, .malformed): break
            case (let early, _): return "\(early) becomes \(whole)"
            }
            count += Int(bytes[count]) % 7 + 1
        }
        guard case .complete(let header, _) = whole, header.addresses != nil else { return nil }
        let form = ProxyProtocolOut(isBinary: true, options: .everything)
        let written = header.bytes(form)
        guard written.count <= ProxyHeader.mostBytes else { return nil }
        guard ProxyHeader.read(written) == .complete(header, length: written.count) else {
            return "a header is written as another one: \(header)"
        }
        return nil
    }
}

extension FirstBytesChecks {
    /// The same of a TLS client's first message.
    fileprivate static func hello(_ bytes: [UInt8]) -> String? {
        let whole = ClientHello.read(bytes)
        var count = 0
        while count < bytes.count {
            let part = ClientHello.read(Array(bytes.prefix(count)))
            if case .incomplete(let needs) = part {
                guard needs > count, needs <= ClientHello.mostBytes else {
                    return "a hello of \(count) bytes waits for \(needs)"
                }
            } else if part != whole {
                return "\(part) becomes \(whole)"
            }
            count += Int(bytes[count]) % 7 + 1
        }
        return nil
    }
}

extension ProxyProtocolOut.Options {
    static let everything: Self = [.uniqueID, .serverName, .alpn, .certificate, .crc32c]
}

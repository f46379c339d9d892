/// An IPv4 or IPv6 address, without a port.
///
/// IPv6 text follows RFC 5952 when written and RFC 4291 when read; a zone (`%eth0`) stays a number,
/// as the kernel wants it.
package enum IPAddress: Hashable, Sendable {
    /// Host byte order: 127.0.0.1 is `0x7F00_0001`.
    case v4(UInt32)
    /// The 16 bytes in network order as two halves, and the scope (0 when there is none).
    case v6(high: UInt64, low: UInt64, scope: UInt32)

    package static let anyV4 = IPAddress.v4(0)
    package static let anyV6 = IPAddress.v6(high: 0, low: 0, scope: 0)
    package static let loopbackV4 = IPAddress.v4(0x7F00_0001)
    package static let loopbackV6 = IPAddress.v6(high: 0, low: 1, scope: 0)

    package var isV4: Bool { if case .v4 = self { true } else { false } }

    /// The IPv4 address of a v4-mapped IPv6 address (RFC 4291 §2.5.5.2), so that a dual-stack listener makes no
    /// difference; any other address is itself.
    package var unmapped: IPAddress {
        guard case .v6(0, let low, _) = self, low >> 32 == 0xFFFF else { return self }
        return .v4(UInt32(truncatingIfNeeded: low))
    }

    /// Reads `192.0.2.1`, `2001:db8::1`, `::ffff:192.0.2.1` and `fe80::1%2`; nothing else.
    package init?(_ text: some StringProtocol) {
        if let address = Self.readV4(text.utf8) {
            self = .v4(address)
            return
        }
        let parts = text.utf8.split(
            separator: UInt8(ascii: "%"), maxSplits: 1, omittingEmptySubsequences: false)
        guard let groups = Self.readV6(parts[0]) else { return nil }
        var scope: UInt32 = 0
        if parts.count == 2 {
            // Without the sign that `UInt32` would take.
            guard let text = String(parts[1]), let number = UInt32(text),
                parts[1].allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
            else { return nil }
            scope = number
        }
        func half(_ slice: ArraySlice<UInt16>) -> UInt64 {
            slice.reduce(0) { $0 << 16 | UInt64($1) }
        }
        self = .v6(high: half(groups[0..<4]), low: half(groups[4..<8]), scope: scope)
    }

    /// Four decimal numbers up to 255, without leading zeros (`010` is octal to some readers).
    private static func readV4(_ bytes: some Collection<UInt8>) -> UInt32? {
        let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var address: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.count), part.count == 1 || part.first != UInt8(ascii: "0")
            else { return nil }
            var number: UInt32 = 0
            for digit in part {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
                number = number * 10 + UInt32(digit - UInt8(ascii: "0"))
            }
            guard number <= 255 else { return nil }
            address = address << 8 | number
        }
        return address
    }

    /// Eight groups of up to four hexadecimal digits; `::` once; the last two may be an IPv4 address.
    private static func readV6(_ bytes: some Collection<UInt8>) -> [UInt16]? {
        var parts = bytes.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard parts.count >= 3 else { return nil }
        // A leading or trailing "::" splits into two empty parts; one of them says it all.
        if parts[0].isEmpty {
            guard parts[1].isEmpty else { return nil }
            parts.removeFirst()
        }
        if let last = parts.last, last.isEmpty {
            guard parts.count >= 2, parts[parts.count - 2].isEmpty else { return nil }
            parts.removeLast()
        }
        var groups: [UInt16] = []
        var gap: Int?
        for (index, part) in parts.enumerated() {
            if part.isEmpty {
                guard gap == nil else { return nil }
                gap = groups.count
            } else if index == parts.count - 1, let v4 = readV4(part) {
                groups += [UInt16(v4 >> 16), UInt16(v4 & 0xFFFF)]
            } else {
                guard part.count <= 4, let text = String(part),
                    let group = UInt16(text, radix: 16), part.first != UInt8(ascii: "+"),
                    part.first != UInt8(ascii: "-")
                else { return nil }
                groups.append(group)
            }
        }
        guard let gap else { return groups.count == 8 ? groups : nil }
        guard groups.count < 8 else { return nil }
        groups.insert(contentsOf: Array(repeating: 0, count: 8 - groups.count), at: gap)
        return groups
    }
}

extension IPAddress: CustomStringConvertible {
    package var description: String {
        switch self {
        case .v4(let address):
            return Self.dotted(address)
        case .v6(let high, let low, let scope):
            let text = Self.colons(high: high, low: low)
            return scope == 0 ? text : "\(text)%\(scope)"
        }
    }

    private static func dotted(_ address: UInt32) -> String {
        "\(address >> 24).\(address >> 16 & 255).\(address >> 8 & 255).\(address & 255)"
    }

    /// RFC 5952: lower case, the longest run of two or more zero groups (the first of equals) as `::`.
    private static func colons(high: UInt64, low: UInt64) -> String {
        if high == 0, low >> 32 == 0xFFFF { return "::ffff:" + dotted(UInt32(low & 0xFFFF_FFFF)) }
        let groups = [high, low].flatMap { half in
            stride(from: 48, through: 0, by: -16).map { UInt16(half >> UInt64($0) & 0xFFFF) }
        }
        var best = 0..<0
        var start = 0
        while start < 8 {
            let end = groups[start...].firstIndex { $0 != 0 } ?? 8
            if end - start > max(best.count, 1) { best = start..<end }
            start = max(end, start + 1)
        }
        func hex(_ slice: ArraySlice<UInt16>) -> String {
            slice.map { String($0, radix: 16) }.joined(separator: ":")
        }
        guard !best.isEmpty else { return hex(groups[...]) }
        return hex(groups[..<best.lowerBound]) + "::" + hex(groups[best.upperBound...])
    }
}

extension String {
    /// ASCII and UTF-8 bytes as text; nil when they are not UTF-8.
    fileprivate init?(_ bytes: some Collection<UInt8>) {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        self = text
    }
}

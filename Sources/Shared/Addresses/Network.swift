/// The addresses that begin alike: `10.0.0.0/8`, `2001:db8::/32`.
package struct Network: Hashable, Sendable {
    package let address: IPAddress
    /// Leading bits that count.
    package let bits: UInt8

    /// Reads ADDRESS/BITS; nil for anything else. Bits behind the prefix are ignored.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPAddress(parts[0]),
            parts[1].utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let bits = UInt8(parts[1])
        else { return nil }
        if case .v4 = address, bits > 32 { return nil }
        guard bits <= 128 else { return nil }
        self.address = address
        self.bits = bits
    }

    /// An IPv4 address that an IPv6 socket has met (`::ffff:10.0.0.7`) belongs to its IPv4 network too.
    package func contains(_ other: IPAddress) -> Bool {
        switch (address, other) {
        case (.v4(let own), .v4(let other)):
            return own.isEqual(to: other, in: UInt32(bits))
        case (.v4(let own), .v6(0, let low, _)) where low >> 32 == 0xFFFF:
            return own.isEqual(to: UInt32(truncatingIfNeeded: low), in: UInt32(bits))
        case (.v6(let high, let low, _), .v6(let otherHigh, let otherLow, _)):
            return high.isEqual(to: otherHigh, in: UInt64(min(bits, 64)))
                && low.isEqual(to: otherLow, in: UInt64(max(bits, 64) - 64))
        case (.v4, .v6), (.v6, .v4):
            return false
        }
    }
}

extension FixedWidthInteger {
    fileprivate func isEqual(to other: Self, in leadingBits: Self) -> Bool {
        (self ^ other) >> (Self(Self.bitWidth) - leadingBits) == 0
    }
}

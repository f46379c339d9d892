internal import Shared

/// One end of a connection, as packets name it.
struct PacketEnd: Equatable, Sendable {
    var address: IPAddress
    var port: UInt16
}

/// An IP packet with a TCP segment (RFC 791, RFC 8200, RFC 9293), made up for a dump: the bytes are
/// real, the headers are what the wire might have shown.
struct TCPPacket {
    struct Flags: OptionSet {
        let rawValue: UInt8
        static let fin = Flags(rawValue: 1)
        static let syn = Flags(rawValue: 2)
        static let reset = Flags(rawValue: 4)
        static let push = Flags(rawValue: 8)
        static let acknowledge = Flags(rawValue: 16)
    }

    var source: PacketEnd
    var destination: PacketEnd
    var sequence: UInt32
    var acknowledgement: UInt32
    var flags: Flags
    var payload: ArraySlice<UInt8> = []

    /// The packet with its checksums; both ends are of one family.
    var bytes: [UInt8] {
        let length = 20 + payload.count
        var bytes: [UInt8] = []
        bytes.reserveCapacity(60 + payload.count)
        // What the segment's checksum covers of the addresses.
        var sum = 6 + UInt32(length)
        switch (source.address, destination.address) {
        case (.v4(let from), .v4(let to)):
            bytes.append(big: 0x4500 as UInt16)
            bytes.append(big: UInt16(20 + length))
            // No identification, and never in fragments.
            bytes.append(big: 0x0000_4000 as UInt32)
            bytes.append(big: 0x4006 as UInt16)
            bytes.append(big: 0 as UInt16)
            bytes.append(big: from)
            bytes.append(big: to)
            let checksum = ~Self.folded(Self.sum(bytes[...]))
            bytes[10] = UInt8(checksum >> 8)
            bytes[11] = UInt8(checksum & 0xFF)
            sum += Self.sum(bytes[12..<20])
        case (let from, let to):
            bytes.append(big: 0x6000_0000 as UInt32)
            bytes.append(big: UInt16(length))
            bytes.append(big: 0x0640 as UInt16)
            for address in [from, to] {
                let (high, low) = address.halves
                bytes.append(big: high)
                bytes.append(big: low)
            }
            sum += Self.sum(bytes[8..<40])
        }
        let start = bytes.count
        bytes.append(big: source.port)
        bytes.append(big: destination.port)
        bytes.append(big: sequence)
        bytes.append(big: acknowledgement)
        bytes += [0x50, flags.rawValue]
        bytes.append(big: UInt16.max)
        bytes.append(big: 0 as UInt32)
        bytes += payload
        let checksum = ~Self.folded(sum + Self.sum(bytes[start...]))
        bytes[start + 16] = UInt8(checksum >> 8)
        bytes[start + 17] = UInt8(checksum & 0xFF)
        return bytes
    }

    /// Sixteen bits at a time (RFC 1071); at most 64 KiB, so that 32 bits hold it.
    private static func sum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        var sum: UInt32 = 0
        var index = bytes.startIndex
        while index + 1 < bytes.endIndex {
            sum &+= UInt32(bytes[index]) << 8 | UInt32(bytes[index + 1])
            index += 2
        }
        if index < bytes.endIndex { sum &+= UInt32(bytes[index]) << 8 }
        return sum
    }

    private static func folded(_ sum: UInt32) -> UInt16 {
        var sum = sum
        while sum > 0xFFFF { sum = sum & 0xFFFF + sum >> 16 }
        return UInt16(sum)
    }
}

extension IPAddress {
    /// The sixteen bytes of an IPv6 address.
    fileprivate var halves: (high: UInt64, low: UInt64) {
        switch self {
        case .v4(let address): (0, 0xFFFF_0000_0000 | UInt64(address))
        case .v6(let high, let low, _): (high, low)
        }
    }
}

extension [UInt8] {
    fileprivate mutating func append(big number: some FixedWidthInteger) {
        for shift in stride(from: number.bitWidth - 8, through: 0, by: -8) {
            append(UInt8(truncatingIfNeeded: number >> shift))
        }
    }
}

internal import Shared

/// The blocks of a capture file (draft-ietf-opsawg-pcapng), little-endian.
enum PcapngBlock {
    /// Raw IPv4 and IPv6 packets (LINKTYPE_RAW).
    private static let linkType: UInt16 = 101

    /// What a file begins with; its length is not known yet.
    static func section(application: String) -> [UInt8] {
        var body: [UInt8] = []
        body.append(0x1A2B_3C4D as UInt32)
        body.append(1 as UInt16)
        body.append(0 as UInt16)
        body.append(UInt64.max)
        body.appendOption(4, Array(application.utf8))
        body.endOptions()
        return block(0x0A0D_0D0A, body)
    }

    /// One of the two legs; times are in nanoseconds.
    static func interface(named name: String, description: String) -> [UInt8] {
        var body: [UInt8] = []
        body.append(linkType)
        body.append(0 as UInt16)
        body.append(0 as UInt32)
        body.appendOption(2, Array(name.utf8))
        body.appendOption(3, Array(description.utf8))
        body.appendOption(9, [9])
        body.endOptions()
        return block(1, body)
    }

    static func packet(
        on interface: UInt32, at time: UInt64, _ packet: [UInt8], comment: String?
    ) -> [UInt8] {
        var body: [UInt8] = []
        body.reserveCapacity(packet.count + 64)
        body.append(interface)
        body.append(time: time)
        body.append(UInt32(packet.count))
        body.append(UInt32(packet.count))
        body += packet
        body.pad()
        if let comment {
            body.appendOption(1, Array(comment.utf8))
            body.endOptions()
        }
        return block(6, body)
    }

    /// Packets that went by and were not kept, since the beginning.
    static func statistics(
        of interface: UInt32, at time: UInt64, dropped: UInt64, comment: String
    ) -> [UInt8] {
        var body: [UInt8] = []
        body.append(interface)
        body.append(time: time)
        body.appendOption(1, Array(comment.utf8))
        var count: [UInt8] = []
        count.append(dropped)
        body.appendOption(5, count)
        body.endOptions()
        return block(5, body)
    }

    private static func block(_ type: UInt32, _ body: [UInt8]) -> [UInt8] {
        let length = UInt32(body.count + 12)
        var block: [UInt8] = []
        block.reserveCapacity(Int(length))
        block.append(type)
        block.append(length)
        block += body
        block.append(length)
        return block
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ number: some FixedWidthInteger) {
        for shift in stride(from: 0, to: number.bitWidth, by: 8) {
            append(UInt8(truncatingIfNeeded: number >> shift))
        }
    }

    /// The upper half first, whatever the order of bytes.
    fileprivate mutating func append(time: UInt64) {
        append(UInt32(time >> 32))
        append(UInt32(truncatingIfNeeded: time))
    }

    fileprivate mutating func appendOption(_ code: UInt16, _ value: [UInt8]) {
        append(code)
        append(UInt16(Swift.min(value.count, 0xFFFF)))
        self += value.prefix(0xFFFF)
        pad()
    }

    fileprivate mutating func endOptions() { append(0 as UInt32) }

    /// Up to a multiple of four.
    fileprivate mutating func pad() {
        while count % 4 != 0 { append(0 as UInt8) }
    }
}

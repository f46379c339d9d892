internal import Shared

/// One of a dumped session's two connections, as packets: what each end has sent so far, and what it
/// would have acknowledged.
struct PacketLeg {
    let interface: UInt32
    /// Who connected.
    let caller: PacketEnd
    let callee: PacketEnd
    private var fromCaller: UInt32
    private var fromCallee: UInt32
    private(set) var hasCallerEnded = false
    private(set) var hasCalleeEnded = false
    /// Said with the next packet.
    var comment: String?

    /// A window is 64 KiB without options, and no segment may fill it.
    static let longestSegment = 32_768

    /// `inBytes` and `outBytes` were sent by the caller and the callee before.
    init(
        interface: UInt32, caller: PacketEnd, callee: PacketEnd, inBytes: UInt64, outBytes: UInt64
    ) {
        self.interface = interface
        self.caller = caller
        self.callee = callee
        // The SYN took number 0.
        fromCaller = UInt32(truncatingIfNeeded: inBytes &+ 1)
        fromCallee = UInt32(truncatingIfNeeded: outBytes &+ 1)
    }

    /// The three packets of the connect.
    mutating func connect(at time: UInt64) -> [[UInt8]] {
        (fromCaller, fromCallee) = (0, 0)
        let call = packet(byCaller: true, .syn, at: time)
        fromCaller = 1
        let answer = packet(byCaller: false, [.syn, .acknowledge], at: time)
        fromCallee = 1
        return [call, answer, packet(byCaller: true, .acknowledge, at: time)]
    }

    /// Bytes, and that they have arrived.
    mutating func carry(_ bytes: [UInt8], byCaller: Bool, at time: UInt64) -> [[UInt8]] {
        var packets: [[UInt8]] = []
        for start in stride(from: 0, to: bytes.count, by: Self.longestSegment) {
            let segment = bytes[start..<min(start + Self.longestSegment, bytes.count)]
            packets.append(packet(byCaller: byCaller, [.push, .acknowledge], segment, at: time))
            advance(byCaller, by: UInt64(segment.count))
            packets.append(packet(byCaller: !byCaller, .acknowledge, at: time))
        }
        return packets
    }

    /// Bytes that are not shown leave a gap in the numbers, of a size that still reads as one: what lies
    /// 2 GiB ahead counts as behind (RFC 9293 §3.4).
    mutating func skip(_ count: UInt64, byCaller: Bool) {
        advance(byCaller, by: min(count, Self.widestGap))
    }

    private static let widestGap: UInt64 = 1 << 30

    /// The end of one direction; nothing when it has ended before.
    mutating func end(byCaller: Bool, at time: UInt64, last: String? = nil) -> [[UInt8]] {
        guard byCaller ? !hasCallerEnded : !hasCalleeEnded else { return [] }
        let end = packet(byCaller: byCaller, [.fin, .acknowledge], at: time)
        if byCaller { hasCallerEnded = true } else { hasCalleeEnded = true }
        advance(byCaller, by: 1)
        if let last { comment = last }
        return [end, packet(byCaller: !byCaller, .acknowledge, at: time)]
    }

    mutating func reset(byCaller: Bool, at time: UInt64, last: String) -> [[UInt8]] {
        comment = last
        return [packet(byCaller: byCaller, [.reset, .acknowledge], at: time)]
    }

    private mutating func advance(_ byCaller: Bool, by count: UInt64) {
        if byCaller {
            fromCaller &+= UInt32(truncatingIfNeeded: count)
        } else {
            fromCallee &+= UInt32(truncatingIfNeeded: count)
        }
    }

    private mutating func packet(
        byCaller: Bool, _ flags: TCPPacket.Flags, _ payload: ArraySlice<UInt8> = [],
        at time: UInt64
    ) -> [UInt8] {
        let packet = TCPPacket(
            source: byCaller ? caller : callee, destination: byCaller ? callee : caller,
            sequence: byCaller ? fromCaller : fromCallee,
            acknowledgement: flags.contains(.acknowledge)
                ? (byCaller ? fromCallee : fromCaller) : 0,
            flags: flags, payload: payload)
        defer { comment = nil }
        return PcapngBlock.packet(on: interface, at: time, packet.bytes, comment: comment)
    }
}

internal import Shared

/// A dumped session as the packets of its two connections.
struct PacketSession {
    private let id: UInt64
    private var client: PacketLeg
    private var channel: PacketLeg
    /// The second end, shown when it is known how the session ended.
    private var lastEnd: (side: Side, time: UInt64)?
    private let isClientMadeUp: Bool
    private let isChannelMadeUp: Bool

    init(of id: UInt64, _ facts: TapFacts) {
        self.id = id
        let clientEnds = Self.ends(facts.client, facts.accepted)
        let channelEnds = Self.ends(facts.connecting, facts.channel)
        let client = clientEnds ?? Self.madeUp(id, network: 1)
        let channel = channelEnds ?? Self.madeUp(id, network: 3)
        isClientMadeUp = clientEnds == nil
        isChannelMadeUp = channelEnds == nil
        self.client = PacketLeg(
            interface: PcapngDump.clientInterface, caller: client.0, callee: client.1,
            inBytes: facts.inBytes, outBytes: facts.outBytes)
        self.channel = PacketLeg(
            interface: PcapngDump.channelInterface, caller: channel.0, callee: channel.1,
            inBytes: facts.inBytes, outBytes: facts.outBytes)
    }

    /// Both ends of a connection; nil unless both have addresses of one family.
    private static func ends(
        _ caller: Endpoint?, _ callee: Endpoint?
    ) -> (PacketEnd, PacketEnd)? {
        guard case .ip(let from, let callerPort) = caller, case .ip(let to, let calleePort) = callee
        else { return nil }
        let (source, destination) = (from.plain, to.plain)
        switch (source, destination) {
        case (.v4, .v4), (.v6, .v6):
            return (
                PacketEnd(address: source, port: callerPort),
                PacketEnd(address: destination, port: calleePort)
            )
        default:
            return nil
        }
    }

    private static let madeUpNote = "; a Unix socket, so these addresses are made up"

    /// A Unix socket has no addresses, and packets must have some: those for documentation (RFC 5737),
    /// others for each leg, and a port by which sessions can be told apart.
    private static func madeUp(_ id: UInt64, network: UInt32) -> (PacketEnd, PacketEnd) {
        let first = 0xC000_0200 + network
        return (
            PacketEnd(address: .v4(first), port: UInt16(1024 + id % 60_000)),
            PacketEnd(address: .v4(first + 1), port: 65_000)
        )
    }

    mutating func begin(_ facts: TapFacts, at time: UInt64) -> [[UInt8]] {
        let beginning = DumpNote.beginning(of: id, facts)
        client.comment = beginning + (isClientMadeUp ? Self.madeUpNote : "")
        channel.comment = beginning + (isChannelMadeUp ? Self.madeUpNote : "")
        guard facts.isFromStart else { return [] }
        return client.connect(at: time) + channel.connect(at: time)
    }

    /// The leg that they come from first, then the one that they go to.
    mutating func carry(_ bytes: [UInt8], from side: Side, at time: UInt64) -> [[UInt8]] {
        switch side {
        case .client:
            client.carry(bytes, byCaller: true, at: time)
                + channel.carry(bytes, byCaller: true, at: time)
        case .channel:
            channel.carry(bytes, byCaller: false, at: time)
                + client.carry(bytes, byCaller: false, at: time)
        }
    }

    mutating func skip(_ count: UInt64, from side: Side) {
        client.skip(count, byCaller: side == .client)
        channel.skip(count, byCaller: side == .client)
        let note = DumpNote.hole(count, from: side) + ", before this packet"
        client.comment = note
        channel.comment = note
    }

    mutating func end(from side: Side, at time: UInt64) -> [[UInt8]] {
        let hasOtherEnded = side == .client ? client.hasCalleeEnded : client.hasCallerEnded
        guard !hasOtherEnded else {
            lastEnd = (side, time)
            return []
        }
        return end(from: side, at: time, last: nil)
    }

    private mutating func end(from side: Side, at time: UInt64, last: String?) -> [[UInt8]] {
        switch side {
        case .client:
            client.end(byCaller: true, at: time, last: last)
                + channel.end(byCaller: true, at: time, last: last)
        case .channel:
            channel.end(byCaller: false, at: time, last: last)
                + client.end(byCaller: false, at: time, last: last)
        }
    }

    mutating func close(
        _ reason: EndReason, _ resets: SessionLife.Resets, at time: UInt64
    ) -> [[UInt8]] {
        let last = "session \(id) closed: \(reason)"
        if let lastEnd {
            let blocks = end(from: lastEnd.side, at: lastEnd.time, last: last)
            if resets == .neither { return blocks }
            return blocks + closeLegs(reason, resets, at: time, last)
        }
        return closeLegs(reason, resets, at: time, last)
    }

    private mutating func closeLegs(
        _ reason: EndReason, _ resets: SessionLife.Resets, at time: UInt64, _ last: String
    ) -> [[UInt8]] {
        let towardsClient: [[UInt8]]
        if reason.who == .client, reason.cause == .reset {
            towardsClient = client.reset(byCaller: true, at: time, last: last)
        } else if resets == .client || resets == .both {
            towardsClient = client.reset(byCaller: false, at: time, last: last)
        } else {
            towardsClient = client.end(byCaller: false, at: time, last: last)
        }
        let towardsChannel: [[UInt8]]
        if reason.who == .channel, reason.cause == .reset {
            towardsChannel = channel.reset(byCaller: false, at: time, last: last)
        } else if resets == .channel || resets == .both {
            towardsChannel = channel.reset(byCaller: true, at: time, last: last)
        } else {
            towardsChannel = channel.end(byCaller: true, at: time, last: last)
        }
        return towardsClient + towardsChannel
    }
}

extension IPAddress {
    /// An IPv4 address that was written as an IPv6 one (RFC 4291 §2.5.5.2) as what it is.
    fileprivate var plain: IPAddress {
        guard case .v6(0, let low, _) = self, low >> 32 == 0xFFFF else { return self }
        return .v4(UInt32(truncatingIfNeeded: low))
    }
}

internal import Shared

/// Traffic as a capture file of two interfaces, one per leg, that Wireshark and tshark read.
struct PcapngDump {
    /// From our clock to nanoseconds since 1970.
    let wallOffset: UInt64
    private var sessions: [UInt64: PacketSession] = [:]
    private var dropped: UInt64 = 0

    static let clientInterface: UInt32 = 0
    static let channelInterface: UInt32 = 1

    init(wallOffset: UInt64) { self.wallOffset = wallOffset }

    /// What the file begins with.
    var opening: [UInt8] {
        PcapngBlock.section(application: "proxyd \(Version.string)")
            + PcapngBlock.interface(named: "client", description: "clients with proxyd")
            + PcapngBlock.interface(named: "channel", description: "proxyd with its channels")
    }

    mutating func blocks(for record: TapRecord) -> [[UInt8]] {
        let time = record.seen.nanoseconds &+ wallOffset
        if case .began(let facts) = record.event {
            var session = PacketSession(of: record.id, facts)
            let blocks = session.begin(facts, at: time)
            sessions[record.id] = session
            return blocks
        }
        // A session that ended before it had a channel has no packets.
        guard var session = sessions.removeValue(forKey: record.id) else { return [] }
        var blocks: [[UInt8]] = []
        switch record.event {
        case .began:
            break
        case .moved(let side, let bytes):
            blocks = session.carry(bytes, from: side, at: time)
        case .gap(let side, let count, let moves):
            session.skip(count, from: side)
            dropped += moves
            blocks = [Self.clientInterface, Self.channelInterface].map { interface in
                PcapngBlock.statistics(
                    of: interface, at: time, dropped: dropped,
                    comment: "session \(record.id): \(DumpNote.hole(count, from: side))")
            }
        case .ended(let side):
            blocks = session.end(from: side, at: time)
        case .closed(let reason, let resets):
            return session.close(reason, resets, at: time)
        }
        sessions[record.id] = session
        return blocks
    }
}

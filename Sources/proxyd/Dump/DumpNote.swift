internal import Shared

/// What is said for people between the bytes of a dump: lines that begin with `#`.
struct DumpNote {
    /// Whose bytes came last; another's are announced.
    private var speaker: UInt64?

    /// What a record has to say besides its bytes.
    mutating func lines(for record: TapRecord) -> [String] {
        switch record.event {
        case .began(let facts):
            speaker = record.id
            return ["# " + Self.beginning(of: record.id, facts)]
        case .moved, .ended:
            return turn(to: record.id)
        case .gap(let side, let count, _):
            return turn(to: record.id) + ["# \(Self.hole(count, from: side))"]
        case .closed(let reason, _):
            speaker = nil
            return ["# session \(record.id) closed: \(reason)"]
        }
    }

    private mutating func turn(to id: UInt64) -> [String] {
        guard speaker != id else { return [] }
        speaker = id
        return ["# session \(id)"]
    }

    static func beginning(of id: UInt64, _ facts: TapFacts) -> String {
        let channel = facts.channel.map { " \($0)" } ?? ""
        let past =
            facts.isFromStart
            ? "" : ", after \(facts.inBytes) bytes in and \(facts.outBytes) out"
        return "session \(id) \(facts.client) → \(facts.channelPath)\(channel)\(past)"
    }

    static func hole(_ count: UInt64, from side: Side) -> String {
        "\(count) bytes from the \(side == .client ? "client" : "channel") not shown"
    }
}

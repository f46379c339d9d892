/// Why a session looks as if it would never end by itself: a candidate for a person's eye, no verdict.
enum Stuck: String, Sendable, CaseIterable {
    /// No channel has taken it for five seconds.
    case connecting
    /// One side has ended its writes, and for a minute nothing came from the other.
    case halfClosed = "half-closed"
    /// Bytes wait for a side that has taken none for half a minute.
    case blocked
    /// The client has said something, a minute ago or more, and never had an answer.
    case oneWay = "one-way"

    init?(_ record: SessionRecord) {
        let second: UInt64 = 1_000_000_000
        switch record.phase {
        case .preread, .holding, .flushing, .closed:
            return nil
        case .connecting:
            guard record.age > 5 * second else { return nil }
            self = .connecting
        case .relaying, .halfClosed:
            let flows = [record.inward, record.outward]
            if flows.contains(where: { $0.isBlocked && $0.idle > 30 * second }) {
                self = .blocked
                return
            }
            guard record.idle > 60 * second else { return nil }
            if case .halfClosed = record.phase {
                self = .halfClosed
            } else {
                guard record.inward.byteCount > 0, record.outward.byteCount == 0 else {
                    return nil
                }
                self = .oneWay
            }
        }
    }
}

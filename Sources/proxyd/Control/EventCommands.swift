internal import Shared

/// Commands about what has happened.
enum EventCommands {
    static func show(_ request: ControlRequest) {
        let query: EventQuery
        do throws(EventQuery.ParseError) {
            query = try EventQuery(words: request.words)
        } catch {
            return request.refuse(.usage, error.message)
        }
        let ring = request.state.events
        let found = ring.entries(since: query.since ?? 0)
        // Without “since” nothing was missed.
        let gap = query.since == nil ? 0 : found.missed
        request.answer(
            EventSnapshot.table(query.select(from: found.entries)),
            [Reply.Attribute("gap", String(gap)), Reply.Attribute("last", String(ring.last))])
    }
}

/// `events follow`: a reader of events, and how far he has come.
struct EventFollow {
    private let query: EventQuery
    private var last: UInt64
    private var isNew = true

    /// Events of one reply: what a slow reader costs at most.
    static let mostAtOnce = 64

    init(words: [String], from ring: EventRing) throws(EventQuery.ParseError) {
        query = try EventQuery(words: words)
        guard query.limit == .max else {
            throw EventQuery.ParseError(message: "events follow has no limit; [since N] [where …]")
        }
        last = query.since ?? ring.last
    }

    func isBehind(_ ring: EventRing) -> Bool { isNew || last < ring.last }

    /// The next reply; nil when there is nothing to send. The first one says that the command is understood.
    mutating func next(
        from ring: EventRing
    ) -> (rows: [EventSnapshot], attributes: [Reply.Attribute])? {
        while isNew || last < ring.last {
            let found = ring.entries(since: last, limit: Self.mostAtOnce)
            var rows = query.select(from: found.entries)
            if found.missed > 0 {
                rows.insert(.gap(of: found.missed, behind: last, now: .now), at: 0)
            }
            last = found.entries.last?.number ?? max(last, ring.last)
            guard isNew || !rows.isEmpty else { continue }
            isNew = false
            return (
                rows,
                [
                    Reply.Attribute("gap", String(found.missed)),
                    Reply.Attribute("last", String(last)),
                ]
            )
        }
        return nil
    }
}

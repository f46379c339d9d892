internal import Shared

/// The daemon's events, the oldest first.
struct EventLog: Equatable, Sendable {
    /// More than this is forgotten, the oldest first.
    static let mostEvents = 1000
    /// So many are asked for at once.
    static let batch = 500

    private(set) var events: [EventSnapshot] = []
    private(set) var last: UInt64?
    private(set) var fault: String?

    /// The question for what is not here yet.
    var request: Request {
        let since = last.map { ["since", String($0)] } ?? []
        return Request(words: ["show", "events"] + since + ["limit", String(Self.batch)])
    }

    mutating func receive(_ fresh: [EventSnapshot], last: UInt64?) {
        fault = nil
        events += fresh.filter { event in self.last.map { event.id > $0 } ?? true }
        if events.count > Self.mostEvents { events.removeFirst(events.count - Self.mostEvents) }
        self.last = events.last.map { max($0.id, self.last ?? 0) } ?? self.last ?? last
    }

    /// What had happened before a time of the daemon's clock.
    func before(_ milliseconds: UInt64) -> EventLog {
        var past = EventLog()
        past.events = events.filter { $0.monotonicMilliseconds < milliseconds }
        past.last = past.events.last?.id
        return past
    }

    mutating func fail(_ message: String) { fault = message }

    func event(id: UInt64) -> EventSnapshot? { events.first { $0.id == id } }

    /// The newest first, as the screen shows them.
    func newest(_ filter: Filter?) -> [EventSnapshot] {
        events.reversed().filter { filter?.matches($0.row) ?? true }
    }
}

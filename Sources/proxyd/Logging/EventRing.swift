/// The latest events, numbered from 1, each for as long as fewer than `capacity` have followed it.
///
/// The supervisor's alone. A reader that goes on from a number that has gone learns how many it missed.
final class EventRing {
    /// An event, and when it was reported.
    struct Entry: Sendable {
        /// Never used twice while the daemon lives.
        var number: UInt64
        /// Since 1970.
        var wallMilliseconds: UInt64
        var instant: Instant
        var event: Event
    }

    let capacity: Int
    /// The number of the last event; 0 before the first.
    private(set) var last: UInt64 = 0
    /// Event `n` stands at `n % capacity`.
    private var entries: [Entry?]

    static let standardCapacity = 4096
    /// Bytes of each text of an event.
    static let longestText = 256
    /// What the ring takes at most: every text at its longest.
    var mostBytes: Int {
        capacity * (MemoryLayout<Entry?>.stride + 6 * (Self.longestText + 32))
    }

    init(capacity: Int = standardCapacity) {
        self.capacity = capacity
        entries = Array(repeating: nil, count: capacity)
    }

    var count: Int { Int(min(last, UInt64(capacity))) }

    func append(_ event: Event, wallMilliseconds: UInt64, now: Instant) {
        last += 1
        entries[Int(last % UInt64(capacity))] = Entry(
            number: last, wallMilliseconds: wallMilliseconds, instant: now,
            event: event.bounded(to: Self.longestText))
    }

    /// Another process has counted to `last`; what was reported here meanwhile comes behind that.
    func resume(after last: UInt64) {
        let own = entries(since: 0).entries
        entries = Array(repeating: nil, count: capacity)
        self.last = last
        for entry in own {
            append(entry.event, wallMilliseconds: entry.wallMilliseconds, now: entry.instant)
        }
    }

    /// What another process has reported, unless something later stands in its place.
    func restore(_ entry: Entry) {
        let place = Int(entry.number % UInt64(capacity))
        guard entry.number <= last, last - entry.number < UInt64(capacity), entries[place] == nil
        else { return }
        var entry = entry
        entry.event = entry.event.bounded(to: Self.longestText)
        entries[place] = entry
    }

    /// The first `limit` events behind number `since`, the oldest first, and how many of those have gone
    /// already.
    func entries(since: UInt64, limit: Int = .max) -> (missed: UInt64, entries: [Entry]) {
        let oldest = last - UInt64(count) + 1
        let first = max(since < last ? since + 1 : last + 1, oldest)
        let missed = since < last ? first - since - 1 : 0
        guard first <= last else { return (missed, []) }
        let end = min(last, first + UInt64(clamping: min(limit, capacity)) - 1)
        return (missed, (first...end).compactMap { entries[Int($0 % UInt64(capacity))] })
    }
}

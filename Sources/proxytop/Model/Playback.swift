/// A recording that is played: which answers are due, by a clock that runs as fast as one likes.
struct Playback: Sendable {
    private let entries: [ReplayBuffer.Entry]
    /// When each of them comes, in milliseconds since the first, without the gaps in which nothing was recorded.
    private let times: [UInt64]
    var speed: Double
    private var next = 0
    /// How far it has been played, and when by the real clock that was.
    private var position: UInt64 = 0
    private var readAt: UInt64?

    /// Between two answers at most so much time passes.
    static let longestGapMilliseconds: UInt64 = 60_000
    static let speeds: [Double] = [0.25, 0.5, 1, 2, 5, 10, 20, 50, 100]

    init(_ entries: [ReplayBuffer.Entry], speed: Double = 1) {
        self.entries = entries
        self.speed = speed
        var times: [UInt64] = []
        var time: UInt64 = 0
        var last = entries.first?.at.milliseconds ?? 0
        for entry in entries {
            // The clock of another start of the machine has nothing to do with this one's.
            let gap = entry.at.milliseconds >= last ? entry.at.milliseconds - last : 1000
            time += min(gap, Self.longestGapMilliseconds)
            last = entry.at.milliseconds
            times.append(time)
        }
        self.times = times
    }

    var isOver: Bool { next >= entries.count }

    /// Everything up to a time of day, at once; nil: it does not come to that time.
    mutating func skip(toSecondOfDay wanted: Int64) -> ArraySlice<ReplayBuffer.Entry>? {
        let found = entries.indices.first { index in
            let at = entries[index].at
            return (at.wallSeconds + at.offsetSeconds) % 86_400 >= wanted
        }
        guard let found else { return nil }
        position = times[found]
        return take()
    }

    /// What is due now.
    mutating func due(at milliseconds: UInt64, isPaused: Bool) -> ArraySlice<ReplayBuffer.Entry> {
        let elapsed = readAt.map { milliseconds > $0 ? milliseconds - $0 : 0 } ?? 0
        readAt = milliseconds
        guard !isPaused else { return [] }
        position += UInt64(Double(elapsed) * speed)
        return take()
    }

    private mutating func take() -> ArraySlice<ReplayBuffer.Entry> {
        let first = next
        while next < entries.count, times[next] <= position { next += 1 }
        return entries[first..<next]
    }

    /// In how many milliseconds something is due; nil: nothing any more.
    var wait: UInt64? {
        guard next < entries.count else { return nil }
        return times[next] > position ? UInt64(Double(times[next] - position) / speed) + 1 : 0
    }
}

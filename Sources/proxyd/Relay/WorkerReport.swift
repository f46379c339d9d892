internal import Histogram
internal import Shared

/// What a worker knows that is counted on its own thread only.
struct WorkerReport: Sendable {
    var index: Int
    var sessions: Int
    var totals: TrafficCounters.Totals
    /// Times that it has waited for events, and events that it got.
    var turns: UInt64
    var events: UInt64
    var pipes: Int
    var isResting: Bool
    /// Sessions that ended, by reason.
    var ends: [EndReason: UInt64]
    /// By the channel's serial.
    var connectTimes: [UInt64: ConnectTimes]
    /// Events that could not happen in their session's phase: faults in proxyd, each of which has cost a session.
    var violations: UInt64 = 0
    /// Clients that are denied and kept waiting.
    var tarpitted = 0
}

/// How long connects to a channel took lately: this minute and the one before.
struct ConnectTimes: Sendable {
    private var current = Histogram<UInt32>(numberOfSignificantValueDigits: .two)
    private var previous: Histogram<UInt32>?
    private var minute: UInt64

    private static let minuteNanoseconds: UInt64 = 60_000_000_000

    init(now: Instant) { minute = now.nanoseconds / Self.minuteNanoseconds }

    /// What was measured elsewhere lately: how long, and how often.
    init(now: Instant, recent numbers: [UInt64]) {
        self.init(now: now)
        for index in stride(from: 0, to: numbers.count - 1, by: 2) {
            current.record(numbers[index], count: UInt32(clamping: numbers[index + 1]))
        }
    }

    /// Microseconds, and how often, by turns.
    static func numbers(of times: [ConnectTimes], now: Instant) -> [UInt64] {
        guard var sum = times.first?.recent(now: now) else { return [] }
        for other in times.dropFirst() { sum.add(other.recent(now: now)) }
        return sum.recordedValues().flatMap { [$0.value, UInt64($0.count)] }
    }

    mutating func record(nanoseconds: UInt64, now: Instant) {
        turn(to: now.nanoseconds / Self.minuteNanoseconds)
        current.record(nanoseconds / 1000)
    }

    private mutating func turn(to now: UInt64) {
        guard now > minute else { return }
        previous = now == minute + 1 ? current : nil
        current.reset()
        minute = now
    }

    /// Changes whenever `recent` does.
    func stamp(now: Instant) -> PercentileCache.Stamp {
        PercentileCache.Stamp(
            minute: minute, age: min(2, now.nanoseconds / Self.minuteNanoseconds &- minute),
            current: UInt64(current.totalCount), previous: UInt64(previous?.totalCount ?? 0))
    }

    /// This minute's times and the previous one's together, without those that are older.
    func recent(now: Instant) -> Histogram<UInt32> {
        var times = self
        times.turn(to: now.nanoseconds / Self.minuteNanoseconds)
        guard let previous = times.previous else { return times.current }
        times.current.add(previous)
        return times.current
    }
}

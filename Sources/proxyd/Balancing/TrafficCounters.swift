internal import Synchronization

/// What one worker has counted for one listener or channel, or for itself.
///
/// Only that worker writes, so a relaxed load and store do; readers add up all workers'.
final class TrafficCounters: Sendable {
    /// Sessions accepted (listener, worker) or placed (channel).
    private let sessionCount = Atomic<UInt64>(0)
    private let inByteCount = Atomic<UInt64>(0)
    private let outByteCount = Atomic<UInt64>(0)
    /// Connects that failed (channel), clients that found no channel (listener).
    private let failureCount = Atomic<UInt64>(0)
    /// The sum of all ended sessions' lives.
    private let nanosecondCount = Atomic<UInt64>(0)
    /// Sessions that run, and the sum of the moments at which they began.
    private let runningCount = Atomic<UInt64>(0)
    private let runningStarts = Atomic<UInt64>(0)
    /// Odd while the three above are written, which belong together.
    private let revision = Atomic<UInt64>(0)
    // Keeps two workers' counters off one line of the processor's cache.
    private let padding: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) =
        (0, 0, 0, 0, 0, 0, 0, 0)

    struct Totals: Equatable, Sendable {
        var sessions: UInt64 = 0
        var inBytes: UInt64 = 0
        var outBytes: UInt64 = 0
        var failures: UInt64 = 0
        var nanoseconds: UInt64 = 0
    }

    func addSession() { Self.add(1, to: sessionCount) }
    func addFailure() { Self.add(1, to: failureCount) }
    func addTime(nanoseconds: UInt64) { Self.add(nanoseconds, to: nanosecondCount) }

    /// A session runs from now on, or has since `start`.
    func began(at start: Instant) {
        revise {
            Self.set(runningCount, to: runningCount.load(ordering: .relaxed) &+ 1)
            Self.set(
                runningStarts, to: runningStarts.load(ordering: .relaxed) &+ start.nanoseconds)
        }
    }

    /// It has ended.
    func ended(began start: Instant, at end: Instant) {
        revise {
            Self.set(runningCount, to: runningCount.load(ordering: .relaxed) &- 1)
            Self.set(
                runningStarts, to: runningStarts.load(ordering: .relaxed) &- start.nanoseconds)
            Self.set(
                nanosecondCount,
                to: nanosecondCount.load(ordering: .relaxed) &+ end.elapsed(since: start))
        }
    }

    /// It goes on, and is counted elsewhere.
    func forgot(began start: Instant) {
        revise {
            Self.set(runningCount, to: runningCount.load(ordering: .relaxed) &- 1)
            Self.set(
                runningStarts, to: runningStarts.load(ordering: .relaxed) &- start.nanoseconds)
        }
    }

    /// The sum of all sessions' ages, of running ones up to now.
    func time(now: Instant) -> UInt64 {
        // A writer is done within nanoseconds, unless its thread was stopped in between.
        for _ in 0..<8 {
            let before = revision.load(ordering: .acquiring)
            let count = runningCount.load(ordering: .acquiring)
            let starts = runningStarts.load(ordering: .acquiring)
            let ended = nanosecondCount.load(ordering: .acquiring)
            guard before & 1 == 0, revision.load(ordering: .relaxed) == before else { continue }
            // Another worker's clock may be ahead of ours.
            let running = Int64(bitPattern: count &* now.nanoseconds &- starts)
            return ended &+ UInt64(max(0, running))
        }
        return nanosecondCount.load(ordering: .relaxed)
    }

    /// Bytes both ways.
    var bytes: UInt64 {
        inByteCount.load(ordering: .relaxed) &+ outByteCount.load(ordering: .relaxed)
    }

    private func revise(_ change: () -> Void) {
        let present = revision.load(ordering: .relaxed)
        revision.store(present &+ 1, ordering: .relaxed)
        change()
        revision.store(present &+ 2, ordering: .releasing)
    }

    /// Seen only together with what was written before.
    private static func set(_ counter: borrowing Atomic<UInt64>, to value: UInt64) {
        counter.store(value, ordering: .releasing)
    }

    @inline(__always)
    func addBytes(_ count: UInt64, from side: Side) {
        switch side {
        case .client: Self.add(count, to: inByteCount)
        case .channel: Self.add(count, to: outByteCount)
        }
    }

    @inline(__always)
    private static func add(_ count: UInt64, to counter: borrowing Atomic<UInt64>) {
        counter.store(counter.load(ordering: .relaxed) &+ count, ordering: .relaxed)
    }

    /// Goes on where another life has ended; no worker counts yet.
    func restore(_ totals: Totals) {
        Self.add(totals.sessions, to: sessionCount)
        Self.add(totals.inBytes, to: inByteCount)
        Self.add(totals.outBytes, to: outByteCount)
        Self.add(totals.failures, to: failureCount)
        Self.add(totals.nanoseconds, to: nanosecondCount)
    }

    func add(to totals: inout Totals) {
        totals.sessions &+= sessionCount.load(ordering: .relaxed)
        totals.inBytes &+= inByteCount.load(ordering: .relaxed)
        totals.outBytes &+= outByteCount.load(ordering: .relaxed)
        totals.failures &+= failureCount.load(ordering: .relaxed)
        totals.nanoseconds &+= nanosecondCount.load(ordering: .relaxed)
    }

    /// All workers' counts together.
    static func sum(_ counters: [TrafficCounters]) -> Totals {
        counters.reduce(into: Totals()) { $1.add(to: &$0) }
    }

    static func perWorker(_ workerCount: Int) -> [TrafficCounters] {
        (0..<workerCount).map { _ in TrafficCounters() }
    }
}

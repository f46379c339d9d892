internal import Synchronization

/// What the counters stood at when they were reset.
///
/// The counters themselves go on, so that metrics never run backwards and no worker is disturbed; tables
/// show what has come since.
final class CounterBaseline: Sendable {
    private let totals = CountedMutex(TrafficCounters.Totals())

    func reset(to present: TrafficCounters.Totals) { totals.withLock { $0 = present } }

    var present: TrafficCounters.Totals { totals.withLock { $0 } }

    func shown(_ present: TrafficCounters.Totals) -> TrafficCounters.Totals {
        present.since(totals.withLock { $0 })
    }
}

extension TrafficCounters.Totals {
    mutating func add(_ other: Self) {
        sessions &+= other.sessions
        inBytes &+= other.inBytes
        outBytes &+= other.outBytes
        failures &+= other.failures
        nanoseconds &+= other.nanoseconds
    }

    /// What has come to these since `earlier`.
    func since(_ earlier: Self) -> Self {
        Self(
            sessions: sessions &- earlier.sessions, inBytes: inBytes &- earlier.inBytes,
            outBytes: outBytes &- earlier.outBytes, failures: failures &- earlier.failures,
            nanoseconds: nanoseconds &- earlier.nanoseconds)
    }
}

extension Channel {
    /// Since the start, of all workers.
    var totals: TrafficCounters.Totals { TrafficCounters.sum(counters) }
    /// Since the start or the last `reset`.
    var shownTotals: TrafficCounters.Totals { baseline.shown(totals) }
}

extension Listener {
    var totals: TrafficCounters.Totals { TrafficCounters.sum(counters) }
    var shownTotals: TrafficCounters.Totals { baseline.shown(totals) }
}

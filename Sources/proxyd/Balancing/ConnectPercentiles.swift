internal import Synchronization

/// How long connects to a channel took lately, in microseconds.
struct ConnectPercentiles: Equatable, Sendable {
    var p50: UInt64
    var p99: UInt64
}

/// Percentiles that were worked out once, until the next connect: a screen asks for those of a thousand
/// channels every second, and of a histogram that takes a while.
final class PercentileCache: Sendable {
    /// What a worker's times were when they were looked at: others have another stamp.
    struct Stamp: Equatable, Sendable {
        var minute: UInt64
        /// Minutes since then; beyond two there is nothing left.
        var age: UInt64
        var current: UInt64
        var previous: UInt64
    }

    private let latest = CountedMutex<(stamps: [Stamp], percentiles: ConnectPercentiles?)>(
        ([], nil))

    /// What was worked out for these stamps, or is now.
    func percentiles(
        of stamps: [Stamp], _ work: () -> ConnectPercentiles?
    ) -> ConnectPercentiles? {
        latest.withLock { latest in
            if latest.stamps != stamps { latest = (stamps, work()) }
            return latest.percentiles
        }
    }
}

internal import Synchronization

/// New clients of a listener over time (`rate`), for all workers together. Only a listener that has a rate
/// has one, and only there each client takes its lock.
final class RateLimiter: Sendable {
    let rate: ConnectionRate
    private let bucket: CountedMutex<TokenBucket>

    init(_ rate: ConnectionRate) {
        self.rate = rate
        bucket = CountedMutex(TokenBucket(full: rate, now: .now))
    }

    /// Whether one more client keeps to the rate.
    func admit(now: Instant) -> Bool { bucket.withLock { $0.take(rate, now: now) } }
}

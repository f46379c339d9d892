/// New connections over time: a bucket that fills at a rate up to its size, and from which each takes one.
struct TokenBucket: Equatable, Sendable {
    private var tokens: Double
    private var last: Instant

    init(full rate: ConnectionRate, now: Instant) {
        tokens = Double(rate.burst)
        last = now
    }

    /// Takes one; false when the bucket is empty.
    mutating func take(_ rate: ConnectionRate, now: Instant) -> Bool {
        fill(rate, now: now)
        guard tokens >= 1 else { return false }
        tokens -= 1
        return true
    }

    /// Whether it is as full as a new one, so that nothing is lost by forgetting it.
    mutating func isFull(_ rate: ConnectionRate, now: Instant) -> Bool {
        fill(rate, now: now)
        return tokens >= Double(rate.burst)
    }

    private mutating func fill(_ rate: ConnectionRate, now: Instant) {
        let seconds = Double(now.elapsed(since: last)) / 1e9
        tokens = min(Double(rate.burst), tokens + seconds * rate.perSecond)
        last = max(last, now)
    }
}

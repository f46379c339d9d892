internal import Synchronization

/// How long connects to a channel take lately: a peak counts at once and fades, like Finagle's peak
/// EWMA. Written by all workers.
struct PeakLatency: ~Copyable, Sendable {
    /// Microseconds in the upper half, the time in milliseconds in the lower one; 0: unknown.
    private let packed = Atomic<UInt64>(0)

    /// In this time, what was noted counts half.
    static let halfLifeMilliseconds: UInt32 = 10_000

    /// A connect took so long.
    func note(nanoseconds: UInt64, now: Instant) {
        let sample = UInt32(clamping: max(1, nanoseconds / 1000))
        let time = Self.milliseconds(now)
        var seen = packed.load(ordering: .relaxed)
        while true {
            let old = Self.faded(seen, at: time)
            // A peak counts whole; below it, each sample brings the value an eighth of the way.
            let value = sample >= old ? sample : max(1, old - (old - sample + 7) / 8)
            let (exchanged, original) = packed.compareExchange(
                expected: seen, desired: UInt64(value) << 32 | UInt64(time), ordering: .relaxed)
            if exchanged { return }
            seen = original
        }
    }

    /// All that is known, in one number.
    var word: UInt64 { packed.load(ordering: .relaxed) }

    func restore(_ word: UInt64) { packed.store(word, ordering: .relaxed) }

    /// In nanoseconds; 0 without a connect, or when the last one is too long ago to say anything.
    func value(now: Instant) -> UInt64 {
        UInt64(Self.faded(packed.load(ordering: .relaxed), at: Self.milliseconds(now))) * 1000
    }

    private static func milliseconds(_ now: Instant) -> UInt32 {
        UInt32(truncatingIfNeeded: now.nanoseconds / 1_000_000)
    }

    /// Halved for every half-life that has passed, in straight lines in between.
    private static func faded(_ packed: UInt64, at time: UInt32) -> UInt32 {
        let value = UInt32(truncatingIfNeeded: packed >> 32)
        // The clock of another worker may be a little ahead.
        let age = UInt32(
            max(0, Int32(bitPattern: time &- UInt32(truncatingIfNeeded: packed))))
        let halved = value >> min(31, age / halfLifeMilliseconds)
        let part = UInt64(halved / 2) * UInt64(age % halfLifeMilliseconds)
        return halved - UInt32(part / UInt64(halfLifeMilliseconds))
    }
}

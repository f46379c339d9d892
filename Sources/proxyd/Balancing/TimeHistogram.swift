internal import Synchronization

/// How long something took, counted by one worker in buckets that Prometheus understands.
///
/// Only that worker writes, so a relaxed load and store do; readers add up all workers'.
final class TimeHistogram: Sendable {
    static let boundCount = 14

    /// What the buckets end with, in nanoseconds, each more than the one before; what is beyond the last
    /// one has a bucket of its own.
    struct Bounds: Sendable {
        let nanoseconds: [UInt64]

        init(microseconds: [UInt64]) {
            precondition(microseconds.count == boundCount)
            nanoseconds = microseconds.map { $0 * 1000 }
        }

        static let connect = Bounds(
            microseconds: [
                100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000,
                500_000, 1_000_000, 5_000_000,
            ])
        static let firstByte = Bounds(
            microseconds: [
                500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
                1_000_000, 2_500_000, 10_000_000, 60_000_000,
            ])
        static let session = Bounds(
            microseconds: [
                1_000, 10_000, 100_000, 500_000, 1_000_000, 5_000_000, 15_000_000, 60_000_000,
                300_000_000, 900_000_000, 3_600_000_000, 14_400_000_000, 43_200_000_000,
                86_400_000_000,
            ])
    }

    let bounds: Bounds
    private let counts: InlineArray<15, Atomic<UInt64>>
    private let nanosecondCount = Atomic<UInt64>(0)

    init(_ bounds: Bounds) {
        self.bounds = bounds
        counts = InlineArray { _ in Atomic<UInt64>(0) }
    }

    func record(nanoseconds: UInt64) {
        var bucket = 0
        while bucket < Self.boundCount, nanoseconds > bounds.nanoseconds[bucket] { bucket += 1 }
        Self.add(1, to: counts[bucket])
        Self.add(nanoseconds, to: nanosecondCount)
    }

    private static func add(_ count: UInt64, to counter: borrowing Atomic<UInt64>) {
        counter.store(counter.load(ordering: .relaxed) &+ count, ordering: .relaxed)
    }

    /// The counts of one bucket each, and the sum of all times.
    struct Totals: Equatable, Sendable {
        var buckets = [UInt64](repeating: 0, count: boundCount + 1)
        var nanoseconds: UInt64 = 0

        var count: UInt64 { buckets.reduce(0, &+) }
    }

    func add(to totals: inout Totals) {
        for bucket in 0...Self.boundCount {
            totals.buckets[bucket] &+= counts[bucket].load(ordering: .relaxed)
        }
        totals.nanoseconds &+= nanosecondCount.load(ordering: .relaxed)
    }

    /// What was measured elsewhere.
    func add(_ totals: Totals) {
        for (bucket, count) in totals.buckets.prefix(Self.boundCount + 1).enumerated() {
            Self.add(count, to: counts[bucket])
        }
        Self.add(totals.nanoseconds, to: nanosecondCount)
    }

    /// How many, and how long together, without the buckets.
    var summary: (count: UInt64, nanoseconds: UInt64) {
        var count: UInt64 = 0
        for bucket in 0...Self.boundCount { count &+= counts[bucket].load(ordering: .relaxed) }
        return (count, nanosecondCount.load(ordering: .relaxed))
    }
}

/// What one worker has measured of a channel.
final class ChannelTimings: Sendable {
    /// From the start of a connect to its success.
    let connect = TimeHistogram(.connect)
    /// From there to the first byte of the channel.
    let firstByte = TimeHistogram(.firstByte)
    /// From accept to close, of sessions that had a channel.
    let session = TimeHistogram(.session)
}

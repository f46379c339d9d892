/// How often something took how long, in microseconds.
///
/// Counts in buckets, 64 for each doubling of the time, so that what is told is within a hundredth of what was. Only the
/// buckets between the shortest and the longest time are held: a channel's connects lie close together.
///
/// A screen asks for the percentiles of a thousand channels every second, which is why this is not a library's generic
/// histogram: that took 15 ms of the supervisor's thread each time.
struct TimeDistribution: Equatable, Sendable {
    private static let bits = 6
    private static let perDoubling = 1 << bits
    /// An hour and more; what is above counts as this.
    private static let longest = UInt64(1) << 32

    /// The bucket that `counts` begin at.
    private var first = 0
    private var counts: [UInt32] = []
    private(set) var totalCount: UInt64 = 0
    private(set) var longestMicroseconds: UInt64 = 0

    static func bucket(of microseconds: UInt64) -> Int {
        let value = min(microseconds, longest)
        guard value >= perDoubling else { return Int(value) }
        let shift = 63 - value.leadingZeroBitCount - bits
        return shift * perDoubling + Int(value >> shift)
    }

    /// The middle of a bucket.
    static func microseconds(of bucket: Int) -> UInt64 {
        guard bucket >= perDoubling else { return UInt64(bucket) }
        let shift = bucket / perDoubling - 1
        return UInt64(perDoubling + bucket % perDoubling) << shift + (1 << shift) / 2
    }

    mutating func record(_ microseconds: UInt64, count: UInt32 = 1) {
        guard count > 0 else { return }
        let bucket = Self.bucket(of: microseconds)
        reach(bucket, bucket)
        let (sum, isTooMuch) = counts[bucket - first].addingReportingOverflow(count)
        counts[bucket - first] = isTooMuch ? .max : sum
        totalCount += UInt64(count)
        longestMicroseconds = max(longestMicroseconds, min(microseconds, Self.longest))
    }

    mutating func add(_ other: TimeDistribution) {
        guard !other.counts.isEmpty else { return }
        reach(other.first, other.first + other.counts.count - 1)
        for (index, count) in other.counts.enumerated() where count > 0 {
            let place = other.first - first + index
            let (sum, isTooMuch) = counts[place].addingReportingOverflow(count)
            counts[place] = isTooMuch ? .max : sum
        }
        totalCount += other.totalCount
        longestMicroseconds = max(longestMicroseconds, other.longestMicroseconds)
    }

    /// Makes room for the buckets from `low` to `high`.
    private mutating func reach(_ low: Int, _ high: Int) {
        if counts.isEmpty { first = low }
        if low < first {
            counts.insert(contentsOf: repeatElement(0, count: first - low), at: 0)
            first = low
        }
        let missing = high - first - counts.count + 1
        if missing > 0 { counts.append(contentsOf: repeatElement(0, count: missing)) }
    }

    mutating func removeAll() {
        counts.removeAll(keepingCapacity: true)
        totalCount = 0
        longestMicroseconds = 0
    }

    /// The time that so many in a hundred do not exceed; 0 when there is none.
    func microseconds(atPercentile percentile: Double) -> UInt64 {
        let wanted = max(1, UInt64((Double(totalCount) * percentile / 100).rounded(.up)))
        var sum: UInt64 = 0
        for (index, count) in counts.enumerated() {
            sum += UInt64(count)
            if sum >= wanted {
                return min(Self.microseconds(of: first + index), longestMicroseconds)
            }
        }
        return longestMicroseconds
    }

    /// Every time that there is, the shortest first, and how often.
    var entries: [(microseconds: UInt64, count: UInt32)] {
        counts.enumerated().filter { $0.element > 0 }
            .map { (Self.microseconds(of: first + $0.offset), $0.element) }
    }
}

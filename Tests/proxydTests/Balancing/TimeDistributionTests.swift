import Testing

@testable import proxyd

@Suite("times and how often")
struct TimeDistributionTests {
    @Test("a bucket's middle is within a hundredth of what went in, and buckets follow one another")
    func buckets() {
        var last = -1
        for value: UInt64 in (0...70_000).map({ $0 }) + [1 << 20, 123_456_789, 1 << 32] {
            let bucket = TimeDistribution.bucket(of: value)
            #expect(bucket >= last)
            last = bucket
            let told = TimeDistribution.microseconds(of: bucket)
            let error = told > value ? told - value : value - told
            #expect(error * 100 <= value, "\(value) is told as \(told)")
            #expect(TimeDistribution.bucket(of: told) == bucket)
        }
        #expect(TimeDistribution.bucket(of: .max) == TimeDistribution.bucket(of: 1 << 32))
    }

    @Test("percentiles of what was recorded, in any order", arguments: [1, 7, 1000])
    func percentiles(step: UInt64) {
        var times = TimeDistribution()
        #expect(times.microseconds(atPercentile: 50) == 0)
        for index in 0..<1000 { times.record(step * (UInt64(index * 617 % 1000) + 1)) }
        #expect(times.totalCount == 1000)
        #expect(times.longestMicroseconds == 1000 * step)
        for percentile in [1.0, 50, 90, 99, 100] {
            let exact = Double(step) * percentile * 10
            let told = Double(times.microseconds(atPercentile: percentile))
            #expect(abs(told - exact) <= exact / 100, "\(percentile): \(told), not \(exact)")
        }
    }

    @Test("two together are what one would have been")
    func adds() {
        var (all, one, two) = (TimeDistribution(), TimeDistribution(), TimeDistribution())
        for value: UInt64 in [5, 900, 40, 1_000_000, 77, 3] {
            all.record(value)
            if value % 2 == 0 { one.record(value) } else { two.record(value) }
        }
        one.add(two)
        one.add(TimeDistribution())
        #expect(one == all)
        var empty = TimeDistribution()
        empty.add(all)
        #expect(empty == all)
        var again = TimeDistribution()
        for (value, count) in all.entries { again.record(value, count: count) }
        #expect(again.entries.map(\.microseconds) == all.entries.map(\.microseconds))
        #expect(again.totalCount == 6)
        again.removeAll()
        #expect(again.totalCount == 0 && again.entries.isEmpty)
    }

    @Test("counts stop at their end instead of going round")
    func saturates() {
        var times = TimeDistribution()
        times.record(10, count: .max)
        times.record(10, count: .max)
        #expect(times.entries.map(\.count) == [.max])
        var other = times
        other.add(times)
        #expect(other.microseconds(atPercentile: 50) == 10)
    }
}

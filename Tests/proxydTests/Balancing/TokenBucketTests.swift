import Testing

@testable import proxyd

@Suite("Token bucket")
struct TokenBucketTests {
    private static let start = Instant(nanoseconds: 1_000_000_000_000)

    /// Asks at these milliseconds, and says which were let in.
    private func admitted(_ rate: ConnectionRate, at milliseconds: [Int]) -> [Bool] {
        var bucket = TokenBucket(full: rate, now: Self.start)
        return milliseconds.map {
            bucket.take(rate, now: Self.start.advanced(by: .milliseconds($0)))
        }
    }

    @Test(
        "lets so many in at once, and then as many as its rate brings",
        arguments: [
            (1, 1, [0, 0, 999, 1000, 1001], [true, false, false, true, false]),
            (10, 1, [0, 99, 100, 199, 200], [true, false, true, false, true]),
            (1, 3, [0, 0, 0, 0, 1000, 1000], [true, true, true, false, true, false]),
            // A long pause fills it, and never over its brim.
            (1, 2, [0, 0, 3_600_000, 3_600_000, 3_600_000], [true, true, true, true, false]),
        ] as [(Double, Int, [Int], [Bool])])
    func table(perSecond: Double, burst: Int, times: [Int], expected: [Bool]) {
        let rate = ConnectionRate(perSecond: perSecond, burst: burst)
        #expect(admitted(rate, at: times) == expected)
    }

    @Test("a clock that stands still or goes back brings nothing")
    func backwards() {
        #expect(
            admitted(ConnectionRate(perSecond: 1000, burst: 1), at: [5, 4, 3, 5])
                == [true, false, false, false])
    }

    @Test("over an hour the rate is exact")
    func longRun() {
        let rate = ConnectionRate(perSecond: 7, burst: 7)
        let times = Array(stride(from: 0, to: 3_600_000, by: 10))
        #expect(abs(admitted(rate, at: times).count { $0 } - (7 * 3600 + 7)) <= 7)
    }
}

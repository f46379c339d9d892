import Testing

@testable import proxyd

@Suite("Standstill")
struct StandstillTests {
    @Test(
        "a loop that has waited a second longer than it meant to has stood still",
        arguments: [
            (500, 600, nil), (500, 1499, nil), (500, 1500, 1000), (500, 4000, 3500),
            (0, 999, nil), (0, 1000, 1000),
            // Without a deadline there is nothing that could seem to have passed.
            (-1, 100_000, nil),
        ] as [(CInt, Int, Int?)])
    func duration(waiting: CInt, passed: Int, expected: Int?) {
        let start = Instant(nanoseconds: 5_000_000_000)
        let now = start.advanced(by: .milliseconds(passed))
        let duration = Standstill.duration(from: start, waiting: waiting, to: now)
        #expect(duration == expected.map { .milliseconds($0) })
    }
}

import Shared
import Testing

@testable import proxytop

@Suite("a time of day")
struct ClockTimeTests {
    @Test(
        "digits with or without a colon, as they are typed",
        arguments: [
            ("", "__:__", nil), ("0", "0_:__", nil), ("03", "03:__", nil), ("03:", "03:__", nil),
            ("033", "03:3_", nil), ("0330", "03:30", "03:30"), ("03:30", "03:30", "03:30"),
            ("3:30", "3:30", "03:30"), ("3:", "3:__", nil), ("03309", "03:30", "03:30"),
            ("2359", "23:59", "23:59"), ("2400", "24:00", nil), ("1260", "12:60", nil),
            ("0000", "00:00", "00:00"), ("9999", "99:99", nil),
        ] as [(String, String, String?)])
    func typed(keys: String, shown: String, time: String?) {
        var typing = ClockTyping()
        for scalar in keys.unicodeScalars {
            let isTaken = typing.append(scalar)
            #expect(isTaken)
        }
        #expect(typing.shown == shown)
        #expect(typing.time?.text == time)
        // And back to nothing, a key at a time.
        for _ in keys.unicodeScalars { typing.deleteLast() }
        #expect(typing.isEmpty)
    }

    @Test(
        "other keys are none of it", arguments: ["y", "n", " ", ":", "-", "٣"] as [Unicode.Scalar])
    func others(scalar: Unicode.Scalar) {
        var typing = ClockTyping()
        let isTaken = typing.append(scalar)
        #expect(!isTaken)
    }

    /// 02:41:07 on 21 November 2026 UTC.
    private static func moment(offset: Int64) -> Moment {
        Moment(milliseconds: 0, wallSeconds: 1_795_228_867, offsetSeconds: offset)
    }

    @Test(
        "the next one is today or tomorrow, by the local clock",
        arguments: [
            (3, 30, 0, "Sat 21 Nov 03:30"), (2, 41, 0, "Sun 22 Nov 02:41"),
            (2, 42, 0, "Sat 21 Nov 02:42"), (0, 0, 0, "Sun 22 Nov 00:00"),
            (3, 30, 3600, "Sun 22 Nov 03:30"), (23, 0, -10_800, "Sat 21 Nov 23:00"),
        ].map { ($0.0, $0.1, Int64($0.2), $0.3) })
    func next(hour: Int, minute: Int, offset: Int64, expected: String) throws {
        let time = try #require(ClockTime(hour: hour, minute: minute))
        let next = CalendarTime(seconds: time.next(after: Self.moment(offset: offset)))
        #expect("\(next.date) \(next.shortClock)" == expected)
    }
}

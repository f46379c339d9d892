import Testing

@testable import Shared

@Suite("Calendar time")
struct CalendarTimeTests {
    @Test("times on the wall")
    func calendar() {
        let time = CalendarTime(seconds: 1_795_228_867)
        #expect(time.iso == "2026-11-21T02:41:07Z")
        #expect(time.isoDate == "2026-11-21")
        #expect(time.date == "Sat 21 Nov")
        #expect(CalendarTime(seconds: 951_782_400).iso == "2000-02-29T00:00:00Z")
        #expect(CalendarTime(seconds: -1).iso == "1969-12-31T23:59:59Z")
    }
}

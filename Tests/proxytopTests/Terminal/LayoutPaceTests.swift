import Testing

@testable import proxytop

@Suite("a window that is dragged")
struct LayoutPaceTests {
    @Test(
        "the first change is laid out at once, those of a storm together, and the last one counts")
    func storm() {
        var pace = LayoutPace()
        var layouts: [UInt64] = []
        // Every 5 ms for a fifth of a second, then rest.
        for now in stride(from: UInt64(1000), through: 1400, by: 5) {
            if pace.takeDue(at: now) { layouts.append(now) }
            if now <= 1200, pace.change(at: now) { layouts.append(now) }
        }
        #expect(layouts == [1000, 1050, 1100, 1150, 1200, 1250])
        #expect(pace.dueAt == nil)
    }

    @Test("changes that are further apart wait for nothing")
    func calm() {
        var pace = LayoutPace()
        for now in [0, 50, 150, 5000] as [UInt64] {
            let isNow = pace.change(at: now)
            #expect(isNow)
        }
    }
}

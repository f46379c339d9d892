import Shared
import Testing

@testable import proxyd

@Suite("Rates of sessions")
struct RateTableTests {
    private let listener: Listener

    init() throws { listener = try Blueprint.topology([("s", [("g", ["a"])])]).listeners[0] }

    private func rate(
        _ table: inout RateTable, _ id: UInt64 = 1, age: UInt64, bytes: UInt64
    ) -> UInt64 {
        var record = SessionRecord.sample(id, of: listener, slot: 3)
        record.age = age * 1_000_000
        record.inward.byteCount = bytes
        table.estimate(&record, now: Instant(nanoseconds: 1_000_000_000_000 + record.age))
        #expect(record.outward.rate == 0)
        return record.inward.rate ?? 0
    }

    @Test("the first time, over its life, and over a second at least")
    func first() {
        var table = RateTable()
        #expect(rate(&table, 1, age: 10_000, bytes: 50_000) == 5000)
        #expect(rate(&table, 2, age: 100, bytes: 50_000) == 50_000)
    }

    @Test("later, what came since weighs more the longer ago the last look was")
    func later() {
        var table = RateTable()
        _ = rate(&table, age: 1000, bytes: 0)
        // A third after a second, with a memory of two.
        #expect(rate(&table, age: 2000, bytes: 3000) == 1000)
        // Two who look at once see the same.
        #expect(rate(&table, age: 2100, bytes: 9_000_000) == 1000)
        #expect(rate(&table, age: 1_000_000, bytes: 9_000_000) > 8900)
        var last: UInt64 = 0
        for second in 1001..<1020 {
            last = rate(&table, age: UInt64(second) * 1000, bytes: 9_000_000)
        }
        #expect(last < 10)
    }

    @Test("a session in another's place begins anew")
    func reuse() {
        var table = RateTable()
        _ = rate(&table, 1, age: 1000, bytes: 1_000_000)
        #expect(rate(&table, 2, age: 1000, bytes: 0) == 0)
    }
}

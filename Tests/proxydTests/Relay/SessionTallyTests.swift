import Shared
import Testing

@testable import proxyd

@Suite("Sorting out sessions")
struct SessionTallyTests {
    @Test(
        "keeps the best of many, as sorting all of them would",
        arguments: [0, 1, 5, 64, 100, 999, 1000, 5000, Int.max], [true, false])
    func best(limit: Int, isDescending: Bool) throws {
        let listener = try Blueprint.topology([("s", [("g", ["a"])])]).listeners[0]
        var generator = SeededGenerator(seed: 7)
        let records = (0..<1000).map { id in
            var record = SessionRecord.sample(UInt64(id), of: listener)
            record.age = UInt64.random(in: 0..<400, using: &generator) * 1_000_000
            return record
        }
        let order = SessionScan.Order(field: .age, isDescending: isDescending)
        var tally = SessionTally(SessionScan(order: order, limit: limit, asOf: .now))
        for record in records {
            let isMeant = tally.note(record)
            #expect(isMeant)
        }
        let slice = tally.finish()
        let sorted = records.sorted { left, right in
            if left.age == right.age { return left.id < right.id }
            return isDescending ? left.age > right.age : left.age < right.age
        }
        #expect(slice.records.map(\.id) == sorted.prefix(limit).map(\.id))
        #expect(slice.matched == 1000)
    }

    @Test("a row is what filters see, field by field, and what a reader makes of it")
    func row() throws {
        let topology = try Blueprint.topology([("s", [("g", ["a"])])])
        var record = SessionRecord.sample(
            7, of: topology.listeners[0], channel: topology.channels[0])
        record.lastMoved = .channel
        var facts = TCPInfo()
        facts.rtt = 5
        facts.busy = 10
        facts.windowLimited = 5
        record.legs = ConnectionInfo(client: facts, channel: facts, channelPort: 9)
        record.inward.rate = 3
        let row = record.row
        #expect(row.count == SessionSnapshot.columns.count)
        let fields = Fields(columns: SessionSnapshot.columns, values: row)
        let snapshot = try #require(SessionSnapshot(fields))
        #expect(snapshot.row == row)
        #expect(snapshot.last == "out")
        #expect(snapshot.kernel.rtt == 10)
        #expect(snapshot.kernel.clientWindowPercent == 50)
        #expect(snapshot.channelPort == 9)
        for (index, cell) in row.enumerated() {
            #expect(record.value(of: index).cell == cell)
            let words = [SessionField.names[index], "=", cell]
            #expect(try Filter(words: words, fields: SessionField.names).matches(record))
            #expect(try Filter(words: words, fields: SessionField.names).matches(row))
        }
    }
}

import Shared
import Testing

@testable import proxyd

@Suite("Shed")
struct ShedCommandTests {
    @Test(
        "takes the longest idle sessions of the channels that are meant, and no others",
        arguments: [
            ("main/a 2", [5, 3]), ("main/a 9", [5, 3, 1]), ("main 2", [2, 5]), ("main/c 3", []),
            ("main/a 9 preview", []),
        ] as [(String, [UInt64])])
    func choice(line: String, ids: [UInt64]) throws {
        let daemon = try FakeDaemon.make()
        let channels = daemon.topology.channels
        let sessions =
            [
                (1, channels[0], 5), (2, channels[1], 900), (3, channels[0], 70), (4, nil, 999),
                (5, channels[0], 700),
            ] as [(UInt64, Channel?, UInt64)]
        daemon.sessions = sessions.map { id, channel, idle in
            var record = SessionRecord.sample(
                id, of: daemon.topology.listeners[0], channel: channel, worker: Int(id % 2))
            record.inward.idle = idle * 1_000_000
            record.outward.idle = idle * 1_000_000
            return record
        }
        let (table, attributes) = try daemon.table("shed \(line)")
        #expect(daemon.shed == ids)
        #expect(attributes["cut"] == String(ids.count))
        if line.hasSuffix("preview") { #expect(table.rows.map { $0[0] } == ["5", "3", "1"]) }
    }

    @Test(
        "a wish is a path, a count, and perhaps a rate",
        arguments: [
            ("0/2 50", 50, 10, false), ("0/2 50 5/s", 50, 5, false),
            ("0/2 1 0.5/s preview", 1, 0.5, true), ("0/2 1 preview", 1, 10, true),
        ] as [(String, Int, Double, Bool)])
    func wish(text: String, count: Int, rate: Double, isPreview: Bool) throws {
        let wish = try #require(
            ShedCommand.Parameters(words: text.split(separator: " ").map(String.init)))
        #expect(wish.count == count)
        #expect(wish.rate == rate)
        #expect(wish.isPreview == isPreview)
    }

    @Test(
        "anything else is not a wish",
        arguments: ["", "0/2", "0/2 0", "0/2 -1", "0/2 x", "0/2 5 5", "0/2 5 0/s", "0/2 5 now"])
    func noWish(text: String) {
        #expect(ShedCommand.Parameters(words: text.split(separator: " ").map(String.init)) == nil)
    }
}

import Shared
import Testing

@testable import proxyd

/// `probe PATH`, with results that the test makes up.
@Suite("probe command")
struct ProbeCommandTests {
    private let daemon: FakeDaemon

    init() throws { daemon = try FakeDaemon.make() }

    @Test(
        "a row per channel, and how many are well",
        arguments: [("mail", 4), ("0", 3), ("0/1", 1), ("spare", 1)])
    func rows(path: String, count: Int) throws {
        daemon.probeResults["connect"] = ProbeResult(
            isGood: true, words: "ok", nanoseconds: 3_000_000)
        let (table, attributes) = try daemon.table("probe \(path)")
        #expect(table.columns == ["path", "probe", "result", "words", "ms"])
        #expect(table.rows.count == count)
        #expect(table.rows.allSatisfy { Array($0[1...]) == ["connect", "good", "ok", "3"] })
        #expect(attributes["good"] == String(count))
        #expect(attributes["bad"] == "0")
    }

    @Test("it changes nothing, however bad the result")
    func changesNothing() throws {
        daemon.probeResults["connect"] = .bad("refused")
        let before = daemon.share.generation
        let (table, attributes) = try daemon.table("probe 0/0")
        #expect(table.rows == [["mail/main/a", "connect", "bad", "refused", "0"]])
        #expect(attributes["bad"] == "1")
        #expect(daemon.share.generation == before)
        #expect(daemon.topology.channels[0].isUsable(now: .now))
    }

    @Test("what it cannot understand", arguments: ["probe", "probe 0 1", "probe nowhere"])
    func refused(line: String) throws {
        #expect([.usage, .notFound].contains(try daemon.refusal(line).code))
    }
}

import Shared
import Testing

@testable import proxyd

@Suite("saved state")
struct SavedStateTests {
    static let state = SavedState(
        channels: [
            SavedChannel(
                key: SavedKey(parent: "web/main", word: "10.0.0.1:80"), state: .drain,
                sinceMilliseconds: 1_700_000_000_000, why: "a\tb\nc\\d", by: "0:ctl[7]",
                weight: SavedWeight(live: 3, written: 1),
                totals: TrafficCounters.Totals(
                    sessions: 1, inBytes: 2, outBytes: .max, failures: 4, nanoseconds: 5)),
            SavedChannel(key: SavedKey(parent: "web/main", word: "b", ordinal: 1)),
        ],
        listeners: [
            SavedListener(
                key: SavedKey(parent: "web", word: "[::1]:80"),
                totals: TrafficCounters.Totals(sessions: 9))
        ])

    @Test("what is written is read again")
    func roundTrip() throws {
        for state in [Self.state, SavedState()] {
            #expect(try SavedStateText.state(of: SavedStateText.bytes(of: state)) == state)
        }
    }

    @Test("whatever is cut off or changed, nothing of it is believed")
    func torn() {
        let whole = SavedStateText.bytes(of: Self.state)
        for count in 0..<whole.count {
            #expect(throws: SavedStateText.Refusal.self, "cut at \(count)") {
                try SavedStateText.state(of: Array(whole.prefix(count)))
            }
        }
        for index in whole.indices {
            var changed = whole
            changed[index] ^= 1
            #expect(throws: SavedStateText.Refusal.self, "changed at \(index)") {
                try SavedStateText.state(of: changed)
            }
        }
    }

    @Test(
        "what is not ours is told from what is damaged",
        arguments: [
            ("root:x:0:0\n", SavedStateText.Refusal.foreign), ("", .foreign),
            ("\u{7F}ELF", .foreign), ("proxyd-state\n", .foreign),
            ("proxyd-state\t2\n", .newer("2")), ("proxyd-state\t1\n", .torn(line: 2)),
            ("proxyd-state\t1\nend\t0\t1\n", .torn(line: 2)),
        ])
    func refused(text: String, refusal: SavedStateText.Refusal) {
        #expect(throws: refusal) { try SavedStateText.state(of: Array(text.utf8)) }
    }

    @Test("things go by their names, and without one by their addresses")
    func keys() throws {
        let a = try Endpoint("10.0.0.1:80")
        let b = try Endpoint("10.0.0.2:80")
        let keys = SavedKey.keys(
            of: [("0", a), ("left", b), ("2", a), ("3", b)], in: "web/main")
        #expect(keys.map(\.word) == ["10.0.0.1:80", "left", "10.0.0.1:80", "10.0.0.2:80"])
        #expect(keys.map(\.ordinal) == [0, 0, 1, 0])
    }

    static func configuration(weights: [Int]) throws -> Configuration {
        let channels = weights.enumerated().map { "{ address: \"a:1\($0)\", weight: \($1) }" }
        return try ConfigurationFile.parse(
            "services: [{ name: web, listen: [\"127.0.0.1:1\"], channels: [\(channels.joined(separator: ", "))] }]",
            name: "f")
    }

    @Test("a weight that was set live holds for as long as the file is the same")
    func weights() throws {
        let saved = SavedState(channels: [
            SavedChannel(
                key: SavedKey(parent: "web/0", word: "a:10"),
                weight: SavedWeight(live: 7, written: 1)),
            SavedChannel(
                key: SavedKey(parent: "web/0", word: "a:11"),
                weight: SavedWeight(live: 8, written: 2)),
            SavedChannel(
                key: SavedKey(parent: "web/0", word: "a:12"),
                weight: SavedWeight(live: 99_999, written: 1)),
        ])
        let file = try Self.configuration(weights: [1, 1, 1, 1])
        #expect(saved.weighing(file) == (try Self.configuration(weights: [7, 1, 1, 1])))
    }

    @Test("the file is written soon after a change, every minute, and one at a time")
    func schedule() {
        var schedule = StateSchedule(now: .zero)
        func after(_ milliseconds: Int) -> Instant {
            Instant.zero.advanced(by: .milliseconds(milliseconds))
        }
        func isDue(after milliseconds: Int) -> Bool { schedule.isDue(now: after(milliseconds)) }
        func isNews(_ isGood: Bool) -> Bool { schedule.wrote(isGood) }
        #expect(schedule.nextDeadline == after(60_000))
        schedule.noteChange(now: after(1000))
        schedule.noteChange(now: after(1100))
        #expect(isDue(after: 1199) == false)
        #expect(isDue(after: 1200))
        schedule.noteChange(now: after(1300))
        #expect(isDue(after: 1500) == false, "the first is still being written")
        #expect(isNews(false), "a failure is news")
        #expect(isDue(after: 1700))
        #expect(isNews(false) == false)
        #expect(isDue(after: 1800) == false)
        #expect(isDue(after: 61_700))
        #expect(isNews(true), "and so is its end")
    }
}

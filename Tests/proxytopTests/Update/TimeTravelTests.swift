import Shared
import Testing

@testable import proxytop

@Suite("going back in time")
struct TravelTests {
    /// A quarter of an hour, then 0.0 goes down, then three more looks.
    private static func incident() -> Stage {
        var stage = Stage.live()
        stage.story.channels[0].state = .down
        stage.story.channels[0].why = "refused"
        for _ in 0..<3 { stage.pass(milliseconds: 1000) }
        return stage
    }

    private static func stateLine(_ stage: Stage) -> String {
        stage.lines.first { $0.contains("10.0.1.10:143") } ?? ""
    }

    @Test("a step back shows the state of then, under a header that says so; = shows the present")
    func back() {
        var stage = Self.incident()
        #expect(Self.stateLine(stage).contains("!down"))
        stage.type("[[")
        #expect(Self.stateLine(stage).contains("!down"))
        #expect(stage.lines[0].contains("PAST -2"))
        stage.type("[")
        #expect(Self.stateLine(stage).contains("+up"))
        #expect(stage.lines[0].contains("PAST -3"))
        stage.type("]")
        #expect(Self.stateLine(stage).contains("!down"))
        stage.type("[=")
        #expect(Self.stateLine(stage).contains("!down"))
        #expect(stage.lines[0].contains("LIVE"))
    }

    @Test("braces go a minute, and past the newest look lies the present")
    func leaps() {
        var stage = Self.incident()
        stage.type("{")
        let wanted = stage.model.time.replay.rounds.last { round in
            round.at.milliseconds + 60_000 <= stage.model.time.replay.rounds.last?.at.milliseconds
                ?? 0
        }
        #expect(stage.model.time.past?.number == wanted?.number)
        for _ in 0..<40 { stage.type("{") }
        #expect(stage.model.time.past?.number == stage.model.time.replay.rounds.first?.number)
        stage.type("[")
        #expect(stage.text.contains("nothing older is recorded"))
        for _ in 0..<40 { stage.type("}") }
        #expect(stage.model.time.past == nil)
        stage.type("]")
        #expect(stage.text.contains("this is the present"))
    }

    @Test("the rates of then are those that were on the screen then")
    func rates() {
        var stage = Stage.live()
        let before = stage.lines
        for channel in stage.story.channels.indices { stage.story.channels[channel].total += 500 }
        stage.pass(milliseconds: 1000)
        #expect(stage.lines[1] != before[1])
        stage.type("[")
        // All but who is spoken to and the lines of the footer.
        #expect(Array(stage.lines[1..<20]) == Array(before[1..<20]))
    }

    @Test(
        "every view works there, and nothing can be done there",
        arguments: ["E", "D", "X", "W", "K", "R"])
    func harmless(key: String) {
        var stage = Self.incident()
        stage.type("[")
        let asked = stage.asked.count
        stage.effects = []
        for view in ["1", "2", "3", "4", "2"] { stage.type(view) }
        #expect(stage.model.time.past?.model.navigation.page == .channels)
        stage.choose(1)
        stage.type(key)
        #expect(stage.text.contains("you are looking at the past"))
        stage.press(.escape)
        #expect(stage.requests.isEmpty)
        #expect(stage.asked.count == asked)
        stage.command("disable mail/0/0")
        #expect(stage.requests.isEmpty)
        stage.press(.escape)
        stage.press(.escape)
        stage.command("show channels")
        #expect(stage.asked.count == asked)
    }

    @Test("the present goes on behind it, and the way back keeps view and cursor")
    func behind() {
        var stage = Self.incident()
        stage.type("[")
        stage.type("jj4")
        let rounds = stage.model.time.replay.rounds.count
        for _ in 0..<3 { stage.pass(milliseconds: 1000) }
        #expect(stage.model.time.replay.rounds.count == rounds + 3)
        #expect(stage.lines[0].contains("PAST"))
        stage.type("q")
        #expect(stage.model.time.past != nil, "q first leads back to the view from before")
        stage.type("q")
        #expect(stage.model.time.past == nil)
        #expect(stage.model.navigation.page == .channels)
        #expect(!stage.effects.contains(.quit(.good, message: nil)))
    }

    @Test("events of later are not in the past")
    func events() {
        var stage = Stage.live()
        stage.story.events = [
            Story.event(901, at: stage.story.milliseconds + 500, "channel mail/0/0", "down")
        ]
        stage.pass(milliseconds: 1000)
        stage.pass(milliseconds: 1000)
        stage.type("4")
        #expect(stage.model.events.map(\.id) == [901])
        stage.type("[[[")
        #expect(stage.model.time.past?.model.events.isEmpty == true)
    }

    @Test("connections are those that were on the screen then, if any were")
    func connections() {
        var stage = Stage.live()
        stage.story.sessions = []
        stage.story.addSessions(1)
        stage.type("3")
        stage.pass(milliseconds: 1000)
        stage.pass(milliseconds: 1000)
        stage.story.sessions = []
        stage.pass(milliseconds: 1000)
        #expect(stage.text.contains("no connections"))
        stage.type("[")
        #expect(stage.model.time.past?.model.data.window.rows.map(\.id) == [1000])
        stage.type("{")
        #expect(stage.text.contains("connections were not recorded then"))
    }

    @Test("no more is kept than fits, and what is long ago is told with larger steps")
    func bounded() {
        var tape = ReplayBuffer()
        let line = String(repeating: "x", count: 100_000)
        for second in 0..<1500 {
            let at = Moment(milliseconds: UInt64(second) * 1000, wallSeconds: 0, offsetSeconds: 0)
            tape.append(
                ReplayBuffer.Entry(
                    at: at, words: ReplayBuffer.firstOfRound,
                    reply: .ok(attributes: [], lines: [line])))
        }
        let bytes = tape.rounds.count * line.utf8.count
        #expect(bytes <= ReplayBuffer.mostBytes + 2 * line.utf8.count)
        #expect(bytes > ReplayBuffer.mostBytes / 4)
        let first = tape.rounds[0].at.milliseconds
        #expect(first + ReplayBuffer.spanMilliseconds >= 1_499_000)
        #expect(first < 1_499_000 - ReplayBuffer.spanMilliseconds / 2)
        #expect(tape.rounds.suffix(20).first?.at.milliseconds == 1_480_000)
        let times = tape.rounds.map(\.at.milliseconds)
        #expect(times == times.sorted())
    }
}

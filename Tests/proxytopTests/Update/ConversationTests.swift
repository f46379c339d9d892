import Shared
import Testing

@testable import proxytop

@Suite("the conversation with the daemon")
struct ConversationTests {
    @Test("hello first, then a round of three questions per tick")
    func rounds() {
        var model = Model(
            now: .zero, size: Size(columns: 80, rows: 24), socketPath: "/s")
        var time = Moment.zero
        let words = { (effects: [Effect]) in
            effects.flatMap { effect in
                if case .send(let requests) = effect { requests.map(\.line) } else { [String]() }
            }
        }
        let first = model.update(.connected, at: time)
        #expect(words(first) == ["hello\n"])
        var story = Story()
        let round = ["show channels\n", "show groups\n", "show listeners\n"]
        let second = model.update(.reply(story.hello), at: time)
        #expect(words(second) == ["describe\n"] + round)
        let keys = model.update(.reply(story.reply(to: "describe")), at: time)
        #expect(words(keys) == ["describe keys\n"])
        for name in ["channels", "groups", "listeners"] {
            _ = model.update(.reply(story.reply(to: "show \(name)")), at: time)
        }
        #expect(model.snapshot == story.snapshot)
        _ = model.update(.reply(story.reply(to: "describe keys")), at: time)
        time.milliseconds = 999
        let early = model.update(.tick, at: time)
        #expect(early.isEmpty)
        #expect(model.nextDeadline == 1000)
        time.milliseconds = 1000
        let third = model.update(.tick, at: time)
        #expect(
            words(third) == round + [
                "show events limit 500\n", "show history mail since 15m step 10s\n",
            ]
                // And the past of every channel that is on the screen.
                + story.channels.map { "show history \($0.path) since 15m step 10s\n" }
                + ["show control\n"])
        time.milliseconds = 2100
        let none = model.update(.tick, at: time)
        #expect(none.isEmpty, "one round at a time")
    }

    @Test("the past is asked for once, and stands before what was seen")
    func past() {
        var stage = Stage(columns: 120, rows: 40)
        stage.story.milliseconds = 12 * 86_400_000
        stage.send(.connected)
        #expect(stage.model.data.rates.beats.count == 1)
        stage.pass(milliseconds: 1000)
        stage.pass(milliseconds: 1000)
        #expect(stage.asked.count { $0.hasPrefix("show history mail ") } == 1)
        let beats = stage.model.data.rates.beats
        #expect(beats.count == DaemonRates.mostBeats)
        #expect(zip(beats, beats.dropFirst()).allSatisfy { $0.number + 1 == $1.number })
        #expect(beats[70].new > beats[10].new && beats[10].new > 1)
        #expect(beats[10].failed == nil && beats.contains { $0.refused == 2 })
        stage.press(.character("1"))
        #expect(stage.lines.contains { $0.hasPrefix(" fail/s  |    ") })
    }

    @Test("an answer that takes two seconds ends the connection")
    func deadline() {
        var stage = Stage.live()
        stage.isAnswering = false
        stage.pass(milliseconds: 1000)
        #expect(stage.model.nextDeadline == stage.now.milliseconds + 1000)
        stage.pass(milliseconds: 1200)
        #expect(stage.lines[0].contains("SLOW 1.2s"))
        #expect(stage.effects.isEmpty)
        stage.pass(milliseconds: 900)
        #expect(stage.effects.contains(.disconnect))
        #expect(stage.lines[0].contains("LOST 00:00"))
        #expect(stage.text.contains("no answer for 2.1s"))
    }

    @Test("tries again after 0.25 s, and then twice as late each time, up to 5 s")
    func retries() {
        var stage = Stage.live()
        stage.send(.disconnected(reason: "gone"))
        #expect(stage.effects == [.bell])
        var waits: [UInt64] = []
        for _ in 0..<8 {
            waits.append(stage.model.connection.link.nextTryAt - stage.now.milliseconds)
            stage.effects = []
            stage.pass(milliseconds: waits.last ?? 0)
            #expect(stage.effects == [.connect])
            stage.send(.disconnected(reason: "still gone"))
        }
        let plain: [UInt64] = [250, 500, 1000, 2000, 4000, 5000, 5000, 5000]
        #expect(waits.prefix(3) == plain.prefix(3))
        // From the fourth on a fifth more at most, so that not all screens come back at once.
        for (wait, pause) in zip(waits, plain) { #expect((pause...pause * 6 / 5).contains(wait)) }
        stage.effects = []
        stage.press(.character("r"))
        #expect(stage.effects == [.connect])
    }

    @Test("the tables stay, marked as stale, and come back alive")
    func staleAndBack() {
        var stage = Stage.live()
        stage.send(.disconnected(reason: "proxyd.sock: not listening"))
        #expect(stage.text.contains("LOST 00:00  proxyd.sock: not listening"))
        #expect(stage.text.contains("0.3 .down"))
        #expect(!stage.lines[stage.lines.count - 1].contains("drain"))
        stage.send(.connected)
        #expect(stage.text.contains("LIVE"))
        #expect(stage.text.contains("0.3 !down"))
        #expect(stage.text.contains("the link is back"))
    }

    @Test("a daemon that was started anew is said so, and no rate is negative")
    func restarted() {
        var stage = Stage.live()
        stage.choose(7)
        stage.send(.disconnected(reason: "gone"))
        stage.story.epoch = 78
        stage.story.milliseconds = 3000
        for index in stage.story.channels.indices {
            stage.story.channels[index].total = 5
            stage.story.channels[index].inBytes = 1
            stage.story.channels[index].outBytes = 1
        }
        stage.send(.connected)
        #expect(stage.text.contains("daemon restarted 3.0s ago"))
        #expect(stage.text.contains("new ?/s"))
        stage.pass(milliseconds: 1000)
        let rates = stage.model.data.history.sum
        #expect((rates.total ?? -1) >= 0 && (rates.inBytes ?? -1) >= 0)
        #expect(stage.model.selection.cursor.subject == .channel(serial: 7))
    }

    @Test("how long nothing has been wrong is not shortened by a channel that fills and empties")
    func quiet() {
        var story = Story()
        story.channels = [story.channels[0]]
        story.groups = [story.groups[0]]
        var stage = Stage(story: story)
        stage.send(.connected)
        #expect(stage.lines[3].hasPrefix("no problems for 12d03h"))
        stage.story.channels[0].sinceMilliseconds = 200
        stage.pass(milliseconds: 1000)
        #expect(stage.lines[3].hasPrefix("no problems for 12d03h"))
        stage.story.channels[0].state = .down
        stage.pass(milliseconds: 1000)
        stage.story.channels[0].state = .up
        stage.pass(milliseconds: 1000)
        #expect(stage.lines[3].hasPrefix("no problems for 0.2s"))
    }

    @Test("another protocol ends the program with its own status")
    func wrongProtocol() {
        var stage = Stage()
        stage.isAnswering = false
        stage.send(.connected)
        stage.send(.reply(.ok(attributes: [Reply.Attribute("protocol", "2")], lines: [])))
        guard case .quit(.wrongProtocol, _) = stage.effects.first else {
            Issue.record("\(stage.effects)")
            return
        }
    }

    @Test("answers that nobody asked for end the connection")
    func unasked() {
        var stage = Stage.live()
        stage.send(.reply(.ok(attributes: [], lines: [])))
        #expect(stage.effects.contains(.disconnect))
        stage.effects = []
        stage.send(.garbled("HTTP/1.1 400"))
        #expect(stage.effects.contains(.disconnect))
        #expect(stage.text.contains("not our protocol"))
    }

    @Test("freezing keeps the numbers, and thawing brings new ones")
    func freeze() {
        var stage = Stage.live()
        stage.press(.character("f"))
        let before = stage.model.snapshot
        stage.pass(milliseconds: 1000)
        #expect(stage.model.snapshot == before)
        #expect(stage.lines[0].contains("FROZEN"))
        stage.press(.character("f"))
        stage.pass(milliseconds: 1000)
        #expect(stage.model.snapshot != before)
    }
}

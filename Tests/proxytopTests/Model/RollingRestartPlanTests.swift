import Shared
import Testing

@testable import proxytop

@Suite("a rehearsal of a restart in turn")
struct RehearsalTests {
    @Test("the emptiest goes first; what is left at each step adds up")
    func steps() throws {
        let stage = Stage.live()
        let rehearsal = try #require(RollingRestartPlan(101, stage.model))
        #expect(rehearsal.steps.map(\.channel.path) == ["mail/0/0", "mail/0/1", "mail/0/2"])
        // 392 clients leave 0.0: nothing is free in 0.1 and 0.2, 339 in group 1, 50 in group 2.
        #expect(rehearsal.steps[0].usable == 2)
        #expect(rehearsal.steps[0].refused == 3)
        #expect(rehearsal.steps[0].spilled == 389)
        #expect(rehearsal.away.map(\.path) == ["mail/0/3", "mail/0/4", "mail/0/5"])
        let text = rehearsal.lines.map(\.text).joined(separator: "\n")
        #expect(text.contains("3 REFUSED"))
        #expect(text.contains("Not now: "))
        #expect(text.contains("drain mail/0/0"))
        #expect(RollingRestartPlan(999, stage.model) == nil)
    }

    @Test("with room it says so, and of the last channel that no client is served")
    func room() throws {
        var story = Story()
        for index in story.channels.indices { story.channels[index].current = 5 }
        story.channels[0].state = .up
        let stage = Stage.live(story: story)
        let text = try #require(RollingRestartPlan(102, stage.model)).lines.map(\.text).joined(
            separator: "\n")
        #expect(text.contains("There is room for it now"))
        story.channels = [story.channels[0]]
        let alone = Stage.live(story: story)
        let last = try #require(RollingRestartPlan(101, alone.model))
        #expect(last.steps.map(\.closes) == [true])
        #expect(last.lines.contains { $0.text.contains("no client is served") })
    }

    @Test("p opens it from a channel and from a heading, and nothing is sent")
    func key() {
        var stage = Stage.live()
        stage.choose(2)
        stage.type("p")
        #expect(stage.text.contains("restarting G0 channel by channel"))
        stage.type("q")
        stage.chooseGroup(102)
        stage.type("p")
        #expect(stage.text.contains("restarting G1 channel by channel"))
        stage.story.groups.removeAll { $0.serial == 102 }
        stage.story.channels.removeAll { $0.path.hasPrefix("mail/1/") }
        stage.pass(milliseconds: 1000)
        #expect(stage.text.contains("the group is not there any more"))
        #expect(stage.requests.isEmpty)
    }
}

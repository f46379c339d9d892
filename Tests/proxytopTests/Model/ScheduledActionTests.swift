import Shared
import Testing

@testable import proxytop

@Suite("off when empty")
struct ScheduledActionTests {
    /// 0.0 was drained, to be switched off when it is empty.
    private func promised() -> Stage {
        var stage = Stage.live()
        stage.choose(1)
        stage.type("D")
        #expect(stage.text.contains("Tab switches it off when it is empty"))
        stage.press(.tab)
        #expect(
            stage.text.contains("When it is empty it is switched off, if this screen still runs."))
        stage.drainFirst()
        return stage
    }

    @Test("the last session goes, and it is switched off, with the state that was on the screen")
    func happens() {
        var stage = promised()
        #expect(stage.text.contains("off when empty: 0.0 (392 left)"))
        stage.pass(milliseconds: 1000)
        #expect(stage.requests.count == 1)
        stage.answers = [BatchTests.ok("mail/0/0", "drain", "off", generation: 8814)]
        stage.story.channels[0].current = 0
        stage.pass(milliseconds: 1000)
        #expect(stage.requests.last == "disable mail/0/0 if-gen=8813")
        #expect(stage.model.actions.scheduled.isEmpty)
        stage.story.channels[0].state = .off
        stage.pass(milliseconds: 1000)
        #expect(stage.requests.count == 2)
    }

    @Test("more than can wait are left drained, and that is said")
    func limit() {
        var story = Story()
        story.channels = (0..<130).map {
            ChannelSnapshot(
                path: "mail/0/\($0)", serial: UInt64($0 + 1), state: .up, address: "10.0.0.1:1")
        }
        var stage = Stage(story: story)
        stage.send(.connected)
        stage.chooseGroup(101)
        stage.type("D")
        stage.press(.tab)
        stage.press(.tab)
        stage.answerToActs = BatchTests.ok("mail/0/0", "up", "drain", generation: 8813)
        stage.type(stage.model.actions.confirmation?.answers.first ?? "")
        stage.press(
            stage.model.actions.confirmation?.needsTyping == true ? .enter : .character("y"))
        #expect(stage.model.actions.scheduled.waiting.count == ScheduledActions.most)
        #expect(
            stage.text.contains("30 stay drained, at most 100 wait to be off; ok"), "\(stage.text)")
    }

    @Test("Tab again leaves it at the drain")
    func leaves() {
        var stage = Stage.live()
        stage.choose(1)
        stage.type("D")
        stage.press(.tab)
        stage.press(.tab)
        stage.answers = [BatchTests.ok("mail/0/0", "up", "drain", generation: 8813)]
        stage.type("y")
        #expect(stage.model.actions.scheduled.isEmpty)
    }

    @Test("somebody lets it in again: it is not switched off, and that is said")
    func enabled() {
        var stage = promised()
        stage.story.channels[0].state = .up
        stage.pass(milliseconds: 1000)
        #expect(
            stage.model.actions.notice?.text.contains(
                "mail/0/0 is up since: it is not switched off")
                == true)
        stage.story.channels[0].current = 0
        stage.pass(milliseconds: 1000)
        #expect(stage.requests.count == 1)
    }

    @Test("when something else has changed meanwhile it is tried again with what is known then")
    func conflict() {
        var stage = promised()
        stage.answers = [.error(.conflict, message: "the generation is 9000")]
        stage.story.channels[0].current = 0
        stage.pass(milliseconds: 1000)
        #expect(!stage.model.actions.scheduled.isEmpty)
        stage.story.generation = 9000
        stage.answers = [BatchTests.ok("mail/0/0", "drain", "off", generation: 9001)]
        stage.pass(milliseconds: 1000)
        #expect(stage.requests.count == 2, "not at once: a refusal may have another reason")
        stage.pass(milliseconds: 2000)
        #expect(stage.requests.last == "disable mail/0/0 if-gen=9000")
    }

    @Test("frozen, looking at the past and without a link nothing is done")
    func waits() {
        var stage = promised()
        stage.type("f")
        stage.story.channels[0].current = 0
        stage.pass(milliseconds: 1000)
        #expect(stage.requests.count == 1)
        stage.answers = [BatchTests.ok("mail/0/0", "drain", "off", generation: 8814)]
        stage.type("f")
        stage.pass(milliseconds: 1000)
        #expect(stage.requests.count == 2)
    }

    @Test("q asks once more before the promise goes with the screen")
    func quits() {
        var stage = promised()
        stage.press(.control("c"))
        #expect(stage.text.contains("Ctrl-C once more to quit and leave it drained: off when"))
        stage.type("q")
        #expect(!stage.effects.contains(.quit(.good, message: nil)))
        #expect(stage.text.contains("once more to quit and leave it drained"))
        stage.type("q")
        #expect(stage.effects.contains(.quit(.good, message: nil)))
    }

    @Test("a daemon that was started anew is owed nothing")
    func restarts() {
        var stage = promised()
        stage.story.epoch = 78
        stage.story.channels[0].current = 0
        stage.pass(milliseconds: 1000)
        #expect(stage.model.actions.scheduled.isEmpty)
        #expect(stage.requests.count == 1)
    }
}

extension Stage {
    /// `y` to the preview of draining 0.0, which the daemon does.
    mutating func drainFirst() {
        answers = [BatchTests.ok("mail/0/0", "up", "drain", generation: 8813)]
        type("y")
        #expect(requests == ["drain mail/0/0 if-gen=8812"])
        story.generation = 8813
        story.channels[0].state = .drain
        pass(milliseconds: 1000)
        model.actions.notice = nil
    }
}

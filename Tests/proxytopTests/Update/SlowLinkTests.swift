import Shared
import Testing

@testable import proxytop

@Suite("over a slow link")
struct SlowLinkTests {
    private static func preview(_ milliseconds: UInt64, _ serial: UInt64 = 3) -> Stage {
        var stage = Stage.live()
        stage.model.connection.link.answerMilliseconds = milliseconds
        stage.choose(serial)
        stage.type(serial == 3 ? "X" : "D")
        return stage
    }

    private static func key(_ key: Key, after milliseconds: UInt64, _ stage: inout Stage) {
        stage.now.milliseconds += milliseconds
        stage.send(.key(key))
    }

    @Test("what has to be typed says how slow the daemon is")
    func says() {
        #expect(Self.preview(1200).text.contains("The daemon answers after 1.2s."))
        #expect(!Self.preview(500).text.contains("The daemon answers"))
        #expect(!Self.preview(1200, 1).text.contains("The daemon answers"), "a letter is enough")
    }

    @Test("keys within 0.4 seconds after the question was on the screen are thrown away")
    func flushes() {
        var stage = Self.preview(1200)
        Self.key(.character("4"), after: 399, &stage)
        #expect(stage.model.actions.confirmation?.typed == "")
        Self.key(.character("4"), after: 1, &stage)
        #expect(stage.model.actions.confirmation?.typed == "4")
    }

    @Test("otherwise they count as soon as it is on the screen", arguments: [(3, 400), (1, 1200)])
    func counts(serial: Int, milliseconds: Int) {
        var stage = Self.preview(UInt64(milliseconds), UInt64(serial))
        Self.key(.character(serial == 3 ? "4" : "y"), after: 1, &stage)
        #expect(stage.model.actions.confirmation?.typed == (serial == 3 ? "4" : nil))
    }

    @Test(
        "it counts from the frame that shows the daemon's plan, not from the one that waits for it")
    func plan() {
        var stage = Stage.live()
        stage.model.connection.link.answerMilliseconds = 1200
        stage.choose(3)
        stage.isAnswering = false
        stage.type("X")
        #expect(stage.model.actions.confirmation?.isReady == false)
        stage.now.milliseconds += 1200
        stage.send(.reply(stage.story.reply(to: "plan disable mail/0/2 cut")))
        #expect(stage.model.actions.confirmation?.isReady == true)
        #expect(stage.model.awaitsPainting, "what was typed while it waited is thrown away")
        Self.key(.character("4"), after: 1000, &stage)
        #expect(stage.model.actions.confirmation?.typed == "")
        stage.send(.painted)
        Self.key(.character("4"), after: 300, &stage)
        #expect(stage.model.actions.confirmation?.typed == "")
        Self.key(.character("4"), after: 100, &stage)
        #expect(stage.model.actions.confirmation?.typed == "4")
    }
}

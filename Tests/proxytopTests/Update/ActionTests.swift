import Shared
import Testing

@testable import proxytop

@Suite("changing the proxy")
struct ActingTests {
    @Test("E is sent at once")
    func enable() {
        var stage = Stage.live()
        stage.choose(8)
        stage.press(.character("E"))
        #expect(stage.requests == ["enable mail/1/1"])
        #expect(stage.model.actions.confirmation == nil)
    }

    @Test("D asks for y, and sends the generation that was on the screen")
    func drain() {
        var stage = Stage.live()
        stage.choose(1)
        stage.press(.character("D"))
        #expect(stage.text.contains("drain 0.0  (D)"))
        #expect(stage.requests.isEmpty)
        stage.press(.character("y"))
        #expect(stage.requests == ["drain mail/0/0 if-gen=8812"])
    }

    @Test(
        "X that cuts many asks for the number or the name", arguments: ["400", "0.2", "mail/0/2"])
    func cut(answer: String) {
        var stage = Stage.live()
        stage.choose(3)
        stage.press(.character("X"))
        stage.type("y")
        stage.press(.enter)
        #expect(stage.requests.isEmpty)
        #expect(stage.text.contains("That is not it"))
        stage.type(answer)
        stage.press(.enter)
        #expect(stage.requests == ["disable mail/0/2 cut if-gen=8812"])
        #expect(stage.model.actions.confirmation == nil)
    }

    @Test("on a heading the whole group is meant")
    func group() {
        var stage = Stage.live()
        stage.chooseGroup(102)
        stage.press(.character("X"))
        #expect(stage.model.actions.confirmation?.needsTyping == true)
        stage.type("G1")
        stage.press(.enter)
        #expect(stage.requests == ["disable mail/1 cut if-gen=8812"])
    }

    @Test("keys from before the question was painted are not an answer")
    func early() {
        var stage = Stage.live()
        stage.choose(1)
        stage.send(.key(.character("D")))
        stage.send(.key(.character("y")))
        #expect(stage.requests.isEmpty)
        #expect(stage.model.actions.confirmation != nil)
        stage.send(.painted)
        stage.send(.key(.character("y")))
        #expect(stage.requests == ["drain mail/0/0 if-gen=8812"])
    }

    @Test("Esc, n and q send nothing", arguments: [Key.escape, .character("n"), .character("q")])
    func cancelled(key: Key) {
        var stage = Stage.live()
        stage.choose(1)
        stage.press(.character("D"))
        stage.press(key)
        #expect(stage.model.actions.confirmation == nil)
        #expect(stage.requests.isEmpty)
        #expect(!stage.effects.contains(.quit(.good, message: nil)))
    }

    @Test("the preview follows the daemon, and another outcome clears what was typed")
    func recomputed() {
        var stage = Stage.live()
        stage.choose(3)
        stage.press(.character("X"))
        stage.type("40")
        stage.story.generation = 9000
        stage.story.channels[2].current = 398
        stage.pass(milliseconds: 1000)
        #expect(stage.model.actions.confirmation?.typed == "40")
        stage.story.channels[1].state = .down
        stage.pass(milliseconds: 1000)
        #expect(stage.model.actions.confirmation?.typed == "")
        #expect(stage.text.contains("The outcome has changed"))
        stage.type("398")
        stage.press(.enter)
        #expect(stage.requests == ["disable mail/0/2 cut if-gen=9000"])
    }

    @Test("a target that goes away closes the question")
    func targetGone() {
        var stage = Stage.live()
        stage.choose(3)
        stage.press(.character("X"))
        stage.story.channels.removeAll { $0.serial == 3 }
        stage.pass(milliseconds: 1000)
        #expect(stage.model.actions.confirmation == nil)
        #expect(stage.text.contains("nothing was sent"))
    }

    @Test("the answer of the daemon is shown")
    func answer() {
        var stage = Stage.live()
        stage.choose(3)
        stage.answerToActs = .ok(
            attributes: [Reply.Attribute("cut", "400")],
            lines: ["path\tfield\tfrom\tto", "mail/0/2\tstate\tfull\toff"])
        stage.press(.character("X"))
        stage.type("400")
        stage.press(.enter)
        #expect(stage.text.contains("mail/0/2 state full -> off, cut 400"))
    }

    @Test("a refusal is shown", arguments: [Reply.ErrorCode.conflict, .forbidden, .busy])
    func refusal(code: Reply.ErrorCode) {
        var stage = Stage.live(columns: 120, rows: 40)
        stage.choose(8)
        stage.answerToActs = .error(code, message: "so it is")
        stage.press(.character("E"))
        #expect(stage.text.contains("ERR \(code.rawValue): so it is"))
    }

    @Test("nothing is sent while the link is lost or the screen frozen")
    func obstacles() {
        var stage = Stage.live()
        stage.press(.character("f"))
        stage.press(.character("E"))
        #expect(stage.text.contains("frozen"))
        stage.press(.character("f"))
        stage.press(.character("X"))
        stage.isAnswering = false
        stage.send(.disconnected(reason: "gone"))
        #expect(stage.model.actions.confirmation == nil)
        stage.press(.character("E"))
        stage.press(.character("X"))
        #expect(stage.requests.isEmpty)
        #expect(stage.model.actions.confirmation == nil)
    }

    @Test("pasted text never acts")
    func paste() {
        var stage = Stage.live()
        stage.press(.pasteBegins)
        stage.type("EXDyqQ")
        stage.press(.pasteEnds)
        #expect(stage.requests.isEmpty)
        #expect(stage.model.actions.confirmation == nil)
        #expect(!stage.effects.contains(.quit(.good, message: nil)))
    }

    @Test("text typed into the wrong window is noticed")
    func wrongWindow() {
        var stage = Stage.live()
        for scalar in "sudo systemctl".unicodeScalars { stage.send(.key(.character(scalar))) }
        #expect(stage.text.contains("wrong window"))
    }
}

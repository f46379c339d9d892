import Shared
import Testing

@testable import proxytop

@Suite("off when empty, or at a time")
struct DueActionTests {
    /// It is 02:41:08. 0.0 has 392 sessions.
    private static func preview(_ serial: UInt64 = 1) -> Stage {
        var stage = Stage.live()
        stage.choose(serial)
        stage.type("D")
        stage.press(.tab)
        return stage
    }

    /// 0.0 drains, to be switched off at this time.
    private static func promised(_ time: String = "0242") -> Stage {
        var stage = preview()
        stage.type(time)
        stage.drainFirst()
        return stage
    }

    @Test(
        "digits are a time, and the preview says what happens then, to how many, and on which day")
    func previews() {
        var stage = Self.preview()
        #expect(stage.text.contains("Digits: and at __:__ at the latest. Tab: not off"))
        stage.type("03")
        #expect(stage.text.contains("and at 03:__ at the latest"))
        stage.type("30")
        #expect(
            stage.text.contains("At 03:30 today it is switched off even if it is not empty:"))
        #expect(stage.text.contains("what is left then is CUT (392 now)."))
        #expect(stage.text.contains("Backspace takes the time back."))
        for _ in 0..<4 { stage.press(.backspace) }
        #expect(stage.text.contains("and at __:__ at the latest"))
        stage.type("2:30")
        #expect(stage.text.contains("At 02:30 tomorrow it is switched off"))
        stage.press(.tab)
        #expect(stage.text.contains("Tab switches it off when it is empty, or at a time"))
        #expect(stage.model.actions.confirmation?.act.endsOff == false)
        #expect(stage.model.actions.confirmation?.act.endsAt == nil)
        stage.answers = [BatchTests.ok("mail/0/0", "up", "drain", generation: 8813)]
        stage.type("y")
        #expect(stage.model.actions.scheduled.isEmpty)
    }

    @Test(
        "a time that is not whole, or that there is not, is not sent",
        arguments: ["03", "2460", "9"])
    func impossible(digits: String) {
        var stage = Self.preview()
        stage.type(digits)
        if digits.count == 4 {
            #expect(stage.text.contains("24:60 is not a time of day: 00:00 to 23:59."))
        }
        stage.type("y")
        #expect(stage.requests.isEmpty)
        #expect(
            stage.text.contains("Finish the time, 00:00 to 23:59, or take it back with Backspace."))
        #expect(stage.model.actions.confirmation != nil)
        for _ in 0..<4 { stage.press(.backspace) }
        stage.type("y")
        #expect(stage.requests == ["drain mail/0/0 if-gen=8812"])
    }

    @Test("where the answer is typed digits are the time until Tab goes on to it")
    func typed() {
        var stage = Self.preview(7)
        #expect(stage.model.actions.confirmation?.needsTyping == true)
        #expect(stage.text.contains("Tab goes on to the answer, Esc cancels"))
        stage.type("033")
        stage.press(.tab)
        #expect(stage.text.contains("Finish the time"))
        stage.type("0")
        stage.press(.enter)
        #expect(stage.requests.isEmpty, "Enter in the time confirms nothing")
        #expect(stage.text.contains("Type 1.0"))
        #expect(stage.text.contains("At 03:30 today it is switched off"))
        stage.answers = [BatchTests.ok("mail/1/0", "up", "drain", generation: 8813)]
        stage.type("1.0")
        #expect(stage.model.actions.confirmation?.clock.text == "03:30")
        stage.press(.enter)
        #expect(stage.requests == ["drain mail/1/0 if-gen=8812"])
        #expect(
            stage.model.actions.scheduled.text(stage.model.snapshot)
                == "off when empty or at 03:30: 1.0 (61 left)")
        // And from the answer Tab takes all of it back.
        stage = Self.preview(7)
        stage.type("0330")
        stage.press(.tab)
        stage.press(.tab)
        #expect(stage.model.actions.confirmation?.act.endsOff == false)
        stage.type("1.0")
        #expect(stage.model.actions.confirmation?.typed == "1.0")
    }

    @Test(
        "at the time it is switched off and cut, for the state on the screen, and what was done is said"
    )
    func happens() {
        var stage = Self.promised()
        #expect(stage.text.contains("off when empty or at 02:42: 0.0 (392 left)"))
        stage.pass(milliseconds: 45_000)
        #expect(stage.requests.count == 1, "not before")
        stage.answers = [
            .ok(
                attributes: [
                    Reply.Attribute("generation", "8814"), Reply.Attribute("cut", "392"),
                ], lines: ["path\tfield\tfrom\tto", "mail/0/0\tstate\tdrain\toff"])
        ]
        stage.pass(milliseconds: 10_000)
        #expect(stage.requests.last == "disable mail/0/0 cut if-gen=8813")
        #expect(stage.model.actions.notice?.text.hasPrefix("it is 02:42: ok ") == true)
        #expect(stage.model.actions.notice?.text.contains("drain -> off, cut 392") == true)
        #expect(stage.model.actions.scheduled.isEmpty)
        stage.story.channels[0].state = .off
        stage.pass(milliseconds: 60_000)
        #expect(stage.requests.count == 2)
    }

    @Test("when it is empty before, it is switched off then, and nothing is cut")
    func emptyBefore() {
        var stage = Self.promised()
        stage.answers = [BatchTests.ok("mail/0/0", "drain", "off", generation: 8814)]
        stage.story.channels[0].current = 0
        stage.pass(milliseconds: 1000)
        #expect(stage.requests.last == "disable mail/0/0 if-gen=8813")
        #expect(stage.model.actions.notice?.text.hasPrefix("it is empty: ok") == true)
    }

    @Test("who changed the state meanwhile is not overruled")
    func changed() {
        var stage = Self.promised()
        stage.story.channels[0].state = .up
        stage.pass(milliseconds: 60_000)
        #expect(stage.requests.count == 1)
        #expect(
            stage.model.actions.notice?.text.contains("is up since: it is not switched off") == true
        )
        #expect(stage.model.actions.scheduled.isEmpty)
    }

    @Test("without a link it waits; soon after the time it is done, much later nothing is cut")
    func lost() {
        for (minutes, isDone) in [(10, true), (70, false)] {
            var stage = Self.promised()
            stage.isAnswering = false
            stage.send(.disconnected(reason: "gone"))
            stage.pass(milliseconds: UInt64(minutes) * 60_000)
            #expect(stage.requests.count == 1)
            stage.isAnswering = true
            stage.send(.connected)
            stage.pass(milliseconds: 1000)
            #expect((stage.requests.last == "disable mail/0/0 cut if-gen=8813") == isDone)
            if !isDone {
                #expect(stage.text.contains("could not be switched off at 02:42"), "\(stage.text)")
                #expect(stage.model.actions.scheduled.text(nil) == "off when empty: 0.0")
            }
        }
    }

    @Test("a refusal is said, and it is tried again with what is known then")
    func refused() {
        var stage = Self.promised()
        stage.answers = [.error(.conflict, message: "the generation is 9000")]
        stage.pass(milliseconds: 60_000)
        #expect(stage.model.actions.notice?.text.hasPrefix("it is 02:42: ERR conflict") == true)
        #expect(
            stage.model.actions.scheduled.text(stage.model.snapshot)?.contains("or at 02:42: 0.0")
                == true)
        stage.story.generation = 9000
        stage.answers = [BatchTests.ok("mail/0/0", "drain", "off", generation: 9001)]
        stage.pass(milliseconds: 3000)
        #expect(stage.requests.last == "disable mail/0/0 cut if-gen=9000")
    }

    @Test("an operator's own cut that is refused is none of it")
    func own() {
        var stage = Stage.live()
        stage.choose(8)
        stage.type("X")
        stage.answers = [.error(.conflict, message: "no")]
        stage.type("y")
        #expect(stage.model.actions.scheduled.isEmpty)
    }

    @Test("the time passes while the preview is open: it says so and asks again")
    func passes() {
        var stage = Self.preview()
        stage.type("0242")
        stage.pass(milliseconds: 60_000)
        stage.type("y")
        #expect(stage.requests.isEmpty)
        #expect(stage.text.contains("02:42 has passed and means tomorrow now: look again."))
        #expect(stage.text.contains("At 02:42 tomorrow it is switched off"))
        stage.answers = [BatchTests.ok("mail/0/0", "up", "drain", generation: 8813)]
        stage.type("y")
        #expect(stage.requests.count == 1)
        stage.story.channels[0].state = .drain
        stage.pass(milliseconds: 60_000)
        #expect(stage.requests.count == 1)
    }

    @Test("draining it again shows what was promised, and the last word holds")
    func again() {
        var stage = Self.promised("0330")
        stage.choose(1)
        stage.type("D")
        #expect(stage.text.contains("At 03:30 today it is switched off"))
        for _ in 0..<4 { stage.press(.backspace) }
        stage.type("0400")
        stage.answers = [BatchTests.ok("mail/0/0", "drain", "drain", generation: 8813)]
        stage.type("y")
        #expect(stage.model.actions.scheduled.text(nil) == "off when empty or at 04:00: 0.0")
        stage.type("D")
        stage.press(.tab)
        stage.answers = [BatchTests.ok("mail/0/0", "drain", "drain", generation: 8813)]
        stage.type("y")
        #expect(stage.model.actions.scheduled.isEmpty)
    }

    @Test("a clock that is put back does not do it twice, and the one put forward is believed")
    func clocks() {
        var errands = ScheduledActions()
        var story = Story()
        story.channels[0].state = .drain
        let local: Int64 = 1_795_228_867
        func moment(_ seconds: Int64, offset: Int64 = 0) -> Moment {
            Moment(milliseconds: 0, wallSeconds: local + seconds, offsetSeconds: offset)
        }
        errands.add([story.channels[0]], dueAt: local + 600)
        func due(_ moment: Moment) -> UInt64? {
            errands.look(at: story.snapshot, moment).channel?.serial
        }
        #expect(due(moment(0)) == nil)
        // Summer time ends: the same local time comes an hour later.
        #expect(due(moment(600, offset: -3600)) == nil)
        #expect(due(moment(600)) == 1)
        #expect(due(moment(600)) == nil)
        errands.finish()
        #expect(errands.isEmpty)
    }
}

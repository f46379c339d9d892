import Shared
import Testing

@testable import proxytop

@Suite("several at once, and taking it back")
struct BatchTests {
    static func ok(_ path: String, _ from: String, _ to: String, generation: UInt64) -> Reply {
        .ok(
            attributes: [Reply.Attribute("generation", String(generation))],
            lines: ["path\tfield\tfrom\tto", "\(path)\tstate\t\(from)\t\(to)"])
    }

    /// By a letter, or by what has to be typed.
    private static func answer(_ stage: inout Stage) {
        guard stage.model.actions.confirmation?.needsTyping == true else { return stage.type("y") }
        stage.type(stage.model.actions.confirmation?.answers.first ?? "")
        stage.press(.enter)
    }

    private func marked(_ serials: [UInt64]) -> Stage {
        var stage = Stage.live()
        for serial in serials {
            stage.choose(serial)
            stage.press(.character(" "))
        }
        return stage
    }

    @Test("marked channels are planned together, in a transaction that is dropped")
    func plannedTogether() {
        var stage = marked([7, 1])
        #expect(stage.text.contains("2 marked"))
        #expect(stage.lines.contains { $0.hasPrefix("* 0.0") })
        stage.press(.character("D"))
        #expect(
            stage.asked.suffix(5) == [
                "begin", "drain mail/0/0", "drain mail/1/0", "plan commit", "abort",
            ])
        #expect(stage.requests.isEmpty)
        #expect(stage.text.contains("G1: last usable channel lost"))
        #expect(stage.model.actions.confirmation?.needsTyping == true)
        #expect(stage.story.transaction == nil)
    }

    @Test("of several that are cut every connection is counted")
    func cutTogether() {
        var stage = marked([2, 3])
        stage.press(.character("X"))
        #expect(stage.asked.suffix(3) == ["disable mail/0/2", "plan commit", "abort"])
        #expect(stage.model.actions.confirmation?.consequence?.cut == 800)
        #expect(stage.model.actions.confirmation?.answers == ["800"])
        #expect(stage.text.contains("403 NOW"))
    }

    @Test("when the transaction is refused nothing follows it, as it would be done for real")
    func noTransaction() {
        var stage = marked([7, 1])
        stage.isAnswering = false
        stage.press(.character("D"))
        #expect(stage.asked.last == "begin")
        stage.send(.reply(.error(.conflict, message: "one is open")))
        #expect(stage.asked.last == "begin")
        #expect(stage.model.actions.confirmation == nil)
        #expect(stage.text.contains("one is open"))
    }

    @Test("a preview that was closed meanwhile only drops its transaction")
    func closedMeanwhile() {
        var stage = marked([7, 1])
        stage.isAnswering = false
        stage.press(.character("D"))
        stage.press(.escape)
        stage.send(.reply(.ok(attributes: [], lines: [])))
        #expect(stage.asked.last == "abort")
    }

    @Test("what is confirmed while a plan is being made waits until its transaction is dropped")
    func confirmedWhilePlanning() {
        var stage = marked([1, 2])
        stage.press(.character("D"))
        stage.answers = [
            Self.ok("mail/0/0", "up", "drain", generation: 8813),
            Self.ok("mail/0/1", "full", "drain", generation: 8814),
        ]
        // The next look plans again: the transaction is begun, and its answer is on the way.
        stage.isAnswering = false
        let before = stage.asked.count
        stage.pass(milliseconds: 1000)
        #expect(stage.asked.last == "begin")
        Self.answer(&stage)
        #expect(stage.model.actions.confirmation == nil)
        #expect(
            stage.requests.isEmpty, "\(stage.requests): into the transaction, and dropped with it")
        let open = stage.asked[before...]
        stage.isAnswering = true
        for line in open { stage.send(.reply(stage.story.reply(to: line))) }
        let abort = stage.asked.lastIndex(of: "abort") ?? 0
        let drain = stage.asked.firstIndex { $0.hasPrefix("drain mail/0/0 if-gen") } ?? 0
        #expect(abort > 0 && abort < drain)
        #expect(stage.requests.count == 2)
        #expect(stage.text.contains("2 commands, 2 changes"))
    }

    @Test("the link goes while an act waits for a plan: nothing was sent, and that is said")
    func lostWhilePlanning() {
        var stage = marked([1, 2])
        stage.press(.character("D"))
        stage.isAnswering = false
        stage.pass(milliseconds: 1000)
        Self.answer(&stage)
        stage.send(.disconnected(reason: "gone"))
        #expect(stage.model.actions.notice?.text.contains("nothing was sent") == true)
        #expect(stage.model.actions.batch == nil)
    }

    @Test("each command holds for the state that the one before left; the marks go with it")
    func chain() {
        var stage = marked([1, 2])
        stage.answers = [
            Self.ok("mail/0/0", "up", "drain", generation: 8813),
            Self.ok("mail/0/1", "full", "drain", generation: 8814),
        ]
        stage.press(.character("D"))
        Self.answer(&stage)
        #expect(
            stage.requests == ["drain mail/0/0 if-gen=8812", "drain mail/0/1 if-gen=8813"])
        #expect(stage.text.contains("2 commands, 2 changes"))
        #expect(stage.model.selection.marks.isEmpty)
    }

    @Test("the first refusal ends it, and what was done before is said")
    func stops() {
        var stage = marked([1, 2, 3])
        stage.answers = [
            Self.ok("mail/0/0", "up", "drain", generation: 8813),
            .error(.conflict, message: "the generation is 9000"),
        ]
        stage.press(.character("D"))
        stage.type(stage.model.actions.confirmation?.answers.first ?? "")
        stage.press(.enter)
        #expect(stage.requests.count == 2)
        #expect(stage.model.actions.notice?.text.contains("1 of 3 done before") == true)
        #expect(stage.model.actions.batch == nil)
    }

    @Test("marks of what is gone are gone")
    func vanished() {
        var stage = marked([1, 2])
        stage.story.channels.removeAll { $0.serial == 1 }
        stage.pass(milliseconds: 1000)
        #expect(stage.model.selection.marks == [.channel(serial: 2)])
    }

    // MARK: Undo

    private func drained() -> Stage {
        var stage = Stage.live()
        stage.choose(1)
        stage.answers = [Self.ok("mail/0/0", "up", "drain", generation: 8813)]
        stage.press(.character("D"))
        stage.press(.character("y"))
        stage.story.channels[0].state = .drain
        stage.story.generation = 8813
        stage.pass(milliseconds: 1000)
        stage.model.actions.notice = nil
        return stage
    }

    @Test("u shows what takes it back, and sends it against the present state")
    func undo() {
        var stage = drained()
        #expect(stage.text.contains("undo: drain mail/0/0, just now (u)"))
        stage.press(.character("u"))
        #expect(stage.text.contains("Sends:  enable mail/0/0 if-gen=8813"))
        stage.answers = [Self.ok("mail/0/0", "drain", "up", generation: 8814)]
        stage.press(.character("y"))
        #expect(stage.requests.last == "enable mail/0/0 if-gen=8813")
        #expect(stage.model.actions.undo.last == nil)
    }

    @Test("what somebody else has changed since is not trampled on")
    func trampled() {
        var stage = drained()
        stage.story.channels[0].state = .off
        stage.story.channels[0].by = "1001:proxyctl[9]"
        stage.pass(milliseconds: 1000)
        stage.press(.character("u"))
        #expect(stage.model.actions.confirmation == nil)
        #expect(stage.text.contains("not undone: mail/0/0 is off since, by 1001:proxyctl[9]"))
    }

    @Test(
        "every change is taken back by the command that made what was",
        arguments: [
            ("state", "up", ["enable", "a/0/0"]), ("state", "full", ["enable", "a/0/0"]),
            ("state", "off", ["disable", "a/0/0"]), ("state", "drain", ["drain", "a/0/0"]),
            ("weight", "50", ["set", "a/0/0", "weight", "50"]),
            ("maxc", "-", ["set", "a/0/0", "maxc", "default"]),
            (
                "balance", "hash failover=true",
                ["set", "a/0/0", "balance", "hash", "failover=true"]
            ),
            ("total", "7", nil),
        ] as [(String, String, [String]?)])
    func commands(field: String, from: String, expected: [String]?) {
        let change = UndoList.Change(path: "a/0/0", field: field, from: from, to: "x")
        #expect(UndoList.command(undoing: change) == expected)
    }

    // MARK: Weight and maxc

    private func admin() -> Stage {
        var story = Story()
        story.role = "admin"
        return Stage.live(story: story)
    }

    @Test(
        "raising within twice is done at once, everything else is looked at first",
        arguments: [
            ("W", "150", true), ("W", "200", true), ("W", "201", false), ("W", "50", false),
            ("M", "800", true), ("M", "801", false), ("M", "300", false), ("M", "-", false),
        ] as [(Unicode.Scalar, String, Bool)])
    func values(key: Unicode.Scalar, value: String, isAtOnce: Bool) {
        var stage = admin()
        stage.choose(1)
        stage.press(.character(key))
        #expect(stage.text.contains(key == "W" ? "weight: 100" : "maxc (- for none): 400"))
        stage.press(.control("u"))
        stage.type(value)
        stage.press(.enter)
        let name = key == "W" ? "weight" : "maxc"
        let word = value == "-" ? "default" : value
        #expect(stage.requests == (isAtOnce ? ["set mail/0/0 \(name) \(word) if-gen=8812"] : []))
        #expect((stage.model.actions.confirmation != nil) == !isAtOnce)
        guard !isAtOnce else { return }
        // 392 sessions are there: a limit below has to be typed.
        #expect(stage.model.actions.confirmation?.needsTyping == (value == "300"))
        #expect(stage.text.contains("mail/0/0 \(name)"))
    }

    @Test("an operator is told that weights are an admin's")
    func role() {
        var stage = Stage.live()
        stage.choose(1)
        stage.press(.character("W"))
        stage.type("0")
        stage.press(.enter)
        #expect(stage.text.contains("“set” needs the role admin, and yours is operator"))
        #expect(stage.requests.isEmpty)
    }

    @Test("A lets in again what autodisable took out, and nothing else")
    func clear() {
        var stage = Stage.live()
        stage.chooseGroup(101)
        stage.press(.character("A"))
        #expect(stage.requests.isEmpty)
        #expect(stage.text.contains("nothing there was switched off by autodisable"))
        stage.story.channels[3].state = .auto
        stage.pass(milliseconds: 1000)
        stage.press(.character("A"))
        #expect(stage.requests == ["enable mail/0/3 if-gen=8812"])
    }

    @Test("R asks, and says that counters do not come back")
    func reset() {
        var stage = Stage.live()
        stage.choose(1)
        stage.press(.character("R"))
        #expect(stage.text.contains("NOT undoable: the counters"))
        stage.press(.character("y"))
        #expect(stage.requests == ["reset mail/0/0 if-gen=8812"])
        #expect(stage.model.actions.undo.last == nil)
    }

    @Test("without an answer to the plan nothing can be agreed to")
    func waiting() {
        var stage = Stage.live()
        stage.choose(1)
        stage.isAnswering = false
        stage.press(.character("D"))
        #expect(stage.text.contains("asking the daemon what would happen"))
        stage.press(.character("y"))
        #expect(stage.requests.isEmpty)
        stage.send(.reply(stage.story.plan([["drain", "mail/0/0"]], cuts: false)))
        stage.press(.character("y"))
        #expect(stage.requests == ["drain mail/0/0 if-gen=8812"])
    }

    @Test("the answer to the plan of another preview is not taken for this one's")
    func stalePlan() {
        var stage = Stage.live()
        stage.choose(1)
        stage.isAnswering = false
        stage.press(.character("D"))
        stage.press(.escape)
        stage.choose(3)
        stage.press(.character("X"))
        stage.send(.reply(stage.story.plan([["drain", "mail/0/0"]], cuts: false)))
        #expect(stage.model.actions.confirmation?.consequence == nil)
        stage.send(.reply(stage.story.plan([["disable", "mail/0/2", "cut"]], cuts: true)))
        #expect(stage.model.actions.confirmation?.consequence?.cut == 400)
    }
}

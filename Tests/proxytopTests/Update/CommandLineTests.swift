import Foundation
import Shared
import Testing

@testable import proxytop

@Suite("the command line")
struct CommandLineTests {
    @Test("a question's answer is shown, aligned, until it is closed")
    func question() {
        var stage = Stage.live()
        stage.command("explain 10.0.0.7")
        #expect(stage.lines[0] == " explain 10.0.0.7")
        #expect(stage.text.contains("path      verdict"))
        stage.press(.escape)
        #expect(stage.model.navigation.overlay == nil)
        #expect(stage.effects.contains(.remember("explain 10.0.0.7")))
    }

    @Test("what changes something goes the way of the keys; % is what is under the cursor")
    func change() {
        var stage = Stage.live()
        stage.choose(3)
        stage.command("disable % cut")
        #expect(stage.requests.isEmpty)
        #expect(stage.text.contains("Sends:  disable mail/0/2 cut if-gen=8812"))
        #expect(stage.model.actions.confirmation?.needsTyping == true)
        stage.type("400")
        stage.press(.enter)
        #expect(stage.requests == ["disable mail/0/2 cut if-gen=8812"])
    }

    @Test("%m is a command for each that is marked")
    func marked() {
        var stage = Stage.live()
        for serial in [1, 2] as [UInt64] {
            stage.choose(serial)
            stage.press(.character(" "))
        }
        stage.command("drain %m")
        #expect(
            stage.model.actions.confirmation?.act.commands == [
                ["drain", "mail/0/0"], ["drain", "mail/0/1"],
            ])
    }

    @Test(
        "what ends everything asks for the name of the machine",
        arguments: [
            "shutdown", "remove mail/1",
        ])
    func host(line: String) {
        var story = Story()
        story.role = "admin"
        var stage = Stage.live(story: story)
        stage.command(line)
        stage.type("y")
        stage.press(.enter)
        #expect(stage.requests.isEmpty)
        stage.type("lb1")
        stage.press(.enter)
        #expect(stage.requests == ["\(line) if-gen=8812"])
    }

    @Test(
        "what cannot be sent stays to be mended, with the reason",
        arguments: [
            ("nonsense 1", "this daemon has no command “nonsense”"),
            ("watch 1 show channels", "use proxyd ctl"), ("begin", "use proxyd ctl"),
            ("view nowhere", "view overview, channels"), ("sort nothing", "sort [-]FIELD"),
            ("interval 0", "interval 0.25 to 60"), ("drain \"x", "a quote is opened"),
            ("drain %m", "nothing is"),
        ])
    func mistakes(line: String, reason: String) {
        var stage = Stage.live()
        stage.command(line)
        #expect(stage.text.contains(reason))
        #expect(stage.model.actions.prompt?.text == line)
        #expect(stage.requests.isEmpty)
    }

    @Test("the screen's own words")
    func own() {
        var stage = Stage.live()
        stage.command("view conns")
        #expect(stage.model.navigation.page == .connections)
        stage.command("interval 5s")
        #expect(stage.model.connection.intervalMilliseconds == 5000)
        stage.command("view 2")
        stage.command("filter down")
        #expect(stage.model.channelFilter?.text == "down")
        stage.command("quit")
        #expect(stage.effects.contains(.quit(.good, message: nil)))
    }

    @Test(
        "Tab completes verbs, paths, keys and present values from what the daemon describes",
        arguments: [
            ("dr", "drain ", "drain PATH [if-gen=N]"), ("drain mail/2/", "drain mail/2/0 ", nil),
            ("set mail/0/0 we", "set mail/0/0 weight ", nil),
            ("set mail/0/0 weight ", "set mail/0/0 weight 100 ", nil),
            ("kill se", "kill session", "session  sessions"),
            ("kill sessions where cl", "kill sessions where client", nil),
            ("view c", "view c", "channels  conns"), ("plan dr", "plan drain ", nil),
            ("xyz", "xyz", nil),
        ] as [(String, String, String?)])
    func completion(head: String, expected: String, offer: String?) {
        let stage = Stage.live()
        let completion = Completion(head, stage.model.connection.catalog, stage.model.snapshot)
        #expect(completion.head.hasPrefix(expected))
        if let offer { #expect(completion.offer == offer) }
    }

    @Test("Up recalls what was typed, and Down comes back to what was being typed")
    func history() {
        var stage = Stage.live()
        stage.command("explain 10.0.0.1")
        stage.press(.escape)
        stage.command("explain 10.0.0.2")
        stage.press(.escape)
        stage.type(":ex")
        stage.press(.up)
        #expect(stage.model.actions.prompt?.text == "explain 10.0.0.2")
        stage.press(.up)
        stage.press(.up)
        #expect(stage.model.actions.prompt?.text == "explain 10.0.0.1")
        stage.press(.down)
        stage.press(.down)
        #expect(stage.model.actions.prompt?.text == "ex")
    }

    @Test("pasted text goes into the line, and its line ends send nothing")
    func paste() {
        var stage = Stage.live()
        stage.type(":")
        stage.press(.pasteBegins)
        stage.type("shutdown")
        stage.press(.enter)
        stage.press(.pasteEnds)
        #expect(stage.model.actions.prompt?.text == "shutdown")
        #expect(stage.model.actions.confirmation == nil && stage.requests.isEmpty)
    }

    @Test(
        "editing",
        arguments: [
            ([.left, .left, .backspace], "enabl x"), ([.control("w")], "enable "),
            ([.control("u")], ""), ([.home, .control("k")], ""),
            ([.home, .character("q")], "qenable x"), ([.backspace], "enable "),
        ] as [([Key], String)])
    func editing(keys: [Key], expected: String) {
        var prompt = Prompt(.command, text: "enable x")
        for key in keys { _ = prompt.edit(key, history: []) }
        #expect(prompt.text == expected)
    }

    @Test("a read-only role may ask and not change")
    func readOnly() {
        var story = Story()
        story.role = "viewer"
        var stage = Stage.live(story: story)
        stage.command("drain mail/0/0")
        #expect(stage.text.contains("read-only"))
        stage.command("explain 10.0.0.1")
        #expect(stage.text.contains("verdict"))
        #expect(stage.requests.isEmpty)
    }

    @Test("the file keeps lines for the next run, readable for nobody else")
    func file() throws {
        let directory = FileManager.default.temporaryDirectory
            .appending(path: "proxytop-history-\(UInt64.random(in: 0 ... .max))")
        defer { try? FileManager.default.removeItem(at: directory) }
        let path = directory.appending(path: "state/proxytop/history").path
        let history = LineHistory(path: path)
        #expect(history.read().isEmpty)
        for number in 0..<250 { history.append("explain 10.0.0.\(number)") }
        #expect(history.read().count == 200)
        #expect(history.read().last == "explain 10.0.0.249")
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    @Test("while addresses are hidden no line with one is kept for another run")
    func privacy() {
        var stage = Stage.live()
        stage.type("P")
        let lines = [
            "explain 192.0.2.1", "show sessions where client ~ 10.0.0.0/8",
            "show sessions where client=192.0.2.1:50122", "explain 2001:db8::7",
            "explain [2001:db8::7]:1",
        ]
        for line in lines { stage.command(line) }
        stage.press(.escape)
        func kept() -> [String] {
            stage.effects.compactMap { if case .remember(let line) = $0 { line } else { nil } }
        }
        #expect(kept().isEmpty, "\(kept())")
        stage.command("show channel mail/0/3")
        #expect(kept() == ["show channel mail/0/3"])
        stage.press(.escape)
        stage.type("P")
        stage.command("explain 192.0.2.1")
        #expect(kept().last == "explain 192.0.2.1")
    }

    @Test("Tab gives a group's present policy, to be changed")
    func policy() {
        var stage = Stage.live()
        stage.type(":set mail/0 balance ")
        stage.press(.tab)
        #expect(stage.model.actions.prompt?.text == "set mail/0 balance round-robin ")
    }
}

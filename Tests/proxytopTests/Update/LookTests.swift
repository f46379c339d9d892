import Shared
import Testing

@testable import proxytop

@Suite("menus, orders, copies and other comforts")
struct LookTests {
    @Test("the menu says what can be done, why something cannot, and Enter does it")
    func menu() {
        var stage = Stage.live(columns: 140, rows: 40)
        stage.choose(4)
        stage.type("a")
        #expect(stage.text.contains("what can be done here"))
        #expect(
            stage.lines.contains {
                $0.contains("A ") && $0.contains("(nothing there was switched off by autodisable)")
            })
        #expect(
            stage.lines.contains {
                $0.contains("u ") && $0.contains("(this screen has changed nothing)")
            })
        let items = ActionMenu(stage.model).items
        let drain = items.firstIndex { $0.binding == .drain } ?? 0
        for _ in 0..<drain { stage.press(.down) }
        stage.press(.enter)
        #expect(stage.model.navigation.overlay == nil)
        #expect(stage.model.actions.confirmation != nil)
    }

    @Test("a viewer's menu has nothing that changes")
    func viewer() {
        var story = Story()
        story.role = "viewer"
        let stage = Stage.live(story: story)
        for item in ActionMenu(stage.model).items where item.binding != .open {
            let isLook = [.why, .ofChannel, .undoList].contains(item.binding)
            #expect((item.obstacle == nil) == isLook, "\(item)")
        }
    }

    @Test("U lists what was changed, and what can no longer be taken back")
    func undoList() {
        var stage = Stage.live()
        stage.model.actions.undo.add(
            "drain mail/0/0",
            [.init(path: "mail/0/0", field: "state", from: "up", to: "drain", serial: 1)],
            at: stage.now.milliseconds)
        stage.type("U")
        #expect(stage.text.contains("drain mail/0/0"))
        #expect(stage.text.contains("not any more: mail/0/0 is up since"))
    }

    @Test(
        "channels are sorted within their groups, the cursor stays on its channel, and < leads back"
    )
    func order() {
        var stage = Stage.live()
        stage.choose(4)
        func identities() -> [String] {
            stage.lines.dropFirst(6).compactMap { line in
                let word = line.dropFirst(2).prefix { $0 != " " }
                return word.contains(".") && word.first?.isNumber == true ? String(word) : nil
            }
        }
        let usual = identities()
        stage.type(">")
        #expect(stage.lines[4].contains("sort:state-"))
        #expect(identities().first == "0.3")
        #expect(stage.model.subject == .channel(serial: 4))
        stage.type("i")
        #expect(identities().first == "0.0", "\(stage.text)")
        stage.type("<")
        #expect(identities() == usual)
        stage.command("sort -conn")
        #expect(stage.lines[4].contains("sort:conn-"))
        #expect(identities().prefix(3) == ["0.1", "0.2", "0.0"])
        // While the operator moves, rows stand still.
        stage.type("j")
        stage.story.channels[4].current = 399
        stage.pass(milliseconds: 500)
        stage.pass(milliseconds: 1000)
        #expect(identities().prefix(3) == ["0.1", "0.2", "0.0"])
        for _ in 0..<4 { stage.pass(milliseconds: 1000) }
        #expect(identities().prefix(4) == ["0.1", "0.2", "0.4", "0.0"])
    }

    @Test("v marks from the last mark to here, over headings")
    func range() {
        var stage = Stage.live()
        stage.choose(1)
        stage.type(" jjv")
        #expect(
            stage.model.selection.marks == [
                .channel(serial: 1), .channel(serial: 2), .channel(serial: 3), .channel(serial: 4),
            ])
    }

    @Test("y copies the path, Y the last command, and both say what")
    func copies() {
        var stage = Stage.live()
        stage.choose(3)
        stage.type("y")
        #expect(stage.effects.contains(.copy("mail/0/2")))
        #expect(stage.text.contains("copied: mail/0/2"))
        stage.type("Y")
        #expect(stage.text.contains("nothing was sent yet"))
        stage.type("E")
        stage.type("Y")
        #expect(
            stage.effects.contains(.copy("enable mail/0/2"))
                || stage.effects.contains(.copy("enable mail/0/2 if-gen=8812")))
    }

    @Test("P hides clients, t shows times of day")
    func privacy() {
        var stage = Stage.live(columns: 120, rows: 40)
        stage.story.addSessions(4)
        stage.type("3")
        stage.pass(milliseconds: 1000)
        #expect(stage.text.contains("192.0.2.1:40000"))
        stage.type("P")
        #expect(!stage.text.contains("192.0.2."))
        #expect(stage.text.contains("client-"))
        stage.type("2")
        #expect(stage.text.contains("4m"))
        stage.type("t")
        #expect(stage.lines.contains { $0.contains("!down") && $0.contains("02:") })
    }

    @Test(":write makes a handover, the view as text, or a recording, by the file's name")
    func writes() {
        var stage = Stage.live()
        stage.story.addEvents()
        stage.pass(milliseconds: 1000)
        stage.command("note called the mail people")
        stage.command("write /tmp/h.md")
        stage.command("write /tmp/h.txt")
        let texts = stage.effects.compactMap { effect -> String? in
            if case .write(_, let text) = effect { text } else { nil }
        }
        #expect(texts.count == 2)
        #expect(texts[0].hasPrefix("# Handover: lb1 2026-11-21T"))
        #expect(texts[0].contains("**note: called the mail people**"))
        #expect(texts[0].contains("channel mail/0/4 up → drain (alice proxytop)"))
        #expect(texts[1].contains("[2 Channels]"))
    }

    @Test("Ctrl-R finds older lines that have what was typed")
    func search() {
        var prompt = Prompt(.command, text: "drain")
        let history = ["drain mail/0/1", "enable mail/0/1", "drain mail/0/2", "show limits"]
        _ = prompt.edit(.control("r"), history: history)
        #expect(prompt.text == "drain mail/0/2")
        _ = prompt.edit(.control("r"), history: history)
        #expect(prompt.text == "drain mail/0/1")
        _ = prompt.edit(.control("r"), history: history)
        #expect(prompt.text == "drain mail/0/1")
        #expect(prompt.remark == "no older line has “drain”")
    }

    @Test("a click chooses, turns the page and sorts, and never acts")
    func mouse() {
        var stage = Stage.live()
        stage.press(.click(row: 8, column: 10))
        #expect(stage.model.subject == .channel(serial: 2))
        let conn = ChannelTable(stage.model, .ascii, columns: 80).layout.slots
            .first { $0.column.content == .connections }
        stage.press(.click(row: 5, column: conn?.start ?? 0))
        #expect(stage.model.selection.channelOrder?.field == .connections)
        stage.press(.click(row: 5, column: 3))
        #expect(stage.model.selection.channelOrder == nil)
        stage.press(.wheelDown)
        #expect(stage.model.subject != .channel(serial: 2))
        stage.press(.click(row: 4, column: 40))
        #expect(stage.model.navigation.page == .events)
        for row in -1..<30 {
            for column in stride(from: -1, to: 90, by: 7) {
                stage.press(.click(row: row, column: column))
            }
        }
        #expect(stage.requests.isEmpty)
        #expect(stage.model.actions.confirmation == nil)
    }

    @Test("words in the place of signs: no glyph, no line, no bar, and a place for the cursor")
    func words() {
        var stage = Stage.live()
        stage.choose(4)
        let grid = stage.model.render(Capabilities(glyphs: .words, isUTF8: true))
        let text = grid.lines.joined(separator: "\n")
        #expect(text.contains("down"))
        #expect(!text.contains("!down") && !text.contains("----") && !text.contains("[#"))
        #expect(grid.cursor.map { grid.lines[$0.row].contains("10.0.1.13") } == true)
        stage.type(":sh")
        #expect(stage.model.render(.ascii).cursor == Grid.Spot(row: 22, column: 4))
    }

    @Test("four glyph sets keep every row as wide as the screen", arguments: Glyphs.allCases)
    func widths(glyphs: Glyphs) {
        var stage = Stage.live(columns: 120, rows: 40)
        for view in ["1", "2", "3", "4"] {
            stage.type(view)
            for line in stage.model.render(Capabilities(glyphs: glyphs, isUTF8: true)).lines {
                #expect(CellWidth.of(line) == 120)
            }
        }
    }

    @Test("without red and green good and bad still differ in colour, and in mono by attributes")
    func themes() {
        for theme in Theme.allCases {
            let good = theme.appearance(of: Style(.up))
            for role in [Style.Role.down, .auto, .full, .grace] {
                #expect(theme.appearance(of: Style(role)) != good, "\(theme) \(role)")
            }
        }
        for role in [Style.Role.up, .good, .full, .grace, .drain, .down, .danger, .alert, .auto] {
            let colour = Theme.blueOrange.appearance(of: Style(role)).colour
            #expect(![1, 2, 9, 10].contains(colour), "\(role)")
        }
    }
}

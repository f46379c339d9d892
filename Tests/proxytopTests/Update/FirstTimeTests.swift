import Shared
import Testing

@testable import proxytop

/// What first-time users stumbled over.
@Suite("what was not obvious")
struct FirstTimeTests {
    @Test(
        "the first letter takes the place of the text that a line was opened with; editing keeps it"
    )
    func selected() {
        var stage = Stage.live()
        stage.choose(1)
        stage.type("W3")
        #expect(stage.model.actions.prompt?.text == "3")
        stage.press(.escape)
        stage.type("W")
        stage.press(.backspace)
        stage.type("1")
        #expect(stage.model.actions.prompt?.text == "101")
        stage.press(.escape)
        stage.type("/down")
        stage.press(.enter)
        stage.type("/")
        stage.press(.end)
        stage.type(" 0.3")
        #expect(stage.model.actions.prompt?.text == "down 0.3")
    }

    @Test("a text that comes at once into a line that is open is taken, and its line end too")
    func burst() {
        var stage = Stage.live()
        stage.press(.character("s"))
        stage.now.milliseconds += 500
        for scalar in "incidents".unicodeScalars {
            stage.now.milliseconds += 1
            stage.send(.key(.character(scalar)))
        }
        stage.send(.key(.enter))
        #expect(stage.model.preferences.savedViews.map(\.name) == ["incidents"])
    }

    @Test("the line end of a text typed into the wrong window opens nothing")
    func wrongWindow() {
        var stage = Stage.live()
        stage.choose(1)
        for scalar in "systemctl".unicodeScalars {
            stage.now.milliseconds += 1
            stage.send(.key(.character(scalar)))
        }
        stage.send(.key(.enter))
        #expect(stage.model.navigation.page == .channels)
        #expect(
            stage.model.actions.notice?.text == "that looks typed into the wrong window: ignored")
    }

    @Test("what a filter hides is not marked any more")
    func marks() {
        var stage = Stage.live()
        stage.choose(1)
        stage.type("  ")
        #expect(stage.model.selection.marks.count == 2)
        stage.type("/down")
        stage.press(.enter)
        #expect(stage.model.selection.marks.isEmpty)
        #expect(stage.model.actions.notice?.text == "2 marks taken off by the filter")
        var story = Story()
        story.addSessions(10)
        stage = Stage.live(story: story)
        stage.type("3")
        stage.pass(milliseconds: 1000)
        stage.type(" ")
        #expect(stage.model.selection.marks.count == 1)
        stage.type("/192.0.2.9")
        stage.press(.enter)
        #expect(stage.model.selection.marks.isEmpty)
    }

    @Test("a channel may be called as the screen calls it, in commands and in filters")
    func names() throws {
        var stage = Stage.live()
        stage.command("drain 0.2")
        #expect(stage.model.actions.confirmation?.act.commands == [["drain", "mail/0/2"]])
        stage.press(.escape)
        stage.command("plan drain 0.2")
        #expect(stage.model.actions.prompt == nil)
        stage.press(.escape)
        stage.type("/0.2")
        stage.press(.enter)
        #expect(stage.model.data.matching?.contains(3) == true)
        let names = stage.model.channelNames
        for (text, words) in [
            ("channel = 0.2", ["channel", "=", "mail/0/2"]), ("chan=0.2", ["channel=mail/0/2"]),
            ("listener = 0.2", ["listener", "=", "0.2"]),
            (
                "channel = 0.9 and client = 0.2",
                ["channel", "=", "0.9", "and", "client", "=", "0.2"]
            ),
            ("chan != 0.1 and chan=0.2", ["channel", "!=", "mail/0/1", "and", "channel=mail/0/2"]),
        ] {
            let filter = try? FilterText(text, .sessions, names: names)
            #expect(filter?.words == words, "\(text)")
        }
        let bare = try FilterText("0.2", .sessions, names: names).words
        #expect(bare.suffix(5) == ["or", "channel", "=", "mail/0/2", ")"])
    }

    @Test("who stands at the top of the events sees the newest; who has gone down is told of them")
    func events() {
        var story = Story()
        for number in 1...40 {
            story.events.append(Story.event(UInt64(number), at: 1000, "daemon", "line \(number)"))
        }
        var stage = Stage.live(story: story)
        stage.type("4")
        stage.pass(milliseconds: 5000)
        func happen(_ number: UInt64) {
            stage.story.events.append(Story.event(number, at: 2000, "daemon", "line \(number)"))
            stage.pass(milliseconds: 5000)
        }
        happen(41)
        #expect(stage.model.selection.eventCursor.subject == .event(id: 41))
        #expect(stage.text.contains("line 41"))
        for _ in 0..<20 { stage.type("j") }
        let subject = stage.model.selection.eventCursor.subject
        stage.pass(milliseconds: 5000)
        happen(42)
        #expect(stage.model.selection.eventCursor.subject == subject)
        #expect(stage.lines[4].contains("newer above"))
    }

    @Test("what was done is said for half a minute, then there is room for what stands")
    func notice() {
        var stage = Stage.live()
        stage.model.notify("done")
        for _ in 0..<29 { stage.pass(milliseconds: 1000) }
        #expect(stage.model.actions.notice?.text == "done")
        stage.pass(milliseconds: 1000)
        #expect(stage.model.actions.notice == nil)
        stage.model.notify("wrong", isError: true)
        for _ in 0..<40 { stage.pass(milliseconds: 1000) }
        #expect(stage.model.actions.notice?.text == "wrong")
    }

    @Test("a preview says where the sessions go that find no slot in their group any more")
    func overflow() {
        var stage = Stage.live()
        stage.choose(1)
        stage.type("D")
        #expect(stage.text.contains("1223 sessions in G0 and 800 slots: about 339 go to G1, 50 go"))
        stage.press(.escape)
        stage.choose(5)
        stage.type("K")
        #expect(
            stage.text.contains("It gets no new sessions: clients that come back go elsewhere."))
    }

    @Test(
        "strips of the overview grow where nothing else needs the room, and are words for listeners"
    )
    func strips() {
        func height(_ rows: Int) -> Int {
            var stage = Stage.live(columns: 120, rows: rows)
            stage.type("1")
            return OverviewLayout(stage.model).stripRows
        }
        #expect([24, 30, 34, 38, 60].map(height) == [1, 1, 1, 2, 4])
        var stage = Stage.live(columns: 120, rows: 40)
        stage.type("1")
        let words = stage.model.render(
            Capabilities(glyphs: .words, isUTF8: true)
        ).lines.map(\.trimmingTrailingBlanks)
        #expect(words.contains { $0.hasPrefix(" new/s   now 12") }, "\(words)")
    }

    @Test("Tab knows the keys and the words of values from the daemon")
    func keys() {
        var stage = Stage.live()
        stage.type(":set mail timeo")
        stage.press(.tab)
        #expect(stage.model.actions.prompt?.text == "set mail timeouts.idle ")
        stage.press(.escape)
        stage.type(":set mail/0 balance h")
        stage.press(.tab)
        #expect(stage.model.actions.prompt?.text == "set mail/0 balance hash ")
        stage.press(.escape)
        stage.type(":set mail/0/1 ")
        stage.press(.tab)
        #expect(stage.model.actions.prompt?.remark == "weight  maxc  address  label")
        // A daemon that does not say so completes nothing, and takes what is typed.
        var silent = Story()
        silent.describes = Table(columns: silent.describes.columns)
        for row in Story().describes.rows where row[0] != "describe keys" {
            silent.describes.append(row)
        }
        stage = Stage.live(story: silent)
        #expect(!stage.asked.contains("describe keys"))
        stage.type(":set mail/0/1 wei")
        stage.press(.tab)
        #expect(stage.model.actions.prompt?.text == "set mail/0/1 wei")
    }

    @Test("people are called by their names")
    func people() {
        var stage = Stage.live()
        #expect(stage.model.person("0:proxytop[4711]") == "root proxytop")
        #expect(stage.model.person("1000:ctl[1]") == "1000 ctl")
        #expect(stage.model.person("probe connect") == "probe connect")
        stage.story.present = [
            PresenceSnapshot(
                uid: 1000, pid: 1, user: "alice", program: "ctl", role: "operator",
                sinceMilliseconds: 1, intends: [], isOwn: false)
        ]
        for _ in 0..<4 { stage.pass(milliseconds: 1000) }
        #expect(stage.model.person("1000:ctl[1]") == "alice ctl")
    }
}

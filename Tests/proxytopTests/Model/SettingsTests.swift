import Shared
import Testing

@testable import proxytop

@Suite("the operator's own settings")
struct SettingsTests {
    @Test("a file says what holds, and the command line comes first")
    func reads() throws {
        var settings = try Settings(
            "# mine\n\ninterval = 2\n theme=light\nmouse = yes\r\nkey.drain = x Ctrl-T\nkey.half-down = none\n"
        )
        #expect(settings[.interval] == "2")
        #expect(settings[.theme] == "light")
        #expect(settings[.glyphs] == "auto")
        #expect(settings.isOn(.mouse) && !settings.isOn(.mono))
        #expect(settings.keys.command(for: .character("x"), on: .channels) == .drain)
        #expect(settings.keys.command(for: .control("t"), on: .channels) == .drain)
        #expect(settings.keys.command(for: .character("D"), on: .channels) == nil)
        #expect(settings.keys.command(for: .control("d"), on: .channels) == nil)
        settings.override(.interval, "5")
        settings.override(.theme, nil)
        #expect(settings[.interval] == "5" && settings[.theme] == "light")
    }

    @Test("what it prints is a file that says the same")
    func prints() throws {
        let settings = try Settings("lean = yes\nkey.cut = F11\nkey.kill = none\n")
        #expect(try Settings(settings.text).text == settings.text)
        #expect(settings.text.contains("lean = yes\n") && settings.text.contains("key.cut = F11\n"))
        #expect(settings.text.contains("key.view-conns = 3\n"))
        #expect(Set(Binding.all.map(\.name)).count == Binding.all.count)
    }

    @Test("columns of the file come before those of the last look")
    func columns() throws {
        var stage = Stage.live(columns: 80, rows: 24)
        var last = SavedView(stage.model, name: "last")
        last.channels.toggle(.weight, isShown: true)
        last.sessions.toggle(.rtt, isShown: false)
        stage.model.adopt(try Settings("columns = +since -trend\n"))
        stage.model.adopt(lastLook: last)
        #expect(stage.model.preferences.channelColumns.words == "+since -trend")
        #expect(stage.model.preferences.sessionColumns.words == "+rtt")
        #expect(stage.lines[5].contains("SINCE") && !stage.lines[5].contains("TREND"))
        stage.model.adopt(try Settings("connection-columns = auto\n"))
        #expect(stage.model.preferences.sessionColumns.isEmpty)
    }

    @Test("two actions may exchange their keys")
    func exchanges() throws {
        let settings = try Settings("key.enable = D\nkey.drain = E\n")
        #expect(settings.keys.command(for: .character("D"), on: .channels) == .enable)
    }

    @Test(
        "what is wrong is said with its line and how to mend it",
        arguments: [
            ("interval", "line 1: write it as key = value"),
            ("\nintervall = 2", "line 2: there is no setting “intervall”"),
            ("interval = 0", "line 1: interval: 0 is not between 0.25 and 60 seconds"),
            ("interval = nan", "line 1: interval: nan is not between"),
            ("interval = 1\ninterval = 2", "line 2: interval is set twice"),
            ("theme = blue", "line 1: theme: “blue” is not dark, light, blue-orange or calm"),
            ("mouse = true", "line 1: mouse: “true” is not yes or no"),
            ("bell = loud", "line 1: bell: “loud” is not off, lost or down"),
            ("columns = next", "line 1: columns: “next” has no sign: +next asks for it"),
            (
                "columns = +rtt",
                "line 1: columns: there is no column “rtt” to choose; there are since"
            ),
            ("connection-columns = -id", "line 1: connection-columns: there is no column “id”"),
            ("columns =", "line 1: columns: auto, or +COLUMN -COLUMN"),
            ("key.drain = DD", "line 1: “DD” is not a key"),
            ("key.drain =", "line 1: a key is missing"),
            ("key.dance = d", "line 1: there is no action “dance”"),
            ("key.drain = E", "line 1: E is given to"),
            ("key.quit = none", "line 1: help and quit need a key"),
        ])
    func mistakes(text: String, problem: String) throws {
        let mistake = try #require(throws: Settings.ParseError.self) { try Settings(text) }
        #expect(mistake.description.hasPrefix(problem), "\(mistake)")
    }

    @Test("other keys do it, the help and the bottom line name them, the old ones do nothing")
    func otherKeys() throws {
        var stage = Stage.live(columns: 100)
        stage.model.adopt(try Settings("key.cut = F11\n"))
        #expect(stage.lines.last?.contains("F11 off+cut") == true)
        stage.press(.character("X"))
        #expect(stage.model.actions.confirmation == nil)
        stage.press(.function(11))
        #expect(stage.model.actions.confirmation != nil)
        stage.press(.escape)
        stage.press(.character("?"))
        #expect(stage.text.contains("proxytop: keys"))
    }

    @Test("the bell rings once for each new problem, and not for those that were there")
    func rings() throws {
        var stage = Stage.live()
        stage.model.adopt(try Settings("bell = down\n"))
        func bells(_ stage: Stage) -> Int {
            stage.effects.count { if case .bell = $0 { true } else { false } }
        }
        stage.pass(milliseconds: 1000)
        stage.pass(milliseconds: 1000)
        #expect(bells(stage) == 0)
        stage.story.channels[0].state = .down
        stage.pass(milliseconds: 1000)
        stage.pass(milliseconds: 1000)
        #expect(bells(stage) == 1)
        stage.story.channels[0].state = .up
        stage.pass(milliseconds: 1000)
        stage.story.channels[0].state = .down
        stage.pass(milliseconds: 1000)
        #expect(bells(stage) == 2)
        stage.model.preferences.bell = .off
        stage.isAnswering = false
        stage.send(.disconnected(reason: "gone"))
        #expect(bells(stage) == 2)
    }

    @Test("lean: no trend and no strips")
    func lean() throws {
        var stage = Stage.live(columns: 200, rows: 60)
        stage.model.adopt(try Settings("lean = yes\n"))
        #expect(!stage.text.contains("CONN 15m") && !stage.text.contains("15 min"))
        stage.press(.character("1"))
        #expect(!stage.text.contains("LAST 15 MIN"))
    }
}

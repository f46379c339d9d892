import Shared
import Testing

@testable import proxytop

@Suite("several daemons")
struct FleetTests {
    @Test("the cursor stays within the list, Enter opens, q ends")
    func keys() {
        var fleet = Fleet(count: 3)
        for _ in 0..<5 { #expect(fleet.press(.down, at: 0) == .none) }
        #expect(fleet.chosen == 2)
        #expect(fleet.press(.character("g"), at: 0) == .none)
        #expect(fleet.chosen == 0)
        #expect(fleet.press(.character("k"), at: 0) == .none)
        #expect(fleet.chosen == 0)
        #expect(fleet.press(.enter, at: 0) == .open(0))
        #expect(fleet.open == 0)
        fleet.open = nil
        #expect(fleet.press(.character("r"), at: 0) == .refresh)
        #expect(fleet.press(.control("c"), at: 10) == .none)
        #expect(fleet.press(.control("c"), at: 5000) == .none)
        #expect(fleet.press(.control("c"), at: 5100) == .quit)
        #expect(fleet.press(.character("?"), at: 0) == .none)
        #expect(fleet.press(.character("q"), at: 0) == .none, "closes the help")
        #expect(fleet.press(.character("q"), at: 0) == .quit)
    }

    @Test("q asks once more while one of the screens has still something to do")
    func promises() {
        var waiting = Stage.live()
        waiting.model.actions.scheduled.add([waiting.story.channels[4]])
        let models = [Stage.live().model, waiting.model]
        let promises = Fleet.promises(models)
        #expect(promises == "lb1 proxyd.sock: off when empty: 0.4 (31 left)")
        #expect(Fleet.promises([Stage.live().model]) == nil)

        for key in [Key.character("q"), .character("Q"), .function(10)] {
            var fleet = Fleet(count: 2)
            #expect(fleet.press(key, at: 1000, promises: promises) == .none)
            let grid = FleetPage(
                models: models, names: ["/a", "/b"], fleet: fleet, glyphs: .ascii
            ).draw(Size(columns: 120, rows: 8), isASCII: true)
            #expect(
                grid.lines[6].contains(
                    "once more to quit and leave it drained: lb1 proxyd.sock: off"))
            #expect(fleet.press(key, at: 2000, promises: promises) == .quit)
        }
        var fleet = Fleet(count: 2)
        _ = fleet.press(.character("q"), at: 1000, promises: promises)
        _ = fleet.press(.down, at: 1500, promises: promises)
        #expect(fleet.warning == nil)
        #expect(fleet.press(.character("q"), at: 7000, promises: promises) == .none, "too late")
        #expect(fleet.press(.character("q"), at: 7100, promises: nil) == .quit)
        _ = fleet.press(.control("c"), at: 8000, promises: promises)
        #expect(fleet.warning?.hasPrefix("Ctrl-C once more to quit and leave it drained") == true)
    }

    @Test("Q in one daemon asks for what the others have still to do, and so does :quit")
    func elsewhere() {
        for line in ["Q", ":quit\n"] {
            var stage = Stage.live()
            stage.model.connection.isMember = true
            stage.model.actions.scheduledElsewhere = "lb2: off when empty: 0.1 (7 left)"
            func press() {
                for scalar in line.unicodeScalars {
                    stage.press(scalar == "\n" ? .enter : .character(scalar))
                }
            }
            press()
            #expect(!stage.effects.contains(.quit(.good, message: nil)))
            #expect(stage.text.contains("leave it drained: lb2: off when empty"))
            press()
            #expect(stage.effects.contains(.quit(.good, message: nil)))
        }
    }

    @Test(
        "a member's way back leads to all of them, a lone daemon's out", arguments: [true, false])
    func back(isMember: Bool) {
        var stage = Stage.live()
        stage.model.connection.isMember = isMember
        stage.type("3qq")
        #expect(stage.effects.contains(.leave) == isMember)
        #expect(stage.effects.contains(.quit(.good, message: nil)) != isMember)
    }

    @Test(
        "each daemon is a line of the screen's width, whatever it is",
        arguments: [40, 80, 120, 200])
    func page(columns: Int) {
        var lost = Stage.live()
        lost.send(.disconnected(reason: "not listening"))
        let models = [Stage.live().model, lost.model, Stage().model]
        let grid = FleetPage(
            models: models, names: ["/run/a.sock", "/run/b.sock", "ssh db1"],
            fleet: Fleet(count: 3),
            glyphs: .ascii
        ).draw(Size(columns: columns, rows: 8), isASCII: true)
        #expect(grid.lines.count == 8)
        #expect(grid.lines[0].hasPrefix("3 daemons"))
        #expect(grid.lines[2].hasPrefix("> lb1 a.sock"))
        #expect(grid.lines[4].hasPrefix("  ssh db1"))
        if columns >= 120 {
            #expect(grid.lines[0].contains("3 in trouble"))
            #expect(grid.lines[2].contains("! 0.3 down"))
            #expect(grid.lines[3].contains("not listening"))
        }
    }

    @Test(
        "what goes through two shells has to be plain",
        arguments: [
            ("ssh db1", nil, "ssh db1 proxyd ctl --stdio"),
            ("ssh db1", "/run/p.sock", "ssh db1 proxyd ctl --stdio --socket /run/p.sock"),
            ("ssh db1", "/run/$(id)", nil), ("  ", nil, nil), ("ssh\n", nil, nil),
        ] as [(String, String?, String?)])
    func commands(via: String, path: String?, command: String?) {
        let target = DaemonTarget(path: path, via: via)
        if let command {
            #expect(throws: Never.self) { try target.check() }
            #expect(target.command == command)
        } else {
            #expect(throws: DaemonTarget.ParseError.self) { try target.check() }
        }
    }
}

import Shared
import Testing

@testable import proxytop

@Suite("parts of a view")
struct PaneTests {
    private static func story() -> Story {
        var story = Story()
        story.addSessions(60)
        story.addEvents()
        return story
    }

    @Test("Tab goes to the groups of the overview, where keys act on the group, and back")
    func overview() {
        var stage = Stage.live(columns: 120, rows: 40, story: Self.story())
        stage.type("1")
        let problem = stage.model.subject
        stage.press(.tab)
        #expect(stage.text.contains("[GROUPS]"))
        #expect(stage.model.subject == .group(serial: 101))
        #expect(stage.lines.contains { $0.hasPrefix("> G0") })
        stage.type("j")
        #expect(stage.model.subject == .group(serial: 102))
        stage.type("D")
        #expect(stage.model.actions.confirmation?.act.commands == [["drain", "mail/1"]])
        stage.press(.escape)
        stage.press(.enter)
        #expect(stage.model.navigation.page == .channels)
        #expect(stage.model.selection.cursor.subject == .group(serial: 102))
        stage.type("`")
        #expect(stage.model.navigation.focus == .table)
        #expect(stage.model.subject == problem)
        stage.press(.tab)
        stage.press(.tab)
        #expect(stage.text.contains("[EVENTS (key 4)]"))
        stage.press(.enter)
        #expect(stage.model.navigation.page == .detail, "the channel that it happened to")
        stage.type("q")
        stage.press(.backTab)
        #expect(stage.model.navigation.focus == .events)
        stage.press(.tab)
        #expect(stage.model.navigation.focus == .table)
    }

    @Test("where a view has one part Tab is the next view")
    func single() {
        var stage = Stage.live(columns: 80, rows: 16)
        #expect(stage.model.panes == [.table])
        stage.press(.tab)
        #expect(stage.model.navigation.page == .connections)
        stage.press(.backTab)
        #expect(stage.model.navigation.page == .channels)
    }

    @Test("in the connections beside a channel K cuts the one under the cursor, whatever is marked")
    func connections() {
        var stage = Stage.live(columns: 200, rows: 60, story: Self.story())
        stage.choose(1)
        stage.type(" ")
        stage.choose(1)
        stage.pass(milliseconds: 1000)
        stage.pass(milliseconds: 1000)
        stage.press(.tab)
        #expect(stage.text.contains("[CONNECTIONS of 0.0]"), "\(stage.text)")
        #expect(
            stage.lines.contains {
                $0.hasPrefix("> 0.0") || $0.hasPrefix(">*") || $0.contains("0.0 +up")
            })
        stage.type("j")
        guard case .session(let id) = stage.model.subject else {
            Issue.record("the cursor is on \(String(describing: stage.model.subject))")
            return
        }
        #expect(stage.model.nearbyList.index(of: .session(id: id)) == 1)
        stage.type("K")
        #expect(
            stage.model.actions.confirmation?.act.commands == [["kill", "session", String(id)]])
        stage.press(.escape)
        stage.type("X")
        #expect(stage.text.contains("a connection can only be cut (K)"))
        // Another channel under the cursor has other connections.
        var parts: [Focus] = []
        repeat {
            stage.press(.tab)
            parts.append(stage.model.navigation.focus)
        } while stage.model.navigation.focus != .table && parts.count < 9
        #expect(parts == [.events, .detail, .balance, .table])
        #expect(stage.model.subject == .channel(serial: 1))
    }

    @Test("the timeline below the channels scrolls")
    func why() {
        var stage = Stage.live(columns: 100, rows: 28, story: Self.story())
        for number in 0..<12 {
            var event = Story.event(
                UInt64(10 + number), at: stage.story.milliseconds, "channel mail/0/3",
                "line \(number) of many")
            event.serial = 4
            stage.story.events.append(event)
        }
        stage.model.selection.folded = [.group(serial: 102), .group(serial: 103)]
        stage.choose(4)
        stage.pass(milliseconds: 1000)
        stage.pass(milliseconds: 1000)
        guard stage.model.panes.contains(.why) else {
            Issue.record("no timeline: \(stage.text)")
            return
        }
        while stage.model.navigation.focus != .why { stage.press(.tab) }
        #expect(stage.text.contains("[WHY 0.3 IS DOWN]"))
        let end = stage.text
        stage.type("g")
        #expect(stage.text != end)
        #expect(stage.text.contains("connect time rises"))
        // It is still the channel that keys act on.
        #expect(stage.model.subject == .channel(serial: 4))
    }

    @Test("a part that finds no room any more gives its place up")
    func shrinks() {
        var stage = Stage.live(columns: 120, rows: 40, story: Self.story())
        stage.type("1")
        stage.press(.tab)
        stage.press(.tab)
        #expect(stage.model.navigation.focus == .events)
        stage.send(.resized(Size(columns: 80, rows: 16)))
        #expect(stage.model.navigation.focus == .table)
    }
}

import Shared
import Testing

@testable import proxytop

@Suite("the end of a drain")
struct DrainTests {
    /// 0.4 drains; 1004 and 1007 are its connections, the first of them has said nothing for long.
    private func stage(columns: Int, rows: Int) -> Stage {
        var story = Story()
        story.addSessions(10)
        for index in story.sessions.indices { story.sessions[index].stuck = nil }
        for index in [4, 7] {
            story.sessions[index].channel = "mail/0/4"
            story.sessions[index].idleMilliseconds = index == 4 ? 300_000 : 1000
        }
        var stage = Stage.live(columns: columns, rows: rows, story: story)
        stage.choose(5)
        stage.pass(milliseconds: 1000)
        stage.pass(milliseconds: 1000)
        return stage
    }

    @Test("the connection that keeps it from ending is named beside the table, and L cuts only it")
    func last() {
        var stage = stage(columns: 200, rows: 60)
        #expect(stage.text.contains("DRAIN 0.4"))
        #expect(stage.text.contains("silent: 1004 192.0.2.5:40004, idle 5m00s"))
        stage.type("L")
        #expect(stage.model.actions.confirmation?.act.commands == [["kill", "session", "1004"]])
        #expect(stage.text.contains("connection 1004 192.0.2.5:40004"))
        stage.press(.escape)
        stage.press(.tab)
        while stage.model.navigation.focus != .draining, stage.model.navigation.focus != .table {
            stage.press(.tab)
        }
        #expect(stage.text.contains("[DRAIN 0.4]"))
        stage.type("e")
        #expect(stage.model.navigation.page == .detail)
        #expect(stage.text.contains("drain      since"))
        #expect(stage.text.contains("silent: 1004"))
    }

    @Test("when all that are left are silent there is no forecast")
    func silent() {
        var stage = stage(columns: 200, rows: 60)
        stage.story.channels[4].current = 1
        stage.pass(milliseconds: 1000)
        #expect(stage.text.contains("1 conn left, all of them silent"))
    }

    @Test("where nothing drains, or nothing keeps it, L says so")
    func nothing() {
        var stage = stage(columns: 80, rows: 24)
        stage.story.sessions[4].idleMilliseconds = 0
        stage.pass(milliseconds: SidePanel.lingeringMilliseconds)
        stage.type("L")
        #expect(stage.model.actions.confirmation == nil)
        #expect(stage.text.contains("no connection of this drain has been silent for a minute"))
        stage.choose(1)
        stage.type("L")
        #expect(stage.text.contains("no channel here drains"))
    }

    @Test("it is asked for seldom, and only while something drains under the cursor")
    func asking() {
        var stage = stage(columns: 80, rows: 24)
        stage.asked = []
        for _ in 0..<20 { stage.pass(milliseconds: 1000) }
        #expect(stage.asked.count { $0.contains("idle > 60s") } == 2)
        stage.choose(1)
        stage.asked = []
        for _ in 0..<20 { stage.pass(milliseconds: 1000) }
        #expect(!stage.asked.contains { $0.contains("idle > 60s") })
    }
}

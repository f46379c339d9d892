import Shared
import Testing

@testable import proxytop

@Suite("the connections")
struct ConnectionsTests {
    @Test(
        "a daemon that needs long for the list is asked less often, but at once for what is not there"
    )
    func spares() {
        var window = SessionWindow()
        window.receive([], first: 0, matched: 0, total: 0, isHeld: false)
        window.rest(after: 3, at: 1000, interval: 1000)
        #expect(window.pause == 0 && window.isDue(at: 1001, top: 0, height: 10))
        window.rest(after: 12, at: 1000, interval: 1000)
        #expect(window.pause == 2400)
        #expect(
            !window.isDue(at: 3399, top: 0, height: 10)
                && window.isDue(at: 3400, top: 0, height: 10))
        window.rest(after: 60_000, at: 1000, interval: 1000)
        #expect(window.pause == 5000)
        window.forget()
        #expect(window.isDue(at: 1001, top: 0, height: 10))
    }

    static func stage(_ count: Int = 400, columns: Int = 80, rows: Int = 24) -> Stage {
        var story = Story()
        story.addSessions(count)
        var stage = Stage.live(columns: columns, rows: rows, story: story)
        stage.press(.character("3"))
        stage.pass(milliseconds: 1000)
        return stage
    }

    @Test("only the window is asked for, the longest idle first, and the counts are shown")
    func window() {
        let stage = Self.stage()
        #expect(
            stage.asked.last { $0.hasPrefix("show sessions") }
                == "show sessions sort -idle_ms limit 42 offset 0")
        #expect(stage.text.contains("rows 1-14 of 400 matching, 400 in all"))
        #expect(stage.text.contains("400 in all; 1 stuck here (S)"), "what matters less goes whole")
        #expect(stage.lines.contains { $0.hasPrefix(">     1000 192.0.2.1:40000") })
        #expect(stage.text.contains("relayS"))
    }

    @Test("moving past the window asks at once, and the rest is there when it is reached")
    func scroll() {
        var stage = Self.stage()
        stage.press(.character("G"))
        stage.pass(milliseconds: 0)
        #expect(stage.model.selection.sessionCursor.index == 399)
        #expect(stage.model.selection.sessionCursor.subject == .session(id: 1399))
        #expect(
            stage.asked.last { $0.hasPrefix("show sessions") }
                == "show sessions sort -idle_ms limit 42 offset 372")
        #expect(stage.text.contains("rows 387-400 of 400"))
    }

    @Test("a filter and an order go to the daemon")
    func filtered() {
        var stage = Self.stage()
        stage.type("/idle > 390s and chan = mail/0/0")
        stage.press(.enter)
        stage.pass(milliseconds: 0)
        #expect(stage.text.contains("of 4 matching, 400 in all"))
        stage.press(.character(">"))
        stage.pass(milliseconds: 0)
        #expect(
            stage.asked.last { $0.hasPrefix("show sessions") }
                == "show sessions where idle > 390s and channel = mail/0/0 "
                + "sort -in_bytes limit 42 offset 0")
        stage.press(.character("i"))
        stage.pass(milliseconds: 0)
        #expect(stage.asked.last?.contains("sort in_bytes") == true)
        stage.command("sort -out_rate_bytes")
        stage.pass(milliseconds: 0)
        #expect(stage.asked.last?.contains("sort -out_rate_bytes") == true)
        stage.press(.character("S"))
        stage.pass(milliseconds: 0)
        #expect(stage.text.contains("of 1 matching"))
    }

    @Test("what the daemon does not like about a filter is shown, and the link stays")
    func fault() {
        var stage = Self.stage()
        stage.model.data.window.fail("no field “x”")
        #expect(stage.text.contains("the daemon says: no field “x”"))
        #expect(stage.model.connection.link.isLive)
    }

    @Test("the order stands still while the operator moves, and what has ended is dim")
    func held() {
        var stage = Self.stage(5)
        stage.press(.down)
        stage.press(.down)
        #expect(stage.model.selection.sessionCursor.subject == .session(id: 1002))
        stage.story.sessions.reverse()
        for index in stage.story.sessions.indices {
            stage.story.sessions[index].idleMilliseconds = UInt64(index)
        }
        stage.story.sessions.removeAll { $0.id == 1000 }
        stage.pass(milliseconds: 1000)
        #expect(stage.model.data.window.rows.map(\.id) == [1000, 1001, 1002, 1003, 1004])
        #expect(stage.text.contains("1 dim: ended or moved on"))
        #expect(stage.model.data.window.rows[1].idleMilliseconds == 3)
        stage.pass(milliseconds: 3000)
        #expect(stage.model.data.window.rows.map(\.id) == [1001, 1002, 1003, 1004])
        #expect(stage.model.selection.sessionCursor.subject == .session(id: 1002))
    }

    @Test("K cuts the one under the cursor after a look, by its id")
    func cutOne() {
        var stage = Self.stage()
        stage.press(.down)
        stage.press(.character("K"))
        #expect(stage.text.contains("connection 1001 192.0.2.2:40001"))
        stage.pass(milliseconds: 1000)
        #expect(stage.requests.isEmpty)
        stage.press(.character("y"))
        #expect(stage.requests == ["kill session 1001"])
    }

    @Test("marked ones are cut together, once their number is typed as the daemon counts them")
    func cutMarked() {
        var stage = Self.stage()
        for _ in 0..<3 { stage.press(.character(" ")) }
        #expect(stage.text.contains("3 marked"))
        stage.story.sessions.removeAll { $0.id == 1001 }
        stage.press(.character("K"))
        #expect(stage.text.contains("Type 2"))
        stage.type("2")
        stage.press(.enter)
        #expect(stage.requests == ["kill sessions where id=1000 or id=1001 or id=1002"])
        stage.answerToActs = nil
    }

    @Test("a channel's connections are one key away, and K there names the channel")
    func ofChannel() {
        var stage = Stage.live()
        stage.story.addSessions(30)
        stage.choose(3)
        stage.press(.character("d"))
        stage.pass(milliseconds: 0)
        #expect(stage.model.navigation.page == .connections)
        #expect(stage.text.contains("of 10 matching, 30 in all"))
        stage.press(.escape)
        stage.press(.character("K"))
        stage.press(.character("y"))
        #expect(
            stage.requests == ["kill sessions where channel = mail/0/2 if-gen=8812"])
    }

    @Test("the detail of one that ends keeps its last values and says so")
    func ended() {
        var stage = Self.stage(columns: 120)
        stage.press(.enter)
        stage.pass(milliseconds: 1000)
        #expect(stage.text.contains("client_rtt_us"))
        stage.story.sessions.removeFirst()
        stage.pass(milliseconds: 1000)
        #expect(stage.text.contains("it has ended"))
        #expect(stage.text.contains("192.0.2.1:40000"))
        #expect(stage.model.connection.link.isLive)
    }
}

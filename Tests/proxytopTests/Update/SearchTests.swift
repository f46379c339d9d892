import Shared
import Testing

@testable import proxytop

@Suite("looking through all connections")
struct SearchTests {
    /// The longest idle first: 1000, 1001 and so on.
    private static func stage(_ count: Int = 2500, looking words: String) -> Stage {
        var stage = ConnectionsTests.stage(count)
        stage.press(.function(3))
        stage.type(words)
        stage.press(.enter)
        return stage
    }

    @Test("what is here is looked at first, and nobody is asked for it")
    func here() {
        let stage = Self.stage(60, looking: "192.0.2.9:")
        #expect(stage.model.subject == .session(id: 1008))
        #expect(stage.model.data.search == nil)
    }

    @Test("then the daemon is asked, a thousand at a time and one question at a time, to the match")
    func found() {
        var stage = Self.stage(looking: "id = 3333")
        #expect(stage.text.contains("looking: 42 of 2500 connections; any key ends it"))
        stage.pass(milliseconds: 1)
        #expect(
            stage.asked.last == "show sessions sort -idle_ms limit 1000 offset 42")
        #expect(stage.text.contains("looking: 1042 of 2500 connections"))
        stage.pass(milliseconds: 1)
        #expect(stage.asked.last == "show sessions sort -idle_ms limit 1000 offset 1042")
        stage.pass(milliseconds: 1)
        #expect(stage.model.data.search == nil)
        #expect(stage.model.subject == .session(id: 3333))
        #expect(stage.model.selection.sessionCursor.index == 2333)
        #expect(stage.lines.contains { $0.hasPrefix(">     3333") }, "\(stage.text)")
        // The window follows, and the cursor stays on the match.
        for _ in 0..<6 { stage.pass(milliseconds: 1000) }
        #expect(stage.model.subject == .session(id: 3333))
        #expect(stage.model.data.window.rows.count == 42)
        #expect(stage.model.data.window.covers(stage.model.selection.sessionCursor.top, height: 14))
    }

    @Test("N goes the other way, round the beginning")
    func backwards() {
        var stage = Self.stage(looking: "id = 1001 or id = 3400")
        #expect(stage.model.subject == .session(id: 1001))
        stage.type("N")
        for _ in 0..<4 { stage.pass(milliseconds: 1) }
        #expect(stage.model.subject == .session(id: 3400))
        stage.pass(milliseconds: 4000)
        stage.type("n")
        for _ in 0..<4 { stage.pass(milliseconds: 1) }
        #expect(stage.model.subject == .session(id: 1001))
    }

    @Test("when nothing matches all of them were looked at once, and it is said")
    func none() {
        var stage = Self.stage(looking: "198.51.100.1")
        let before = stage.asked.count
        for _ in 0..<6 { stage.pass(milliseconds: 1) }
        #expect(stage.text.contains("no further match in 2500 connections"))
        #expect(stage.model.data.search == nil)
        let asked = stage.asked[before...].filter {
            $0.contains("show sessions") && !$0.contains("limit 42 ")
        }
        #expect(asked.count == 3)
        #expect(stage.model.subject == .session(id: 1000))
    }

    @Test("the only match is the one under the cursor: no further one")
    func alone() {
        var stage = Self.stage(looking: "id = 1003")
        stage.type("n")
        for _ in 0..<6 { stage.pass(milliseconds: 1) }
        #expect(stage.text.contains("no further match in 2500 connections"))
        #expect(stage.model.subject == .session(id: 1003))
        stage = Self.stage(10, looking: "id = 1003")
        stage.type("n")
        #expect(stage.text.contains("no further match in 10 connections"))
    }

    @Test("a slow daemon is left alone for twenty times as long as it needed, two seconds at most")
    func spares() throws {
        var story = Story()
        story.addSessions(5)
        let rows = story.sessions
        let filter = try FilterText("id = 1", .sessions).filter
        var search = try #require(
            SessionSearch(filter, step: 1, id: 1, from: 0, rows: 0..<10, of: 5000))
        #expect(search.nextAt == 0)
        search.ask()
        #expect(search.nextAt == nil)
        _ = search.receive(rows, matched: 5000, after: 30, at: 1000)
        #expect(search.nextAt == 1600)
        search.ask()
        _ = search.receive(rows, matched: 5000, after: 900, at: 3000)
        #expect(search.nextAt == 5000)
    }

    @Test(
        "every row is looked at once, whatever the list is and wherever it begins",
        arguments: [1, -1])
    func coverage(step: Int) throws {
        var generator = SeededGenerator(seed: 7)
        let filter = try FilterText("id = 1", .sessions).filter
        for _ in 0..<300 {
            let count = Int.random(in: 2...5000, using: &generator)
            let first = Int.random(in: 0..<count - 1, using: &generator)
            let rows =
                first..<Int.random(in: first + 1...min(count - 1, first + 90), using: &generator)
            let cursor = Int.random(in: rows, using: &generator)
            var search = try #require(
                SessionSearch(filter, step: step, id: 1, from: cursor, rows: rows, of: count))
            var seen = Set(step > 0 ? cursor..<rows.upperBound : rows.lowerBound..<cursor + 1)
            var questions = 0
            while !search.isOver {
                let part = search.part
                #expect(!part.isEmpty && part.count <= SessionSearch.mostRows)
                seen.formUnion(part)
                search.ask()
                _ = search.receive([], matched: count, after: 0, at: 0)
                questions += 1
                guard questions < 20 else { break }
            }
            #expect(seen.count == count)
            #expect(questions <= count / SessionSearch.mostRows + 3)
        }
    }

    @Test("a list that shrinks or vanishes ends it, too", arguments: [0, 1, 30, 999])
    func shrinks(left: Int) throws {
        let filter = try FilterText("id = 1", .sessions).filter
        for step in [1, -1] {
            var search = try #require(
                SessionSearch(filter, step: step, id: 1, from: 20, rows: 0..<50, of: 1_000_000))
            var questions = 0
            while !search.isOver, questions < 2000 {
                search.ask()
                _ = search.receive([], matched: left, after: 0, at: 0)
                questions += 1
            }
            #expect(search.isOver)
        }
    }

    @Test(
        "any other key ends it; Esc and q do nothing else, j moves",
        arguments: [Key.escape, .character("q"), .character("j"), .control("c"), .character("4")])
    func cancels(key: Key) {
        var stage = Self.stage(looking: "id = 3333")
        stage.pass(milliseconds: 1)
        stage.press(key)
        #expect(stage.model.data.search == nil)
        #expect(!stage.effects.contains(.quit(.good, message: nil)))
        let isConsumed = key != .character("4")
        #expect((stage.model.navigation.page == .connections) == isConsumed)
        if key == .escape { #expect(stage.text.contains("no longer looking; 1042 connections")) }
        if key == .character("j") { #expect(stage.model.subject == .session(id: 1001)) }
        // An answer that was on its way is not an answer any more.
        for _ in 0..<3 { stage.pass(milliseconds: 1) }
        #expect(stage.model.subject != .session(id: 3333))
    }

    @Test("n once more changes nothing while it is looking, N turns back")
    func again() {
        var stage = Self.stage(looking: "id = 3333")
        stage.type("n")
        #expect(stage.model.data.search?.step == 1)
        #expect(stage.text.contains("looking: 42"))
        stage.type("N")
        #expect(stage.model.data.search?.step == -1)
    }

    @Test("an answer that comes after the end of it is passed over, and a refusal ends it")
    func late() {
        var stage = Self.stage(looking: "id = 3333")
        stage.isAnswering = false
        stage.pass(milliseconds: 1)
        #expect(stage.model.data.search?.nextAt == nil)
        stage.pass(milliseconds: 100)
        #expect(stage.model.connection.link.pending.count == 1, "one question at a time")
        stage.press(.escape)
        stage.send(
            .reply(stage.story.reply(to: "show sessions sort -idle_ms limit 1000 offset 42")))
        #expect(stage.model.subject == .session(id: 1000))
        #expect(stage.model.connection.link.isLive)

        stage = Self.stage(looking: "id = 3333")
        stage.isAnswering = false
        stage.pass(milliseconds: 1)
        stage.send(.reply(.error(.busy, message: "too much to do")))
        #expect(stage.model.data.search == nil)
        #expect(stage.text.contains("the daemon says: too much to do"))
    }

    @Test("frozen, without a link and in the past only what is here is looked at")
    func obstacles() {
        var stage = ConnectionsTests.stage(2500)
        stage.type("f")
        stage.press(.function(3))
        stage.type("id = 3333")
        stage.press(.enter)
        #expect(stage.model.data.search == nil)
        #expect(stage.text.contains("f thaws the screen for the others"))
        stage.type("f")
        stage.pass(milliseconds: 1000)
        stage.type("[n")
        #expect(stage.model.time.past?.model.data.search == nil)
        #expect(stage.text.contains("no others were recorded"))
        stage.type("=n")
        #expect(stage.model.data.search != nil)
        stage.send(.disconnected(reason: "gone"))
        #expect(stage.model.data.search == nil)
        stage.type("n")
        #expect(stage.text.contains("the link to the others is lost"))
    }
}

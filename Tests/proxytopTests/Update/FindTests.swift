import Shared
import Testing

@testable import proxytop

@Suite("looking for rows and for words")
struct FindTests {
    @Test("F3 goes to rows that match and hides nothing; n and N go on, round the end")
    func find() {
        var stage = Stage.live()
        let count = stage.model.outline.rows.count
        stage.press(.function(3))
        #expect(stage.text.contains("find: _"))
        stage.type("state = full")
        stage.press(.enter)
        #expect(stage.model.subject == .channel(serial: 2))
        #expect(stage.model.outline.rows.count == count)
        stage.type("n")
        #expect(stage.model.subject == .channel(serial: 3))
        stage.type("n")
        #expect(stage.model.subject == .channel(serial: 2), "round the end")
        stage.type("N")
        #expect(stage.model.subject == .channel(serial: 3))
    }

    @Test("after a filter n goes through its rows and passes over the headings")
    func filtered() {
        var stage = Stage.live()
        stage.type("/up")
        stage.press(.enter)
        stage.choose(1)
        stage.type("n")
        #expect(stage.model.subject == .channel(serial: 7))
        stage.type("n")
        #expect(stage.model.subject == .channel(serial: 9))
    }

    @Test("a bad line stays to be mended, and nothing to look for is said")
    func bad() {
        var stage = Stage.live()
        stage.type("n")
        #expect(stage.text.contains("F3 looks for rows"))
        stage.press(.function(3))
        stage.type("state >")
        stage.press(.enter)
        #expect(stage.model.actions.prompt?.remark != nil)
        stage.press(.escape)
        stage.press(.function(3))
        stage.type("nowhere")
        stage.press(.enter)
        #expect(stage.text.contains("no channel here matches"))
    }

    @Test("what lies in a folded group is found, and the group is opened")
    func folded() {
        var stage = Stage.live()
        stage.model.selection.folded.insert(.group(serial: 102))
        stage.model.settle()
        stage.press(.function(3))
        stage.type("10.0.2.11")
        stage.press(.enter)
        #expect(stage.model.subject == .channel(serial: 8))
        #expect(stage.lines.contains { $0.hasPrefix("> 1.1") })
    }

    @Test("events, too")
    func events() {
        var story = Story()
        story.addEvents()
        var stage = Stage.live(story: story)
        stage.type("4")
        stage.press(.function(3))
        stage.type("drain")
        stage.press(.enter)
        #expect(stage.model.subject == .event(id: 2))
    }

    @Test("/ looks for words in the help, n goes on, and they are marked")
    func help() {
        var stage = Stage.live()
        stage.type("?/weight")
        stage.press(.enter)
        func here() -> String? { stage.lines.first { $0.hasPrefix(" > ") || $0.hasPrefix(" >") } }
        #expect(here()?.contains("weight") == true, "\(stage.text)")
        let first = here()
        stage.type("n")
        #expect(here()?.contains("weight") == true)
        #expect(here() != first)
        let grid = stage.model.render(.ascii)
        #expect(grid.styles.contains(Style.chosen.number))
        stage.type("/no such thing")
        stage.press(.enter)
        #expect(stage.text.contains("no line has “no such thing”"))
        stage.type("q")
        #expect(stage.model.navigation.overlay == nil)
    }

    @Test("Enter in the help does what stands on the line; in another view it says where it would")
    func doesIt() {
        var stage = Stage.live()
        stage.choose(1)
        stage.type("?/drain: no new")
        stage.press(.enter)
        stage.press(.enter)
        #expect(stage.model.navigation.overlay == nil)
        #expect(stage.model.actions.confirmation?.act.verb == .drain)
        stage.press(.escape)
        stage.type("4?")
        stage.press(.enter)
        #expect(stage.model.navigation.overlay == nil, "the first key moves, everywhere")
        stage.type("?/drain: no new")
        stage.press(.enter)
        stage.press(.enter)
        #expect(stage.text.contains("that does something in 1 Overview, 2 Channels, 5 Detail"))
        #expect(stage.model.actions.confirmation == nil)
        stage.press(.home)
        stage.press(.enter)
        #expect(stage.text.contains("there is nothing to do on that line"))
    }

    @Test("the same in an answer of the daemon and in the timeline")
    func answers() {
        var stage = Stage.live()
        stage.command("explain 192.0.2.1")
        stage.type("/chosen")
        stage.press(.enter)
        #expect(stage.text.contains("chosen"))
        #expect(stage.model.actions.notice == nil)
    }
}

import Shared
import Testing

@testable import proxytop

@Suite("columns to choose")
struct ColumnTests {
    @Test(
        "c lists them; Space takes one off and puts it back",
        arguments: [Key.character("c"), .function(2)])
    func toggles(key: Key) {
        var stage = Stage.live()
        #expect(stage.lines[5].contains(" WT "))
        stage.press(key)
        #expect(stage.text.contains("[x] WT"))
        #expect(stage.text.contains("[ ] SINCE"))
        while !stage.lines.contains(where: { $0.hasPrefix(" > [x] WT") }) { stage.type("j") }
        stage.type(" ")
        #expect(stage.text.contains("[ ] WT"))
        stage.type("q")
        #expect(!stage.lines[5].contains(" WT "))
        stage.press(key)
        while !stage.lines.contains(where: { $0.hasPrefix(" > [ ] WT") }) { stage.type("j") }
        stage.press(.enter)
        stage.press(.escape)
        #expect(stage.lines[5].contains(" WT "))
    }

    @Test("a column that the width leaves out comes when it is asked for, and another one goes")
    func wanted() {
        var stage = Stage.live()
        #expect(!stage.lines[5].contains("SINCE"))
        #expect(stage.lines[5].contains("TREND"))
        stage.model.preferences.channelColumns.toggle(.since, isShown: false)
        #expect(stage.lines[5].contains("SINCE"))
        #expect(!stage.lines[5].contains("TREND"), "the trend goes first")
        stage.type("c_")
        #expect(stage.text.contains("the width of the screen chooses"))
        stage.type("q")
        #expect(!stage.lines[5].contains("SINCE"))
    }

    @Test("identity, state and sessions are always there")
    func fixed() {
        var stage = Stage.live()
        stage.type("c ")
        #expect(stage.text.contains("ID is always there"))
        #expect(stage.model.preferences.channelColumns.isEmpty)
    }

    @Test("connections have their own")
    func connections() {
        var story = Story()
        story.addSessions(3)
        var stage = Stage.live(story: story)
        stage.type("3")
        stage.pass(milliseconds: 1000)
        stage.type("c")
        while !stage.lines.contains(where: { $0.hasPrefix(" > [x] AGE") }) { stage.type("j") }
        stage.type(" q")
        #expect(!stage.lines[5].contains(" AGE"))
        stage.type("2")
        #expect(stage.lines[5].contains("ENDPOINT"))
    }

    @Test(
        "whatever is chosen, no row is longer than the screen, and nothing overlaps",
        arguments: [40, 60, 80, 100, 120, 160, 200])
    func fits(columns: Int) {
        var generator = SeededGenerator(seed: UInt64(columns))
        for _ in 0..<200 {
            var choice = ColumnChoice<Column.Content>()
            for column in Column.all where !column.content.isFixed && Bool.random(using: &generator)
            {
                choice.toggle(column.content, isShown: Bool.random(using: &generator))
            }
            let slots = ColumnLayout(columns: columns, choice: choice).slots
            for (left, right) in zip(slots, slots.dropFirst()) { #expect(left.end < right.start) }
            #expect((slots.last?.end ?? 0) <= columns, "\(choice)")
            let shown = slots.map(\.column.content)
            #expect(!shown.contains { choice.hidden.contains($0) })
            #expect(shown.filter(\.isFixed).count == 3)
        }
    }
}

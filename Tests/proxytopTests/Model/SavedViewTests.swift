import Foundation
import Shared
import Testing

@testable import proxytop

@Suite("views to come back to")
struct SavedViewTests {
    private static func stage() -> Stage {
        var story = Story()
        story.addSessions(20)
        return Stage.live(story: story)
    }

    @Test("s keeps filter, order and columns under a name; :view shows it again, :forget drops it")
    func keeps() {
        var stage = Self.stage()
        stage.command("sort -conn")
        stage.type("/full")
        stage.press(.enter)
        stage.model.preferences.channelColumns.toggle(.weight, isShown: true)
        stage.type("sbusy")
        #expect(stage.text.contains("keep this view as: busy_"))
        stage.press(.enter)
        #expect(stage.text.contains("kept: :view busy"))
        #expect(stage.effects.contains { if case .keepView = $0 { true } else { false } })

        stage.type("\\")
        stage.model.selection.channelOrder = nil
        stage.model.preferences.channelColumns = ColumnChoice()
        stage.type("4")
        stage.command("view busy")
        #expect(stage.model.navigation.page == .channels)
        #expect(stage.model.channelFilter?.text == "full")
        #expect(stage.model.selection.channelOrder?.text == "conn-")
        #expect(!stage.lines[5].contains(" WT "))

        stage.command("view")
        #expect(stage.text.contains("busy"))
        #expect(stage.text.contains("channels  filter: full  sort: -conn"))
        stage.press(.enter)
        #expect(stage.model.navigation.overlay == nil)
        stage.type(":view b")
        stage.press(.tab)
        #expect(stage.model.actions.prompt?.text == "view busy ")
        stage.press(.escape)
        stage.command("forget busy")
        #expect(stage.model.preferences.savedViews.isEmpty)
        #expect(stage.effects.contains(.forgetView("busy")))
        stage.command("view busy")
        #expect(stage.text.contains("or one that s has kept"))
    }

    @Test(
        "what cannot be a name is said, and what looks like a file is written",
        arguments: ["", "two words", "overview", "2", String(repeating: "x", count: 41), "a\u{7}b"])
    func names(name: String) {
        #expect(SavedView.objection(to: name) != nil)
    }

    @Test("a name with an ending is a file, as it was before")
    func files() {
        var stage = Self.stage()
        stage.type("snow.txt")
        stage.press(.enter)
        let written = stage.effects.contains { effect in
            if case .write("now.txt", let text) = effect { text.contains("slots") } else { false }
        }
        #expect(written)
    }

    @Test("the connections' order and filter are kept, too")
    func connections() {
        var stage = Self.stage()
        stage.type("3")
        stage.command("sort -out")
        stage.command("filter client ~ 192.0.2.0/28")
        let view = SavedView(stage.model, name: "some")
        #expect(view.page == .connections)
        var other = Self.stage()
        other.model.restore(view)
        #expect(other.model.navigation.page == .connections)
        #expect(other.model.data.window.order.word == view.order)
        #expect(other.model.data.window.filter?.text == "client ~ 192.0.2.0/28")
    }

    @Test("a line says all of it, whatever was typed into the filter")
    func line() throws {
        var stage = Self.stage()
        stage.model.channelFilter = try FilterText("address ~ \"a\\tb\"", .channels)
        stage.model.preferences.channelColumns.toggle(.since, isShown: false)
        stage.model.preferences.channelColumns.toggle(.weight, isShown: true)
        stage.model.preferences.sessionColumns.toggle(.age, isShown: true)
        stage.model.preferences.showsBits = true
        let view = SavedView(stage.model, name: "mine")
        #expect(!view.line.contains("\n"))
        #expect(SavedView(line: view.line) == view)
    }

    @Test(
        "torn and foreign lines are passed over, and what is not known in a line, too",
        arguments: [
            "", "\t\t", "mine", "mine\tview=", "mine\tview=nowhere", "mine\tview=detail",
            "a b\tview=channels", "\u{0}\u{1}\u{2}", "view=channels", "{\"json\": true}",
        ])
    func foreign(line: String) {
        #expect(SavedView(line: line) == nil)
    }

    @Test("what a later version wrote is read as far as it is understood")
    func later() throws {
        let view = try #require(
            SavedView(
                line:
                    "x\tview=channels\tcolours=red\tsort=-zodiac\tfilter=state >\tcolumns=+moon -weight"
            ))
        #expect(view.order == nil)
        #expect(view.filter == nil)
        #expect(view.channels.hidden == [.weight])
        #expect(view.channels.wanted.isEmpty)
    }

    @Test(
        "files: kept from run to run, read again before they are written, never more than there should be"
    )
    func memory() throws {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "views-\(UUID().uuidString)"
        ).path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (one, two) = (ViewMemory(folder: folder), ViewMemory(folder: folder))
        #expect(one.kept().isEmpty)
        #expect(one.lastLook() == nil)
        var stage = Self.stage()
        one.keep(SavedView(stage.model, name: "a"))
        two.keep(SavedView(stage.model, name: "b"))
        #expect(one.kept().map(\.name) == ["a", "b"])
        one.forget("a")
        #expect(two.kept().map(\.name) == ["b"])
        stage.type("/full")
        stage.press(.enter)
        stage.type("4")
        one.remember(stage.model)
        #expect(two.lastLook()?.page == .events)
        #expect(two.lastLook()?.filter == nil, "what was hidden in another night is hidden no more")
        let mode = try FileManager.default.attributesOfItem(atPath: folder + "/last")[
            .posixPermissions]
        #expect(mode as? Int == 0o600)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == [
                "last", "views",
            ])

        // Torn in the middle, and something else altogether.
        try Data("b\tview=chan\nc\tvi".utf8).write(to: URL(filePath: folder + "/views"))
        #expect(one.kept().map(\.name) == ["b"])
        try Data((0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
            .write(to: URL(filePath: folder + "/last"))
        _ = one.lastLook()
        try FileManager.default.removeItem(atPath: folder + "/last")
        try FileManager.default.createSymbolicLink(
            atPath: folder + "/last", withDestinationPath: folder + "/views")
        #expect(one.lastLook() == nil, "a link leads elsewhere")
        one.remember(stage.model)
        #expect(one.kept().map(\.name) == ["b"], "nothing was written through it")
        #expect(one.lastLook()?.page == .events)
    }

    @Test("the program begins where it ended, unless something is wrong")
    func begins() {
        func first(_ story: Story) -> Page {
            var stage = Stage(story: story)
            stage.model.navigation.choosesPage = true
            stage.model.navigation.lastPage = .events
            stage.send(.connected)
            return stage.model.navigation.page
        }
        #expect(first(Story()) == .overview)
        var quiet = Story()
        for index in quiet.channels.indices {
            quiet.channels[index].state = .up
            quiet.channels[index].current = 0
        }
        #expect(first(quiet) == .events)
    }
}

import Shared
import Testing

@testable import proxytop

@Suite("the order of the rows")
struct SortingTests {
    /// The identities of the channels on the screen, from the top.
    private static func identities(_ stage: Stage) -> [String] {
        stage.lines.dropFirst(6).compactMap { line in
            let word = line.dropFirst(2).prefix { $0 != " " }
            return word.contains(".") && word.first?.isNumber == true ? String(word) : nil
        }
    }

    @Test(
        "o lists what channels can be sorted by; Enter sorts, and on the present one turns it round",
        arguments: [Key.character("o"), .function(6)])
    func channels(key: Key) {
        var stage = Stage.live()
        stage.press(key)
        #expect(stage.text.contains(" > [+] ID        as the daemon has them, by group"))
        #expect(stage.text.contains("[ ] CONN/MAX  sessions now, and at most"))
        #expect(stage.text.contains("[ ] STATE     the state, the worst first"))
        while !stage.lines.contains(where: { $0.hasPrefix(" > [ ] CONN/MAX") }) { stage.type("j") }
        stage.press(.enter)
        #expect(stage.model.navigation.overlay == nil)
        #expect(stage.lines[4].contains("sort:conn-"))
        #expect(Self.identities(stage).prefix(3) == ["0.1", "0.2", "0.0"])
        // The cursor begins on the present one.
        stage.press(key)
        #expect(stage.text.contains(" > [-] CONN/MAX"))
        stage.press(.enter)
        #expect(stage.lines[4].contains("sort:conn+"))
        stage.press(key)
        stage.press(.home)
        stage.press(.enter)
        #expect(stage.lines[4].contains("sort:id"))
        #expect(Self.identities(stage).prefix(3) == ["0.0", "0.1", "0.2"])
        stage.press(key)
        stage.press(key)
        #expect(stage.model.navigation.overlay == nil, "the key that opened it closes it")
    }

    @Test("every order that channels have is in the list, once")
    func complete() {
        let keys = SortMenu(Stage.live().model).items.map(\.key)
        #expect(keys.first == .channels(nil))
        for field in ChannelOrder.Field.allCases {
            #expect(keys.count { $0 == .channels(field) } == 1)
            #expect(Column.sorted(by: field)?.sort == field)
        }
    }

    @Test("connections can be sorted by any column, shown or not; the daemon does it")
    func connections() {
        var stage = ConnectionsTests.stage()
        stage.type("o")
        #expect(stage.text.contains(" > [-] IDLE      since a byte moved"))
        while !stage.lines.contains(where: { $0.hasPrefix(" > [ ] RETRY") }) { stage.type("j") }
        stage.press(.enter)
        stage.pass(milliseconds: 0)
        #expect(
            stage.asked.last { $0.hasPrefix("show sessions") }?.contains("sort -retries") == true)
        stage.type("o")
        stage.press(.enter)
        stage.pass(milliseconds: 0)
        #expect(
            stage.asked.last { $0.hasPrefix("show sessions") }?.contains("sort retries") == true)
    }

    @Test("in the past the connections keep the order that they had")
    func past() {
        var stage = ConnectionsTests.stage()
        stage.pass(milliseconds: 1000)
        stage.type("[o")
        #expect(stage.text.contains("their order stays"))
        #expect(stage.model.time.past?.model.navigation.overlay == nil)
    }

    // MARK: One list

    @Test("z takes the headings away, in the order that was chosen; again brings them back")
    func flat() {
        var stage = Stage.live()
        stage.command("sort -conn")
        stage.choose(7)
        stage.type("z")
        #expect(stage.model.isFlat)
        #expect(!stage.text.contains("- G0 rr") && !stage.text.contains("- G1 rr"))
        #expect(
            Self.identities(stage).prefix(5) == ["0.1", "0.2", "0.0", "1.0", "0.4"])
        #expect(stage.lines[4].contains("group:off"))
        #expect(stage.lines[4].contains("sort:conn-"))
        #expect(stage.model.subject == .channel(serial: 7))
        stage.type("z")
        #expect(stage.text.contains("- G1 rr"))
        #expect(!stage.lines[4].contains("group:off"))
        #expect(stage.model.subject == .channel(serial: 7))
    }

    @Test(
        "without an order it is by group, with what is folded, and h and l say where headings are")
    func unfolded() {
        var stage = Stage.live()
        stage.model.selection.folded.insert(.group(serial: 101))
        stage.model.settle()
        stage.type("z")
        #expect(
            Self.identities(stage) == [
                "0.0", "0.1", "0.2", "0.3", "0.4", "0.5", "1.0", "1.1", "2.0",
            ])
        stage.type("h")
        #expect(stage.text.contains("there are no headings here; z brings them back"))
        stage.type("zz/down")
        stage.press(.enter)
        #expect(Self.identities(stage) == ["0.3"])
    }

    @Test(
        "from a heading the cursor goes to its first channel, and marks on headings to their channels"
    )
    func headings() {
        var stage = Stage.live()
        stage.chooseGroup(102)
        stage.type(" ")
        stage.chooseGroup(102)
        #expect(stage.model.selection.marks == [.group(serial: 102)])
        stage.type("z")
        #expect(stage.model.subject == .channel(serial: 7))
        #expect(stage.model.selection.marks == [.channel(serial: 7), .channel(serial: 8)])
        stage.type("D")
        #expect(stage.asked.suffix(4).contains("drain mail/1/0"))
        stage.press(.escape)
        // Something happens to the marks by name only.
        stage.story.channels.removeAll { $0.serial == 8 }
        stage.pass(milliseconds: 1000)
        #expect(stage.model.selection.marks == [.channel(serial: 7)])
        stage.type("z")
        #expect(stage.model.selection.marks == [.channel(serial: 7)])
    }

    @Test(
        "of a thousand the worst are at the top; there is no line of quiet ones, and it comes back")
    func thousand() {
        var story = Story()
        story.channels = (0..<1000).map {
            ChannelSnapshot(
                path: "mail/0/\($0)", serial: UInt64($0 + 1), state: $0 == 700 ? .down : .up,
                address: "10.0.0.1:1")
        }
        var stage = Stage(story: story)
        stage.send(.connected)
        #expect(stage.text.contains("Enter shows them"))
        let hushed = stage.model.outline.rows.count
        stage.model.selection.cursor.subject = .quiet(group: 101)
        stage.model.settle()
        stage.type("z")
        #expect(!stage.text.contains("Enter shows them"))
        #expect(stage.model.outline.rows.count == stage.model.snapshot?.channels.count)
        #expect(stage.model.subject == .channel(serial: 1))
        stage.command("sort -state")
        #expect(stage.lines[4].contains("sort:state-  group:off"))
        stage.type("g")
        #expect(Self.identities(stage).first == "0.700")
        stage.type("*")
        #expect(stage.model.selection.marks.count == stage.model.snapshot?.channels.count)
        stage.type("_z")
        stage.model.selection.channelOrder = nil
        stage.model.settle()
        #expect(stage.model.outline.rows.count <= hushed + 1)
        #expect(stage.text.contains("Enter shows them"))
    }

    @Test("with several services the name has the service")
    func services() {
        var story = Story()
        story.channels[8].path = "web/0/0"
        story.groups[2].path = "web/0"
        var stage = Stage.live(story: story)
        stage.type("z")
        #expect(stage.text.contains("web/0/0") && stage.text.contains("mail/0/0"))
    }

    @Test("it is kept with a view and with the last look, and goes along into the past")
    func kept() {
        var stage = Stage.live()
        stage.type("zsall")
        stage.press(.enter)
        #expect(
            stage.model.preferences.savedViews.first?.description.contains("group: off") == true)
        stage.type("z")
        stage.command("view all")
        #expect(stage.model.isFlat)
        let line = SavedView(stage.model, name: "last").line
        #expect(SavedView(line: line)?.isFlat == true)
        stage.pass(milliseconds: 1000)
        stage.type("[")
        #expect(stage.model.time.past?.model.isFlat == true)
        stage.type("z=")
        #expect(!stage.model.isFlat)
    }
}

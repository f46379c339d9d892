import Shared
import Testing

@testable import proxytop

@Suite("the cursor stays on its thing")
struct CursorTests {
    @Test("through any insertion, removal and change of order", arguments: 0..<40)
    func identity(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var stage = Stage.live(rows: 16)
        let chosen = UInt64.random(in: 1...9, using: &random)
        stage.choose(chosen)
        var serial: UInt64 = 1000
        for _ in 0..<60 {
            change(&stage.story, sparing: chosen, serial: &serial, using: &random)
            stage.pass(milliseconds: 1000)
            #expect(stage.model.selection.cursor.subject == .channel(serial: chosen))
            let row = stage.lines.first { $0.hasPrefix(">") }
            let place = stage.story.channels.first { $0.serial == chosen }
            let name = place.map { Place(channelPath: $0.path).shortName } ?? "?"
            #expect(row?.hasPrefix("> \(name) ") == true, "\(name): \(row ?? "no row")")
        }
    }

    private func change(
        _ story: inout Story, sparing chosen: UInt64, serial: inout UInt64,
        using random: inout SeededGenerator
    ) {
        switch random.next() % 3 {
        case 0:
            serial += 1
            let group = random.next() % 3
            let at = Int(random.next() % UInt64(story.channels.count + 1))
            story.channels.insert(
                ChannelSnapshot(
                    path: "mail/\(group)/\(serial)", serial: serial, state: .up,
                    address: "10.9.9.9:1"),
                at: at)
        case 1:
            let others = story.channels.indices.filter { story.channels[$0].serial != chosen }
            if others.count > 3, let victim = others.randomElement(using: &random) {
                story.channels.remove(at: victim)
            }
        default: story.channels.shuffle(using: &random)
        }
    }

    @Test("keeps its line of the screen while rows come in above it")
    func line() {
        var story = Story()
        story.channels += (10..<60).map {
            ChannelSnapshot(
                path: "mail/2/\($0)", serial: UInt64($0), state: .up, address: "10.0.0.1:1")
        }
        var stage = Stage(story: story)
        stage.send(.connected)
        // Shown whole, the list is longer than the screen.
        stage.model.selection.wholeGroups = [103]
        stage.choose(40)
        let before = stage.lines.firstIndex { $0.hasPrefix(">") }
        stage.story.channels.insert(
            ChannelSnapshot(path: "mail/0/99", serial: 99, state: .up, address: "10.0.0.1:1"), at: 0
        )
        stage.pass(milliseconds: 1000)
        #expect(stage.lines.firstIndex { $0.hasPrefix(">") } == before)
        #expect(stage.model.selection.cursor.subject == .channel(serial: 40))
    }

    @Test("goes to a neighbour when its thing is gone")
    func gone() {
        var stage = Stage.live()
        stage.choose(3)
        stage.story.channels.removeAll { $0.serial == 3 }
        stage.pass(milliseconds: 1000)
        #expect(stage.model.selection.cursor.subject == .channel(serial: 4))
        stage.story.channels = []
        stage.story.groups = []
        stage.pass(milliseconds: 1000)
        #expect(stage.text.contains("slots"))
    }

    @Test("folding hides the channels and leaves the cursor on the heading")
    func fold() {
        var stage = Stage.live()
        stage.choose(3)
        stage.press(.character("h"))
        #expect(stage.model.selection.cursor.subject == .group(serial: 101))
        #expect(!stage.text.contains("10.0.1.12"))
        stage.press(.right)
        #expect(stage.text.contains("10.0.1.12"))
    }

    @Test("several services fold too")
    func services() {
        var story = Story()
        story.groups.append(
            GroupSnapshot(
                path: "web/0", serial: 300, role: .active, balance: "first", usable: 1, channels: 1,
                current: 0, slots: nil, total: 0, spilled: 0))
        story.channels.append(
            ChannelSnapshot(path: "web/0/0", serial: 30, state: .up, address: "10.0.9.1:80"))
        var stage = Stage(columns: 120, rows: 40, story: story)
        stage.send(.connected)
        #expect(stage.text.contains("service mail"))
        #expect(stage.lines[2].contains("web: G0 first ACTIVE 1/1"))
        stage.choose(30)
        stage.press(.left)
        stage.press(.left)
        #expect(stage.model.selection.cursor.subject == .service("web"))
        #expect(!stage.text.contains("10.0.9.1:80"))
    }

    @Test(
        "every moving key moves",
        arguments: [
            (Key.character("j"), 1), (.down, 1), (.character("G"), 11), (.end, 11), (.pageDown, 11),
            (.control("d"), 7), (.character("k"), -1), (.home, -1), (.character("g"), -1),
        ])
    func moves(key: Key, by rows: Int) {
        var stage = Stage.live()
        let before = stage.model.selection.cursor.index
        stage.press(key)
        #expect(stage.model.selection.cursor.index - before == min(rows, 11 - before))
    }
}

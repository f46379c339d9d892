import Shared
import Testing

@testable import proxytop

@Suite("what holds for every frame")
struct RenderPropertyTests {
    /// What a hostile or a foreign daemon may call things.
    static let strangeNames = [
        "\u{1b}[31mred", "日本語のサーバー", "a\u{202e}cilbup", "z\u{200b}\u{200d}ero", "e\u{301}\u{302}",
        "\u{7f}\u{0}\u{9b}2J", "👩‍👩‍👧‍👦.example", "ｆｕｌｌ", "", "tab\there",
    ]

    static func strangeStage(columns: Int, rows: Int, seed: UInt64) -> Stage {
        var random = SeededGenerator(seed: seed)
        var story = Story()
        for index in story.channels.indices {
            let name = strangeNames[Int(random.next() % UInt64(strangeNames.count))]
            story.channels[index].address = name + ":143"
            story.channels[index].why = name
            story.channels[index].label = name
            func number() -> UInt64 {
                switch random.next() % 4 {
                case 0: .max
                case 1: 0
                default: random.next() >> (random.next() % 64)
                }
            }
            story.channels[index].current = number()
            story.channels[index].maxc = random.next() % 3 == 0 ? nil : number()
            story.channels[index].sinceMilliseconds = number()
            story.channels[index].retryMilliseconds = number()
            story.channels[index].connectP50Microseconds = number()
            story.channels[index].weight = number()
            story.channels[index].total = number()
            story.channels[index].failed = number()
            story.channels[index].inBytes = number()
        }
        story.addSessions(30)
        story.addEvents()
        for index in story.sessions.indices {
            let name = strangeNames[Int(random.next() % UInt64(strangeNames.count))]
            story.sessions[index].client = name
            story.sessions[index].channel = index % 2 == 0 ? nil : name
            story.sessions[index].blame = name
            story.sessions[index].idleMilliseconds = random.next()
            story.sessions[index].inBytes = .max
            story.sessions[index].outRate = .max
            story.sessions[index].kernel.rtt = random.next()
        }
        for index in story.events.indices {
            story.events[index].text = strangeNames[index]
            story.events[index].actor = strangeNames[index + 1]
            story.events[index].timeMilliseconds = random.next()
        }
        var stage = Stage(columns: columns, rows: rows, story: story)
        if seed % 3 == 0 { stage.story.milliseconds = .max - 2000 }
        stage.send(.connected)
        // Another look, with other numbers, for the rates.
        for index in story.channels.indices { stage.story.channels[index].total = .max }
        stage.story.milliseconds += 1000
        stage.now.milliseconds += 1000
        stage.send(.tick)
        return stage
    }

    @Test("every row has exactly its cells, and a wide character keeps both", arguments: 0..<60)
    func cells(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let columns = Int(random.next() % 220) + 1
        let rows = Int(random.next() % 70) + 1
        var stage = Self.strangeStage(columns: columns, rows: rows, seed: seed)
        let keys: [Key] =
            [.unknown, .character("j"), .character("X"), .escape, .character("?"), .escape]
            + [.character("1"), .character("3"), .enter, .character("4"), .enter, .character(":")]
        for key in keys {
            stage.press(key)
            stage.now.milliseconds += 1000
            stage.send(.tick)
            for glyphs in Glyphs.allCases {
                let grid = stage.model.render(Capabilities(glyphs: glyphs, isUTF8: true))
                check(grid, columns: columns, rows: rows)
            }
        }
    }

    private func check(_ grid: Grid, columns: Int, rows: Int) {
        #expect(grid.scalars.count == columns * rows)
        for row in 0..<rows {
            let cells = Array(grid.scalars[grid.range(ofRow: row)])
            for (column, value) in cells.enumerated() {
                if value == 0 {
                    let before = column > 0 ? cells[column - 1] : 0
                    #expect(Unicode.Scalar(before).map(CellWidth.of) == 2)
                    continue
                }
                guard let scalar = Unicode.Scalar(value) else {
                    Issue.record("no scalar: \(value)")
                    continue
                }
                let width = CellWidth.of(scalar)
                #expect(width > 0, "a character without a width at \(row),\(column): \(value)")
                if width == 2 { #expect(column + 1 < columns && cells[column + 1] == 0) }
            }
        }
    }

    @Test("a terminal without UTF-8 gets ASCII only")
    func onlyASCII() {
        let stage = Self.strangeStage(columns: 100, rows: 30, seed: 7)
        let grid = stage.model.render(Capabilities(glyphs: .ascii, isUTF8: false))
        #expect(grid.scalars.allSatisfy { (0x20..<0x7F).contains($0) })
    }

    @Test("without colour every state still differs from every other", arguments: Glyphs.allCases)
    func monochrome(glyphs: Glyphs) {
        let faces = ChannelState.allCases.map { StateBadge($0, glyphs) }
        #expect(Set(faces.map(\.word)).count == faces.count)
        if glyphs.hasSigns { #expect(Set(faces.map(\.glyph)).count == faces.count) }
        #expect(Set(faces.map(\.word)).count == faces.count)
        for style in Style.all { #expect(Theme.mono.appearance(of: style).colour == nil) }
        for state in [ChannelState.down, .auto] {
            #expect(Theme.mono.appearance(of: StateBadge(state, glyphs).style).isReversed)
        }
    }

    @Test(
        "a preview shows its numbers, its command and what is typed at any size",
        arguments: [(40, 10), (45, 12), (60, 16), (80, 24), (200, 60)])
    func preview(columns: Int, rows: Int) {
        var story = Story()
        for index in story.channels.indices where story.channels[index].path.hasPrefix("mail/2") {
            story.channels[index].maxc = 400_050
            story.channels[index].current = 139_500
        }
        var stage = Stage(columns: columns, rows: rows, story: story)
        stage.send(.connected)
        stage.choose(3)
        stage.press(.character("X"))
        stage.type("40")
        let text = stage.text
        #expect(text.contains("400/400") || text.contains("1192/1200") || rows == 10)
        #expect(stage.lines.contains { $0.contains("cut at once") && $0.contains(" 400 |") })
        #expect(text.contains("disable mail/0/2 cut"))
        #expect(text.contains("if-gen=8812"))
        #expect(text.contains("Type 400"))
        #expect(text.contains("40_"))
    }

    @Test("in no theme do two states look the same", arguments: Theme.allCases, [256, 8, 0])
    func distinguishable(theme: Theme, colours: Int) {
        for glyphs in Glyphs.allCases {
            let looks = ChannelState.allCases.map { state in
                let face = StateBadge(state, glyphs)
                let look = theme.appearance(of: face.style).limited(to: colours)
                return "\(face.text(width: 4)) \(look)"
            }
            #expect(Set(looks).count == looks.count)
            // Good and bad differ by more than their word.
            let good = theme.appearance(of: StateBadge(.up, glyphs).style).limited(to: colours)
            for state in [ChannelState.down, .auto, .full, .grace] {
                let bad = theme.appearance(of: StateBadge(state, glyphs).style).limited(to: colours)
                #expect(bad != good, "\(state) looks like up in \(theme) with \(colours)")
            }
        }
    }

    @Test("a read-only role is offered no action")
    func readOnly() {
        var story = Story()
        story.role = "viewer"
        var stage = Stage(story: story)
        stage.send(.connected)
        #expect(stage.lines[0].contains(" RO "))
        #expect(stage.lines.last?.contains("X off") == false)
        stage.press(.character("X"))
        #expect(stage.model.actions.confirmation == nil)
        #expect(stage.requests.isEmpty)
        #expect(stage.text.contains("read-only"))
    }

    @Test("a thousand channels still make a frame")
    func many() {
        var story = Story()
        story.channels = (0..<1000).map {
            ChannelSnapshot(
                path: "mail/0/\($0)", serial: UInt64($0 + 1), state: .up, address: "10.0.0.1:1")
        }
        var stage = Stage(columns: 120, rows: 40, story: story)
        stage.send(.connected)
        // What is up is one line, until it is asked for.
        #expect(stage.text.contains("+1000 +up"))
        #expect(stage.model.selection.cursor.subject == .quiet(group: 101))
        stage.press(.character("X"))
        #expect(stage.model.actions.confirmation == nil)
        stage.press(.enter)
        #expect(stage.text.contains("  0.9  "))
        stage.press(.character("G"))
        #expect(stage.model.selection.cursor.subject == .group(serial: 103))
        stage.press(.up)
        stage.press(.up)
        #expect(stage.model.selection.cursor.subject == .channel(serial: 1000))
        #expect(stage.text.contains("0.999"))
        // The one under the cursor stays there.
        stage.press(.character("h"))
        #expect(stage.text.contains("+999 +up"))
        #expect(stage.model.selection.cursor.subject == .channel(serial: 1000))
    }

    @Test("of a long list what is not as it should be stays on the screen, and what is marked")
    func quiet() {
        var story = Story()
        story.channels = (0..<100).map {
            ChannelSnapshot(
                path: "mail/0/\($0)", serial: UInt64($0 + 1), state: $0 == 60 ? .down : .up,
                address: "10.0.0.1:1")
        }
        var stage = Stage(columns: 80, rows: 24, story: story)
        stage.send(.connected)
        #expect(stage.text.contains("0.60") && stage.text.contains("+99 +up"))
        // Up again, it stays for as long as the cursor stands on it.
        stage.story.channels[60].state = .up
        stage.pass(milliseconds: 1000)
        #expect(stage.text.contains("0.60") && stage.text.contains("+99 +up"))
        stage.press(.down)
        #expect(stage.text.contains("+100 +up"))
        // A filter or an order is a wish to see them.
        stage.model.apply(filter: "10.0.0.1", to: .channels)
        #expect(!stage.text.contains("+100 +up"))
    }
}

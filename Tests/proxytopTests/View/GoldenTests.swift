import Shared
import Testing

@testable import proxytop

@Suite("the screen looks as the manual shows it")
struct GoldenTests {
    static let sizes = [
        (20, 5), (40, 10), (60, 16), (79, 23), (80, 24), (81, 25), (100, 30), (120, 40), (200, 60),
        (300, 90),
    ]

    @Test("channels", arguments: sizes, Glyphs.allCases)
    func channels(size: (Int, Int), glyphs: Glyphs) throws {
        var stage = Stage.live(columns: size.0, rows: size.1)
        stage.choose(4)
        var screen = MemoryScreen()
        screen.present(stage.model.render(Capabilities(glyphs: glyphs, isUTF8: true)), frame: 1)
        let text = screen.frames[0].lines.map(\.trimmingTrailingBlanks).joined(separator: "\n")
        try Golden.check("channels-\(size.0)x\(size.1)-\(glyphs.rawValue)", text + "\n")
    }

    @Test("and in these styles", arguments: [(60, 16), (80, 24), (120, 40), (200, 60)])
    func styles(size: (Int, Int)) throws {
        var stage = Stage.live(columns: size.0, rows: size.1)
        stage.choose(4)
        stage.press(.character(" "))
        stage.choose(4)
        try Golden.check("styles-\(size.0)x\(size.1)", Self.styleMap(stage.model.render(.ascii)))
    }

    @Test("a preview has its warning in the style of one")
    func previewStyles() throws {
        var stage = Stage.live()
        stage.choose(3)
        stage.press(.character("X"))
        try Golden.check("styles-preview-80x24", Self.styleMap(stage.model.render(.ascii)))
    }

    /// A letter per cell: its role, a capital under the cursor; `.` is plain and a blank plain and empty.
    private static func styleMap(_ grid: Grid) -> String {
        let letters: [Style.Role: Character] = [
            .strong: "s", .faint: "f", .heading: "h", .up: "u", .full: "l", .drain: "d",
            .grace: "g", .down: "x", .auto: "a", .off: "o", .check: "c", .good: "v", .slow: "w",
            .alert: "t", .danger: "e", .chosen: "b",
        ]
        return (0..<grid.size.rows).map { row in
            let cells = grid.range(ofRow: row).map { index -> Character in
                guard let role = Style.Role(rawValue: grid.styles[index] & 0x1F) else { return "?" }
                let isUnderCursor = grid.styles[index] & 0x80 != 0
                guard let letter = letters[role] else {
                    return isUnderCursor ? "P" : grid.scalars[index] == 0x20 ? " " : "."
                }
                return isUnderCursor ? Character(letter.uppercased()) : letter
            }
            return String(cells).trimmingTrailingBlanks
        }.joined(separator: "\n") + "\n"
    }

    @Test("what every role looks like, by theme and by the colours that there are")
    func themes() throws {
        var lines: [String] = []
        for role in Style.Role.allCases {
            for theme in Theme.allCases {
                let looks = [256, 8, 0].map { colours in
                    let look = theme.appearance(of: Style(role)).limited(to: colours)
                    let attributes = [
                        (look.isBold, "bold"), (look.isDim, "dim"),
                        (look.isUnderlined, "underline"),
                        (look.isReversed, "reverse"),
                    ].filter(\.0).map(\.1)
                    let words = [look.colour.map(String.init) ?? "-"] + attributes
                    return words.joined(separator: " ")
                }
                lines.append("\(role) \(theme.rawValue): " + looks.joined(separator: " | "))
            }
        }
        try Golden.check("themes", lines.joined(separator: "\n") + "\n")
    }

    @Test("what stands beside and below the channels", arguments: [(80, 30), (120, 40), (200, 60)])
    func panes(size: (Int, Int)) throws {
        var story = Story()
        story.addSessions(60)
        story.addEvents()
        var stage = Stage.live(columns: size.0, rows: size.1, story: story)
        stage.choose(4)
        stage.press(.character(" "))
        stage.choose(3)
        stage.pass(milliseconds: 1000)
        stage.pass(milliseconds: 1000)
        try Golden.check("panes-\(size.0)x\(size.1)-ascii", stage.text + "\n")
    }

    private static let pageSizes = [(40, 10), (60, 16), (80, 24), (120, 40), (200, 60)]

    private func check(_ page: Page, _ name: String, _ size: (Int, Int), _ stage: inout Stage)
        throws
    {
        stage.model.show(page)
        stage.pass(milliseconds: 1000)
        try Golden.check("\(name)-\(size.0)x\(size.1)-ascii", stage.text + "\n")
    }

    @Test("the overview", arguments: pageSizes)
    func overview(size: (Int, Int)) throws {
        var stage = Stage.live(columns: size.0, rows: size.1)
        try check(.overview, "overview", size, &stage)
    }

    @Test("the connections", arguments: pageSizes)
    func connections(size: (Int, Int)) throws {
        var story = Story()
        story.addSessions(400)
        var stage = Stage.live(columns: size.0, rows: size.1, story: story)
        try check(.connections, "connections", size, &stage)
    }

    @Test("the events", arguments: [(80, 24), (120, 40)])
    func events(size: (Int, Int)) throws {
        var story = Story()
        story.addEvents()
        var stage = Stage.live(columns: size.0, rows: size.1, story: story)
        try check(.events, "events", size, &stage)
    }

    @Test("a channel closely", arguments: [(80, 24), (120, 40)])
    func detail(size: (Int, Int)) throws {
        var story = Story()
        story.addEvents()
        var stage = Stage.live(columns: size.0, rows: size.1, story: story)
        stage.choose(4)
        try check(.detail, "detail", size, &stage)
    }

    @Test("the columns to sort by")
    func sorting() throws {
        var stage = Stage.live()
        stage.command("sort -conn")
        stage.press(.character("o"))
        try Golden.check("sorting-80x24-ascii", stage.text + "\n")
    }

    @Test("the channels of all groups in one list")
    func flat() throws {
        var stage = Stage.live()
        stage.command("sort -conn")
        stage.press(.character("z"))
        stage.model.actions.notice = nil
        try Golden.check("flat-80x24-ascii", stage.text + "\n")
    }

    @Test(
        "the preview of a drain that ends at a time, where the answer is typed",
        arguments: [40, 80])
    func ending(columns: Int) throws {
        var stage = Stage.live(columns: columns)
        stage.choose(7)
        stage.press(.character("D"))
        stage.press(.tab)
        stage.type("0230")
        try Golden.check("ending-\(columns)x24-ascii", stage.text + "\n")
    }

    @Test("the preview of a drain of several")
    func batch() throws {
        var stage = Stage.live()
        for serial in [1, 7] as [UInt64] {
            stage.choose(serial)
            stage.press(.character(" "))
        }
        stage.press(.character("D"))
        try Golden.check("batch-80x24-ascii", stage.text + "\n")
    }

    @Test("the command line")
    func command() throws {
        var stage = Stage.live()
        stage.type(":se")
        stage.press(.tab)
        stage.type("mail/0/0 ")
        stage.press(.tab)
        try Golden.check("command-80x24-ascii", stage.text + "\n")
    }

    @Test("the preview of a disable")
    func preview() throws {
        var stage = Stage.live()
        stage.choose(3)
        stage.press(.character("X"))
        try Golden.check("preview-80x24-ascii", stage.text + "\n")
    }

    @Test("the link is lost")
    func lost() throws {
        var stage = Stage.live()
        stage.send(.disconnected(reason: "proxyd.sock: not listening"))
        stage.isAnswering = false
        stage.pass(milliseconds: 42_000)
        try Golden.check("lost-80x24-ascii", stage.text + "\n")
    }

    @Test("the help")
    func help() throws {
        var stage = Stage.live(columns: 80, rows: 50)
        stage.press(.character("?"))
        try Golden.check("help-80x50-ascii", stage.text + "\n")
    }

    @Test("the report of --once")
    func report() throws {
        let stage = Stage.live()
        let lines = stage.model.report(.ascii).lines.map(\.trimmingTrailingBlanks)
        try Golden.check("report-ascii", lines.joined(separator: "\n") + "\n")
    }
}

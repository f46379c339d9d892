import Shared
import Testing

@testable import proxytop

@Suite("the screen looks as the manual shows it")
struct GoldenTests {
    static let sizes = [(20, 5), (40, 10), (60, 16), (79, 23), (80, 24), (120, 40), (200, 60)]

    @Test("channels", arguments: sizes, Glyphs.allCases)
    func channels(size: (Int, Int), glyphs: Glyphs) throws {
        var stage = Stage.live(columns: size.0, rows: size.1)
        stage.choose(4)
        var screen = MemoryScreen()
        screen.present(stage.model.render(Capabilities(glyphs: glyphs, isUTF8: true)), frame: 1)
        let text = screen.frames[0].lines.map(\.trimmingTrailingBlanks).joined(separator: "\n")
        try Golden.check("channels-\(size.0)x\(size.1)-\(glyphs.rawValue)", text + "\n")
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
        stage.send(.disconnected(reason: "proxyd.sock: nobody listens"))
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

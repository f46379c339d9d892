internal import Shared

/// Lines that lie over the page and scroll: the help, and what the daemon answered.
struct TextPage {
    /// Rows that it leaves to the title and the bottom lines.
    static let frame = 3

    let title: String
    let lines: [Spans]

    init(overlay: Overlay, model: Model, _ glyphs: Glyphs = .ascii) {
        switch overlay {
        case .help:
            title = "proxytop: keys"
            lines = HelpPage.lines(model, glyphs)
        case .answer(let title, let lines, _):
            self.title = title
            self.lines = lines.isEmpty ? [Spans("(no lines)", .faint)] : lines.map { Spans($0) }
        }
    }

    func draw(top: Int, into grid: inout Grid) {
        grid.put(title, row: 0, column: 1, style: .strong)
        let room = max(0, grid.size.rows - Self.frame)
        for (offset, line) in lines.dropFirst(top).prefix(room).enumerated() {
            grid.put(line, row: offset + 1, column: 1)
        }
    }

    /// Where it begins after a moving key.
    static func top(
        after command: Binding.Command, from top: Int, lines: Int, size: Size
    ) -> Int {
        let page = max(1, size.rows - frame)
        let target =
            switch command {
            case .up: top - 1
            case .down: top + 1
            case .first: 0
            case .last: lines
            case .pageUp: top - page
            case .pageDown: top + page
            case .halfUp: top - page / 2
            case .halfDown: top + page / 2
            default: top
            }
        return min(max(0, target), max(0, lines - page))
    }
}

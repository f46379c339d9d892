internal import Shared

/// A part of the screen with a title.
struct Pane {
    enum Content {
        case lines([Spans])
        /// Rows of connections, with their own titles.
        case sessions(SessionTable, [SessionSnapshot])
    }

    var title: String
    var remark = ""
    var content: Content
    /// With fewer lines than this it is left out.
    var least = 1
    /// Whether the last lines matter most.
    var keepsEnd = false

    private var count: Int {
        switch content {
        case .lines(let lines): lines.count
        case .sessions(_, let sessions): sessions.count + 1
        }
    }

    private var needed: Int { 1 + min(least, count) }

    /// One below the other; those that come first get what they need, and what finds no room is left out.
    static func draw(_ panes: [Pane], into grid: inout Grid, _ glyphs: Glyphs) {
        var kept: [Pane] = []
        var used = 0
        for pane in panes where used + pane.needed <= grid.size.rows {
            kept.append(pane)
            used += pane.needed
        }
        var row = 0
        for (index, pane) in kept.enumerated() {
            let later = kept[(index + 1)...].reduce(0) { $0 + $1.needed }
            let room = grid.size.rows - row - later - 1
            let height = min(pane.count, room)
            grid.put(
                .heading(pane.title, pane.remark, columns: grid.size.columns, glyphs), row: row,
                column: 0)
            pane.draw(into: &grid, rows: row + 1..<row + 1 + height)
            row += height + 1
        }
    }

    private func draw(into grid: inout Grid, rows: Range<Int>) {
        switch content {
        case .lines(let lines):
            let shown = keepsEnd ? lines.suffix(rows.count) : lines.prefix(rows.count)
            for (row, line) in zip(rows, shown) { grid.put(line, row: row, column: 1) }
        case .sessions(let table, let sessions):
            table.drawTitles(into: &grid, row: rows.lowerBound)
            for (row, session) in zip(rows.dropFirst(), sessions) {
                table.draw(session, isOld: false, into: &grid, row: row)
            }
        }
    }
}

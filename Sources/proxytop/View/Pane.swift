internal import Shared

/// A part of the screen with a title.
struct Pane {
    enum Content {
        case lines([StyledText])
        /// Rows of connections, with their own titles.
        case sessions(SessionTable, [SessionSnapshot])
        case events(EventTable, [EventSnapshot])
    }

    /// A part and the rows below its title.
    struct Placed {
        var pane: Pane
        var rows: Range<Int>
    }

    var title: String
    var remark = ""
    var content: Content
    /// With fewer lines than this it is left out.
    var least = 1
    /// Whether the last lines matter most.
    var keepsEnd = false
    /// What the moving keys call it; nil: they do not go there.
    var focus: Focus?
    /// Whether they are there now, and the first line that is shown then.
    var isFocused = false
    var top = 0

    var count: Int {
        switch content {
        case .lines(let lines): lines.count
        case .sessions(_, let sessions): sessions.count + 1
        case .events(_, let events): events.count
        }
    }

    /// Rows above the first line: the titles of columns.
    var titles: Int { if case .sessions = content { 1 } else { 0 } }

    private var needed: Int { 1 + min(least, count) }

    /// One below the other; those that come first get what they need, and what finds no room is left out.
    static func placed(_ panes: [Pane], height: Int) -> [Placed] {
        var kept: [Pane] = []
        var used = 0
        for pane in panes where used + pane.needed <= height {
            kept.append(pane)
            used += pane.needed
        }
        var placed: [Placed] = []
        var row = 0
        for (index, pane) in kept.enumerated() {
            let later = kept[(index + 1)...].reduce(0) { $0 + $1.needed }
            let height = min(pane.count, height - row - later - 1)
            placed.append(Placed(pane: pane, rows: row + 1..<row + 1 + height))
            row += height + 1
        }
        return placed
    }

    static func draw(_ panes: [Pane], into grid: inout Grid, _ glyphs: Glyphs) {
        for placed in placed(panes, height: grid.size.rows) {
            let pane = placed.pane
            let title = pane.isFocused ? "[\(pane.title)]" : pane.title
            grid.put(
                .heading(title, pane.remark, columns: grid.size.columns, glyphs),
                row: placed.rows.lowerBound - 1, column: 0)
            pane.draw(into: &grid, rows: placed.rows)
        }
    }

    private func draw(into grid: inout Grid, rows: Range<Int>) {
        switch content {
        case .lines(let lines):
            let end = max(0, lines.count - rows.count)
            let first = isFocused ? min(top, end) : keepsEnd ? end : 0
            for (row, line) in zip(rows, lines.dropFirst(first)) {
                grid.put(line, row: row, column: 1)
            }
        case .sessions(let table, let sessions):
            table.drawTitles(into: &grid, row: rows.lowerBound)
            for (row, session) in zip(rows.dropFirst(), sessions.dropFirst(isFocused ? top : 0)) {
                table.draw(session, isOld: false, into: &grid, row: row)
            }
        case .events(let table, let events):
            for (row, event) in zip(rows, events.dropFirst(isFocused ? top : 0)) {
                grid.put(table.line(event), row: row, column: 1)
                if isFocused {
                    RowMark(table.model, .event(id: event.id)).draw(into: &grid, row: row)
                }
            }
        }
    }
}

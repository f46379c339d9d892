internal import Shared

/// What happened, the newest first.
struct EventTable {
    let model: Model
    let glyphs: Glyphs

    /// A column: its row in `columns` is everything there is to know about it.
    private struct Column: Sendable {
        var title: String
        /// With the blanks behind it.
        var width: Int
        var cell: @Sendable (EventSnapshot, EventTable) -> (text: String, style: Style)
    }

    private static let columns = [
        Column(title: "TIME", width: 8) { event, table in (table.time(event), .faint) },
        Column(title: "", width: 3) { event, _ in
            let (mark, style) = severity(event.severity)
            return (" \(mark) ", style)
        },
        Column(title: "WHO", width: 21) { event, table in
            (Cutting.end(event.actorName, width: 20, table.glyphs), .plain)
        },
        Column(title: "WHAT", width: 0) { event, _ in
            (event.text.isEmpty ? "\(event.subject) \(event.kind)" : what(event), .plain)
        },
    ]

    private static func padded(_ text: String, _ column: Column) -> String {
        text + String(repeating: " ", count: max(0, column.width - CellWidth.of(text)))
    }

    func drawTitles(into grid: inout Grid, row: Int) {
        let titles = Self.columns.map { Self.padded($0.title, $0) }.joined()
        grid.put(titles, row: row, column: 2, style: .heading)
    }

    func draw(into grid: inout Grid, rows: Range<Int>) {
        let events = model.events
        guard !events.isEmpty else {
            grid.put(emptiness, row: rows.lowerBound, column: 2, style: .faint)
            return
        }
        let top = model.selection.eventCursor.top
        for row in rows {
            let index = top + row - rows.lowerBound
            guard events.indices.contains(index) else { break }
            let event = events[index]
            grid.put(line(event), row: row, column: 2)
            if model.isStale { grid.restyle(row: row) { $0.stale } }
            RowMark(model, .event(id: event.id)).draw(into: &grid, row: row)
        }
    }

    private var emptiness: String {
        if let fault = model.data.log.fault { return "the daemon says: \(fault)" }
        if !model.connection.catalog.entries.isEmpty, !model.connection.catalog.has("show events") {
            return "this daemon keeps no events"
        }
        return model.selection.eventFilter == nil
            ? "nothing has happened yet"
            : "none of \(model.data.log.events.count) events matches the filter"
    }

    /// `02:37:12 i 1000 proxytop       channel mail/0/2 …`
    func line(_ event: EventSnapshot) -> StyledText {
        var line = StyledText()
        for column in Self.columns {
            let (text, style) = column.cell(event, self)
            line.add(Self.padded(text, column), style)
        }
        return line
    }

    /// Of another day the date says more than the second.
    private func time(_ event: EventSnapshot) -> String {
        let seconds = Int64(min(event.timeMilliseconds, Bounds.milliseconds) / 1000)
        let time = CalendarTime(seconds: seconds + model.shownNow.offsetSeconds)
        let isToday = seconds / 86_400 == model.shownNow.wallSeconds / 86_400
        return isToday ? time.clock : String(time.date.dropFirst(4)) + "  "
    }

    /// Who it was stands beside it.
    private static func what(_ event: EventSnapshot) -> String {
        guard let actor = event.actor, event.text.hasSuffix("by \(actor)") else {
            return event.text
        }
        let text = event.text.dropLast(actor.count + 3)
        return String(text.reversed().drop { $0 == " " || $0 == ":" }.reversed())
    }

    private static func severity(_ severity: EventSnapshot.Severity) -> (String, Style) {
        switch severity {
        case .debug: (".", .faint)
        case .info: ("i", .plain)
        case .notice: ("n", .strong)
        case .warning: ("?", Style(.grace))
        case .error: ("!", Style(.down))
        }
    }
}

internal import Shared

/// What happened, the newest first.
struct EventTable {
    let model: Model
    let glyphs: Glyphs

    func drawTitles(into grid: inout Grid, row: Int) {
        grid.put("TIME       WHO                  WHAT", row: row, column: 2, style: .heading)
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
        let seconds = Int64(min(event.timeMilliseconds, Bounds.milliseconds) / 1000)
        let time = CalendarTime(seconds: seconds + model.shownNow.offsetSeconds)
        // Of another day the date says more than the second.
        let isToday = seconds / 86_400 == model.shownNow.wallSeconds / 86_400
        var spans = StyledText(isToday ? time.clock : String(time.date.dropFirst(4)) + "  ", .faint)
        let (mark, style) = Self.face(event.severity)
        spans.add(" \(mark) ", style)
        let who = Cutting.end(event.actorName, width: 20, glyphs)
        spans.add(who + String(repeating: " ", count: max(0, 21 - CellWidth.of(who))))
        spans.add(event.text.isEmpty ? "\(event.subject) \(event.kind)" : Self.what(event))
        return spans
    }

    /// Who it was stands beside it.
    private static func what(_ event: EventSnapshot) -> String {
        guard let actor = event.actor, event.text.hasSuffix("by \(actor)") else {
            return event.text
        }
        let text = event.text.dropLast(actor.count + 3)
        return String(text.reversed().drop { $0 == " " || $0 == ":" }.reversed())
    }

    private static func face(_ severity: EventSnapshot.Severity) -> (String, Style) {
        switch severity {
        case .debug: (".", .faint)
        case .info: ("i", .plain)
        case .notice: ("n", .strong)
        case .warning: ("?", Style(.grace))
        case .error: ("!", Style(.down))
        }
    }
}

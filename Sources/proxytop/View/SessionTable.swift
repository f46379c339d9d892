internal import Shared

/// The connections, as the daemon has sorted and filtered them.
struct SessionTable {
    let model: Model
    let glyphs: Glyphs
    let slots: [SessionColumn.Slot]
    private let order: SessionWindow.Order

    init(_ model: Model, _ glyphs: Glyphs) {
        self.init(
            model, glyphs, rows: model.data.window.rows, columns: model.size.columns,
            order: model.data.window.order)
    }

    /// For other rows than those of the window.
    init(
        _ model: Model, _ glyphs: Glyphs, rows: [SessionSnapshot], columns: Int,
        order: SessionWindow.Order
    ) {
        self.model = model
        self.glyphs = glyphs
        self.order = order
        slots = SessionColumn.layout(
            columns: columns,
            channelWidth: rows.map { CellWidth.of(SessionColumn.channel($0)) }.max() ?? 4,
            clientWidth: rows.map { CellWidth.of($0.client) }.max() ?? 15,
            choice: model.preferences.sessionColumns)
    }

    func drawTitles(into grid: inout Grid, row: Int) {
        for slot in slots {
            let isSorted = slot.column.field == order.field
            let arrow = isSorted ? (order.isDescending ? "-" : "+") : ""
            // Where there is no room for the arrow, the unit gives way.
            let name = slot.column.title
            let isTight = !arrow.isEmpty && CellWidth.of(name) >= slot.width
            let short = isTight && name.hasSuffix("/s") ? String(name.dropLast(2)) : name
            let title = Cutting.end(short + arrow, width: slot.width, glyphs)
            put(title, slot, isSorted ? .strong : .heading, into: &grid, row: row)
        }
    }

    func draw(into grid: inout Grid, rows: Range<Int>) {
        let window = model.data.window
        if let fault = window.fault {
            let isPast = model.time.mode == .past
            grid.put(
                isPast ? fault : "the daemon says: \(fault)", row: rows.lowerBound, column: 2,
                style: isPast ? .faint : .danger)
            return
        }
        guard window.isKnown else {
            grid.put("asking the daemon …", row: rows.lowerBound, column: 2, style: .faint)
            return
        }
        if window.matched == 0 {
            let text =
                window.total == 0
                ? "no connections" : "none of \(window.total) connections matches the filter"
            grid.put(text, row: rows.lowerBound, column: 2, style: .faint)
        }
        let top = model.selection.sessionCursor.top
        for row in rows {
            let index = top + row - rows.lowerBound
            guard index < window.matched else { break }
            guard let session = window.row(at: index) else {
                grid.put("…", row: row, column: 2, style: .faint)
                continue
            }
            draw(session, isOld: window.old.contains(session.id), into: &grid, row: row)
        }
    }

    func draw(
        _ session: SessionSnapshot, isOld: Bool, into grid: inout Grid, row: Int
    ) {
        for slot in slots {
            let cell = SessionColumn.Cell(
                session: session, width: slot.width, glyphs: glyphs,
                showsBits: model.preferences.showsBits,
                hidesClients: model.preferences.hidesClients)
            put(slot.column.text(cell), slot, slot.column.style(session), into: &grid, row: row)
        }
        if model.isStale || isOld { grid.restyle(row: row) { $0.stale } }
        RowMark(model, .session(id: session.id)).draw(into: &grid, row: row)
    }

    private func put(
        _ text: String, _ slot: SessionColumn.Slot, _ style: Style, into grid: inout Grid, row: Int
    ) {
        let width = CellWidth.of(text)
        let start = slot.column.isRightAligned ? max(slot.start, slot.end - width) : slot.start
        grid.put(text, row: row, column: start, style: style, end: slot.end)
    }
}

internal import Shared

/// The channels, and in the room that they leave what there is to know about the one under the cursor.
struct ChannelsPage {
    let model: Model
    let glyphs: Glyphs

    func draw(into grid: inout Grid, _ lines: Arrangement) {
        let width = lines.sideColumn ?? grid.size.columns
        // The table knows nothing of what is beside it.
        var part = Grid(
            size: Size(columns: width, rows: lines.tableHeight + 1), isASCII: grid.isASCII)
        drawTable(into: &part)
        grid.put(part, row: lines.columnRow, column: 0)
        let bottom = lines.tableTop + lines.tableHeight + lines.paneHeight
        if lines.paneHeight > 0 {
            draw(
                Self.text(model, glyphs).below, into: &grid, row: bottom - lines.paneHeight,
                column: 0, width: width, height: lines.paneHeight)
        }
        guard let side = lines.sideColumn else { return }
        for row in lines.columnRow..<bottom {
            grid.fill(glyphs.corners.side, row: row, from: side, to: side + 1, style: .faint)
        }
        let beside = SidePanelText(
            model: model, glyphs: glyphs, width: grid.size.columns - side - 1, hasSide: true)
        draw(
            beside.beside, into: &grid, row: lines.columnRow, column: side + 1,
            width: grid.size.columns - side - 1, height: bottom - lines.columnRow)
    }

    private static func text(_ model: Model, _ glyphs: Glyphs) -> SidePanelText {
        let lines = model.arrangement
        return SidePanelText(
            model: model, glyphs: glyphs, width: lines.sideColumn ?? model.size.columns,
            hasSide: lines.sideColumn != nil)
    }

    /// The parts below the table and beside it that find room there.
    static func parts(_ model: Model) -> [Pane.Placed] {
        let lines = model.arrangement
        let below =
            lines.paneHeight > 0
            ? Pane.placed(text(model, .ascii).below, height: lines.paneHeight) : []
        guard let side = lines.sideColumn else { return below }
        let beside = SidePanelText(
            model: model, glyphs: .ascii, width: model.size.columns - side - 1, hasSide: true)
        let height = lines.tableTop + lines.tableHeight + lines.paneHeight - lines.columnRow
        return below + Pane.placed(beside.beside, height: height)
    }

    private func drawTable(into part: inout Grid) {
        let table = ChannelTable(model, glyphs, columns: part.size.columns)
        table.drawTitles(into: &part, row: 0)
        table.draw(into: &part, from: model.selection.cursor.top, rows: 1..<part.size.rows)
        if model.outline.rows.isEmpty, let filter = model.channelFilter, model.snapshot != nil {
            part.put(
                "no channel matches “\(filter.text)”", row: 1, column: 2, style: .faint)
        }
    }

    private func draw(
        _ panes: [Pane], into grid: inout Grid, row: Int, column: Int, width: Int, height: Int
    ) {
        var part = Grid(size: Size(columns: width, rows: height), isASCII: grid.isASCII)
        Pane.draw(panes, into: &part, glyphs)
        if model.isStale { for row in 0..<height { part.restyle(row: row) { $0.stale } } }
        grid.put(part, row: row, column: column)
    }
}

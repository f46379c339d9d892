internal import Shared

extension Model {
    /// Width of a report; wide enough for every column that a report has.
    static let reportColumns = 120

    /// The whole table for `--once`: header strip and every row, as tall as it has to be.
    func report(_ capabilities: Capabilities) -> Grid {
        var model = self
        model.selection.folded = []
        let rows = model.outline.rows.count
        let header = 4
        model.size = Size(columns: Self.reportColumns, rows: header + 1 + rows)
        model.navigation.page = .channels
        model.selection.cursor.subject = nil
        model.selection.marks = []
        var grid = Grid(size: model.size, isASCII: !capabilities.isUTF8)
        HeaderStrip(model, capabilities.glyphs, columns: Self.reportColumns)
            .draw(into: &grid, height: header)
        let table = ChannelTable(model, capabilities.glyphs, columns: Self.reportColumns)
        table.drawTitles(into: &grid, row: header)
        table.draw(into: &grid, from: 0, rows: header + 1..<header + 1 + rows)
        return grid
    }
}

internal import Shared

extension Model {
    /// The whole screen as cells. Reads the model and nothing else.
    func render(_ capabilities: Capabilities) -> Grid {
        var grid = Grid(size: size, isASCII: !capabilities.isUTF8)
        let glyphs = capabilities.glyphs
        let lines = arrangement
        switch lines.kind {
        case .line: PackedView.drawLine(self, into: &grid)
        case .packed: PackedView.draw(self, into: &grid, glyphs)
        case .table:
            if case .help(let top) = page {
                HelpPage.draw(self, top: top, into: &grid, glyphs)
                Footer(model: self, glyphs: glyphs).drawKeys(into: &grid)
            } else {
                drawTable(into: &grid, lines, glyphs)
            }
        }
        if let confirmation {
            DialogBox(confirmation: confirmation, picture: picture, glyphs: glyphs)
                .draw(into: &grid)
        }
        return grid
    }

    private func drawTable(into grid: inout Grid, _ lines: Arrangement, _ glyphs: Glyphs) {
        HeaderStrip(self, glyphs, columns: size.columns)
            .draw(into: &grid, height: lines.headerHeight)
        if let row = lines.tabRow { grid.put(tabs, row: row, column: 1) }
        let table = ChannelTable(self, glyphs, columns: size.columns)
        table.drawTitles(into: &grid, row: lines.columnRow)
        table.draw(
            into: &grid, from: cursor.top, rows: lines.tableTop..<lines.tableTop + lines.tableHeight
        )
        Footer(model: self, glyphs: glyphs).draw(into: &grid, lines)
    }

    /// Only the view that there is, and how it is set.
    private var tabs: Spans {
        var spans = Spans("[2 Channels]", .strong)
        spans.add("  sort: id  every \(NumberText.interval(intervalMilliseconds))")
        spans.add("  \(showsBits ? "bits" : "bytes")")
        let rows = outline.rows.count
        if rows > arrangement.tableHeight {
            let last = min(rows, cursor.top + arrangement.tableHeight)
            spans.add("  rows \(cursor.top + 1)-\(last) of \(rows)")
        }
        return spans
    }
}

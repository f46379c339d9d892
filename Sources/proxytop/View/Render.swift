internal import Shared

extension Model {
    /// The whole screen as cells. Reads the model and nothing else.
    func render(_ capabilities: Capabilities) -> Grid {
        if let past = time.past { return past.model.render(capabilities) }
        var grid = Grid(size: size, isASCII: !capabilities.isUTF8)
        let glyphs = capabilities.glyphs
        let lines = arrangement
        switch lines.kind {
        case .line: PackedView.drawLine(self, into: &grid)
        case .packed: PackedView.draw(self, into: &grid, glyphs)
        case .table:
            if let overlay = navigation.overlay {
                TextPage(overlay: overlay, model: self, glyphs).draw(top: overlay.top, into: &grid)
                Footer(model: self, glyphs: glyphs).drawBelowText(into: &grid)
            } else {
                drawPage(into: &grid, lines, glyphs)
            }
        }
        if let confirmation = actions.confirmation {
            DialogBox(
                confirmation: confirmation, snapshot: snapshot, glyphs: glyphs, now: now,
                rival: data.presence.warning(data.presence.announced),
                undone: actions.undo.last?.command,
                slowness: connection.link.slowness
            ).draw(into: &grid)
        }
        return grid
    }

    private func drawPage(into grid: inout Grid, _ lines: Arrangement, _ glyphs: Glyphs) {
        HeaderStrip(self, glyphs, columns: size.columns)
            .draw(into: &grid, height: lines.headerHeight)
        if let row = lines.tabRow {
            TabLine(self, glyphs).draw(into: &grid, row: row)
        }
        let rows = lines.tableTop..<lines.tableTop + lines.tableHeight
        switch navigation.page {
        case .channels:
            ChannelsPage(model: self, glyphs: glyphs).draw(into: &grid, lines)
        case .connections:
            let table = SessionTable(self, glyphs)
            table.drawTitles(into: &grid, row: lines.columnRow)
            table.draw(into: &grid, rows: rows)
        case .events:
            let table = EventTable(model: self, glyphs: glyphs)
            table.drawTitles(into: &grid, row: lines.columnRow)
            table.draw(into: &grid, rows: rows)
        case .overview:
            OverviewPage(model: self, glyphs: glyphs)
                .draw(into: &grid, rows: lines.columnRow..<rows.upperBound)
        case .detail:
            let detail = DetailPage(self, glyphs)
            grid.put(detail.title, row: lines.columnRow, column: 1, style: .strong)
            detail.draw(into: &grid, from: navigation.detailTop, rows: rows)
        }
        Footer(model: self, glyphs: glyphs).draw(into: &grid, lines)
    }
}

internal import Shared

/// The channels under their headings.
struct ChannelTable {
    let model: Model
    let glyphs: Glyphs
    let layout: ColumnLayout

    init(_ model: Model, _ glyphs: Glyphs, columns: Int) {
        self.model = model
        self.glyphs = glyphs
        layout = ColumnLayout(
            columns: columns, identityWidth: model.data.channelWidths.identity,
            endpointWidth: model.data.channelWidths.endpoint,
            hasTrend: !model.preferences.isLean, choice: model.preferences.channelColumns)
    }

    func drawTitles(into grid: inout Grid, row: Int) {
        for slot in layout.slots {
            let title = slot.column.title.text(
                width: slot.width, isBits: model.preferences.showsBits,
                countsAll: model.preferences.countsAllFailures)
            put(title, slot, .heading, into: &grid, row: row)
        }
    }

    func draw(into grid: inout Grid, from top: Int, rows: Range<Int>) {
        let outline = model.outline
        for row in rows {
            let index = top + row - rows.lowerBound
            guard outline.rows.indices.contains(index) else { break }
            switch outline.rows[index] {
            case .service(let service, let isFolded):
                draw(service, isFolded, into: &grid, row: row)
            case .group(let group, let next, let isFolded):
                draw(group, next, isFolded, into: &grid, row: row)
            case .channel(let channel): draw(channel, into: &grid, row: row)
            case .quiet(let channels, _): draw(quiet: channels, into: &grid, row: row)
            }
            if model.isStale { grid.restyle(row: row) { $0.stale } }
            RowMark(model, outline.rows[index].subject).draw(into: &grid, row: row)
        }
    }

    // MARK: Headings

    private func draw(
        _ service: DaemonSnapshot.Service, _ isFolded: Bool, into grid: inout Grid, row: Int
    ) {
        let channels = service.groups.flatMap(\.channels)
        let fold = isFolded ? glyphs.folded : glyphs.unfolded
        let name = service.name.isEmpty ? "(unnamed)" : service.name
        let left = StyledText(" \(fold) service \(name)", .heading)
        let text = "\(channels.count(where: \.state.isUsable)) of \(channels.count) usable"
        rule(
            left, StyledText("\(text)   slots \(Slots(channels).description)"), into: &grid,
            row: row)
    }

    private func draw(
        _ group: DaemonSnapshot.Group, _ next: String?, _ isFolded: Bool, into grid: inout Grid,
        row: Int
    ) {
        let snapshot = group.snapshot
        var left = StyledText(
            " \(isFolded ? glyphs.folded : glyphs.unfolded) \(group.title)", .heading)
        left.add(" \(PolicyName.short(snapshot.balance)) ")
        left.add(snapshot.role.word, snapshot.role.style)
        let usable = group.usable.count
        left.add("  \(usable) of \(group.channels.count) usable")
        var right = StyledText()
        guard grid.size.columns >= ColumnLayout.bareBelow else {
            right.add("conn \(snapshot.current)")
            rule(left, right, into: &grid, row: row)
            return
        }
        right.add("slots \(Slots(group.channels).description)   conn \(snapshot.current)")
        if snapshot.role == .spill, let track = model.data.history.groups[snapshot.serial],
            let spilled = track.rates.failed, spilled > 0
        {
            right.add("   spilled \(NumberText.perSecond(spilled))/s", Style(.full))
        }
        right.add(next.map { "   next \($0)" } ?? "   last")
        rule(left, right, into: &grid, row: row)
    }

    /// `+962 up, quiet     slots 1284/9620   conn 1284   Enter shows them`
    private func draw(quiet channels: [ChannelSnapshot], into grid: inout Grid, row: Int) {
        let face = StateBadge(.up, glyphs, isStale: model.isStale)
        var left = StyledText("  +\(channels.count) ", .strong)
        left.add("\(face.glyph)up", face.style)
        let conn = channels.reduce(UInt64(0)) { $0 + min($1.current, UInt64(Int32.max)) }
        var right = StyledText()
        if grid.size.columns >= ColumnLayout.bareBelow {
            right.add("slots \(Slots(channels).description)   ")
        }
        right.add("conn \(conn)   Enter shows them")
        let end = grid.put(left, row: row, column: 0)
        let start = grid.size.columns - right.width
        grid.put(right, row: row, column: max(start, end + 1))
    }

    /// Two texts with a line drawn between them.
    private func rule(_ left: StyledText, _ right: StyledText, into grid: inout Grid, row: Int) {
        let end = grid.put(left, row: row, column: 0)
        let start = grid.size.columns - right.width
        guard start > end + 2 else { return }
        grid.fill(glyphs.rule, row: row, from: end + 1, to: start - 1, style: .faint)
        grid.put(right, row: row, column: start)
    }

    // MARK: Channels

    private func draw(_ channel: ChannelSnapshot, into grid: inout Grid, row: Int) {
        let cell = ChannelCell(channel, model, glyphs)
        for slot in layout.slots {
            let cell = cell.with(width: slot.width)
            put(slot.column.text(cell), slot, slot.column.style(cell), into: &grid, row: row)
        }
    }

    private func put(
        _ text: String, _ slot: ColumnLayout.Slot, _ style: Style, into grid: inout Grid, row: Int
    ) {
        guard slot.column.isRightAligned else {
            grid.put(text, row: row, column: slot.start, style: style, end: slot.end)
            return
        }
        let width = CellWidth.of(text)
        grid.put(
            text, row: row, column: max(slot.start, slot.end - width), style: style, end: slot.end)
    }
}

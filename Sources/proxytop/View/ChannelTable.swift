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
            let title = slot.column.title(
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
        let face = StateBadge(channel.state, glyphs, isStale: model.isStale)
        let track = model.data.history.channels[channel.serial]
        let rates = track?.rates ?? Track.Rates()
        for slot in layout.slots {
            switch slot.column.content {
            case .state:
                put(face.text(width: slot.width), slot, face.style, into: &grid, row: row)
            case .trend: drawTrend(track, channel, slot, into: &grid, row: row)
            case .errors where recentFailures(channel, track) > 0:
                put(text(channel, track, rates, slot), slot, Style(.grace), into: &grid, row: row)
            default: put(text(channel, track, rates, slot), slot, .plain, into: &grid, row: row)
            }
        }
    }

    private func since(_ channel: ChannelSnapshot) -> String {
        guard model.preferences.showsClock else {
            return Age(milliseconds: channel.sinceMilliseconds).description
        }
        let now = model.shownNow
        let time = CalendarTime(
            seconds: now.wallSeconds + now.offsetSeconds - Int64(channel.sinceMilliseconds / 1000))
        // Of another day the day says more.
        return channel.sinceMilliseconds < 86_400_000
            ? time.shortClock : String(time.date.dropFirst(4))
    }

    private func recentFailures(_ channel: ChannelSnapshot, _ track: Track?) -> UInt64 {
        model.preferences.countsAllFailures ? channel.failed : track?.recentFailures ?? 0
    }

    private func text(
        _ channel: ChannelSnapshot, _ track: Track?, _ rates: Track.Rates, _ slot: ColumnLayout.Slot
    ) -> String {
        switch slot.column.content {
        case .identity:
            Cutting.middle(model.name(of: channel), width: slot.width, glyphs)
        case .since: since(channel)
        case .endpoint: Cutting.middle(channel.address, width: slot.width, glyphs)
        case .weight: NumberText.count(channel.weight, width: slot.width)
        case .connections: connections(channel, width: slot.width)
        case .new: NumberText.perSecond(rates.total)
        case .input: NumberText.bytes(rates.inBytes, asBits: model.preferences.showsBits)
        case .output: NumberText.bytes(rates.outBytes, asBits: model.preferences.showsBits)
        case .errors: NumberText.count(recentFailures(channel, track), width: slot.width)
        case .connectTime: NumberText.milliseconds(channel.connectP50Microseconds)
        case .total: NumberText.count(channel.total, width: slot.width)
        case .next:
            channel.retryMilliseconds.map { Age(milliseconds: $0).description }
                ?? NumberText.notApplicable
        case .state, .trend: ""
        }
    }

    /// `392/400`; each half gives way when both together are too long.
    private func connections(_ channel: ChannelSnapshot, width: Int) -> String {
        let limit = channel.maxc.map(String.init) ?? NumberText.notApplicable
        let exact = "\(channel.current)/\(limit)"
        guard exact.utf8.count > width else { return exact }
        let half = (width - 1) / 2
        let shortLimit = channel.maxc.map { NumberText.count($0, width: half) } ?? limit
        let rest = width - 1 - shortLimit.utf8.count
        return NumberText.count(channel.current, width: rest) + "/" + shortLimit
    }

    private func drawTrend(
        _ track: Track?, _ channel: ChannelSnapshot, _ slot: ColumnLayout.Slot,
        into grid: inout Grid, row: Int
    ) {
        guard let track, let now = model.snapshot?.nowMilliseconds else { return }
        let isLong = slot.width > 7
        let cells = isLong ? slot.width : 6
        let steps = isLong ? max(1, Track.mostSteps / cells) : 10
        let values = track.trend(cells: cells, stepsPerCell: steps, now: now)
        let top = channel.maxc.map { max(1, $0) } ?? max(1, values.compactMap(\.self).max() ?? 1)
        let ramp = glyphs.ramp
        for (index, value) in values.enumerated() {
            guard let value, value > 0 else { continue }
            let level = Int(Double(value) / Double(top) * Double(ramp.count - 1) + 0.5)
            grid.fill(
                ramp[min(max(1, level), ramp.count - 1)], row: row, from: slot.start + index,
                to: slot.start + index + 1, style: .plain)
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

internal import Shared

/// Everything about one channel or connection, with exact numbers.
struct DetailPage {
    let model: Model
    let glyphs: Glyphs

    init(_ model: Model, _ glyphs: Glyphs) {
        self.model = model
        self.glyphs = glyphs
    }

    func draw(into grid: inout Grid, from top: Int, rows: Range<Int>) {
        let lines = lines
        for row in rows {
            let index = top + row - rows.lowerBound
            guard lines.indices.contains(index) else { break }
            grid.put(lines[index], row: row, column: 1)
            if model.isStale { grid.restyle(row: row) { $0.stale } }
        }
    }

    var title: String { model.data.detail?.title ?? "" }

    var lines: [StyledText] {
        guard let detail = model.data.detail else {
            return [StyledText("nothing chosen: Enter on a channel or a connection", .faint)]
        }
        switch detail.subject {
        case .channel(let serial): return channel(serial, detail)
        default: return session(detail)
        }
    }

    // MARK: A channel

    private func channel(_ serial: UInt64, _ detail: Detail) -> [StyledText] {
        guard let channel = model.snapshot?.channel(serial: serial) else {
            return [StyledText("\(detail.title) was removed", .slow)] + fields(detail, besides: [])
        }
        let rates = RateTable(
            model.data.history.channels[serial], isBits: model.preferences.showsBits
        ).lines
        return facts(of: channel, isWhole: true) + [StyledText()] + rates + channelErrors(detail)
            + histogram(detail) + events(of: serial) + recreation(of: channel)
            + fields(detail, besides: Set(ChannelSnapshot.columns).union(Self.told))
    }

    /// What has a form of its own.
    private static let told =
        Set(["causes", "connect_histogram"] + (1...10).map { "error_\($0)" })

    private func channelErrors(_ detail: Detail) -> [StyledText] {
        let lines = ChannelErrorText(detail.fields, offset: model.shownNow.offsetSeconds).lines
        guard !lines.isEmpty else { return [] }
        let causes = detail.fields.first { $0.name == "causes" }?.value
        let sum = causes.map { $0 == Table.absent ? "" : "   since the start: \($0)" } ?? ""
        return [StyledText(), StyledText("What went wrong last\(sum)", .heading)] + lines
    }

    private func histogram(_ detail: Detail) -> [StyledText] {
        let text = detail.fields.first { $0.name == "connect_histogram" }?.value
        guard let histogram = text.flatMap(ConnectHistogram.init) else { return [] }
        return [StyledText(), StyledText("How long connects took, since the start", .heading)]
            + histogram.lines(glyphs)
    }

    /// What there is to know of a channel now.
    func facts(of channel: ChannelSnapshot, isWhole: Bool = false) -> [StyledText] {
        let serial = channel.serial
        let face = StateBadge(channel.state, glyphs, isStale: model.isStale)
        var state = StyledText(label("state"))
        state.add(face.text(width: 12), face.style)
        let since = Age(milliseconds: channel.sinceMilliseconds)
        state.add(" for \(since)" + (channel.by.map { ", by \(model.person($0))" } ?? ""))
        var lines = [state]
        func add(_ name: String, _ text: String) { lines.append(StyledText(label(name) + text)) }
        if let why = channel.why, !why.isEmpty { add("why", why) }
        if let retry = channel.retryMilliseconds {
            add("retry", "in \(Age(milliseconds: retry))")
        }
        add("endpoint", channel.address + (channel.label.map { "  (\($0))" } ?? ""))
        let maxc = channel.maxc.map(String.init) ?? "none"
        add("limits", "maxc \(maxc)   weight \(channel.weight)")
        add("sessions", "\(channel.current) now   \(channel.total) in all")
        add("bytes", "in \(channel.inBytes)   out \(channel.outBytes)")
        if !isWhole {
            let rates = model.data.history.channels[serial]?.rates ?? Track.Rates()
            add(
                "10 s",
                "new \(NumberText.perSecond(rates.total))/s   in "
                    + "\(NumberText.bytes(rates.inBytes, asBits: model.preferences.showsBits))/s   out "
                    + "\(NumberText.bytes(rates.outBytes, asBits: model.preferences.showsBits))/s   failed "
                    + "\(NumberText.brief(rates.failed))/s")
        }
        let recent = model.data.history.channels[serial]?.recentFailures ?? 0
        add("failures", "\(channel.failed) connects in all   \(recent) in the last 5 min")
        add(
            "connect",
            "p50 \(NumberText.milliseconds(channel.connectP50Microseconds)) ms   p99 "
                + "\(NumberText.milliseconds(channel.connectP99Microseconds)) ms")
        if let probe = channel.probe {
            let age = channel.probeMilliseconds.map { "  (\($0) ms)" } ?? ""
            add("probe", probe + age)
        }
        if let isElected = channel.isElected { add("primary", isElected ? "yes" : "no") }
        lines += share(of: serial, isShort: !isWhole)
        if channel.state == .drain, isWhole {
            let lingering = model.data.sidePanel.lingering.flatMap {
                $0.serial == serial ? $0 : nil
            }
            let text = DrainText(
                channel, model, glyphs, lingering: lingering, width: model.size.columns - 12)
            for (index, line) in text.lines.enumerated() {
                var spans = StyledText(label(index == 0 ? "drain" : ""))
                for piece in line.pieces { spans.add(piece.text, piece.style) }
                lines.append(spans)
            }
        }
        return lines
    }

    /// Its share of what was new, beside what its weight promises.
    private func share(of serial: UInt64, isShort: Bool) -> [StyledText] {
        let group = model.snapshot?.groups.first { $0.channels.contains { $0.serial == serial } }
        guard let group, let imbalance = Imbalance.of(group, model.data.history),
            let own = imbalance.shares.first(where: { $0.channel.serial == serial })
        else { return [] }
        let bar = glyphs.bar(own.actual, cells: 20)
        let words = isShort ? "of new" : "of what was new in the last minute"
        return [
            StyledText(
                label("share") + "\(bar) \(Imbalance.percent(own.actual)) \(words), "
                    + "its weight says \(Imbalance.percent(own.expected))"),
            StyledText(label("balance") + imbalance.text),
        ]
    }

    private func events(of serial: UInt64) -> [StyledText] {
        guard model.connection.catalog.has("show events") else { return [] }
        let own = model.data.log.newest(nil).filter { $0.serial == serial }.prefix(8)
        let table = EventTable(model: model, glyphs: glyphs)
        let rows =
            own.isEmpty ? [StyledText("nothing that is still known", .faint)] : own.map(table.line)
        return [StyledText(), StyledText("What happened to it, newest first", .heading)] + rows
    }

    /// The lines that would bring another daemon's channel to the same settings.
    private func recreation(of channel: ChannelSnapshot) -> [StyledText] {
        let path = Request.quoted(channel.path)
        var commands = [
            "set \(path) weight \(channel.weight)",
            "set \(path) maxc \(channel.maxc.map(String.init) ?? "default")",
        ]
        switch channel.state {
        case .off: commands.append("disable \(path)")
        case .drain: commands.append("drain \(path)")
        default: break
        }
        return [StyledText(), StyledText("Commands that make its settings", .heading)]
            + commands.map { StyledText($0) }
    }

    // MARK: A connection

    private func session(_ detail: Detail) -> [StyledText] {
        var lines: [StyledText] = []
        if detail.isGone {
            lines.append(StyledText("it has ended; these are its last values", .slow))
        }
        return lines + fields(detail, besides: [])
    }

    /// What the daemon reports besides, field by field.
    private func fields(_ detail: Detail, besides known: Set<String>) -> [StyledText] {
        var lines: [StyledText] = []
        if let fault = detail.fault {
            lines.append(StyledText("the daemon says: \(fault)", .danger))
        }
        let rest = detail.fields.filter { !known.contains($0.name) }
        if !rest.isEmpty, !known.isEmpty {
            lines += [StyledText(), StyledText("Everything else that the daemon tells", .heading)]
        }
        if rest.isEmpty, known.isEmpty, detail.fault == nil, !detail.isGone {
            return [StyledText("asking the daemon …", .faint)]
        }
        return lines + columns(rest)
    }

    /// In two columns where there is room, read downwards.
    private func columns(_ fields: [(name: String, value: String)]) -> [StyledText] {
        let isTwo = model.size.columns >= 100 && fields.allSatisfy { $0.value.utf8.count < 40 }
        let height = isTwo ? (fields.count + 1) / 2 : fields.count
        return (0..<height).map { row in
            var spans = pair(fields[row])
            if isTwo, row + height < fields.count {
                let gap = max(1, model.size.columns / 2 - spans.width)
                spans.add(String(repeating: " ", count: gap))
                for piece in pair(fields[row + height]).pieces {
                    spans.add(piece.text, piece.style)
                }
            }
            return spans
        }
    }

    private func pair(_ field: (name: String, value: String)) -> StyledText {
        var spans = StyledText(label(field.name, width: 24), .faint)
        spans.add(field.value)
        guard let number = UInt64(field.value), number > 0 else { return spans }
        if field.name.hasSuffix("_ms"), number >= 1000 {
            spans.add("  (\(Age(milliseconds: number)))", .faint)
        } else if field.name.hasSuffix("_us"), number >= 1000 {
            spans.add("  (\(NumberText.milliseconds(number)) ms)", .faint)
        } else if field.name.hasSuffix("_bytes"), number >= 1000 {
            spans.add("  (\(ByteCount(number)))", .faint)
        }
        return spans
    }

    private func label(_ name: String, width: Int = 11) -> String {
        name + String(repeating: " ", count: max(1, width - CellWidth.of(name)))
    }
}

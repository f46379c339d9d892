internal import Shared

/// The bottom of the screen: the thing under the cursor, the last answer, and the keys.
struct Footer {
    let model: Model
    let glyphs: Glyphs

    func draw(into grid: inout Grid, _ arrangement: Arrangement) {
        let columns = grid.size.columns
        if let row = arrangement.ruleRow {
            grid.fill(glyphs.rule, row: row, from: 0, to: columns, style: .faint)
        }
        if let row = arrangement.detailRow { grid.put(detail, row: row, column: 1) }
        let line = status
        grid.put(
            Cutting.end(line.text, width: columns - 1, glyphs), row: arrangement.statusRow,
            column: 1, style: line.style)
        if let row = arrangement.keysRow { grid.put(keys, row: row, column: 1) }
    }

    /// Just the keys, below the help.
    func drawKeys(into grid: inout Grid) {
        grid.put(keys, row: grid.size.rows - 1, column: 1)
    }

    private var status: (text: String, style: Style) {
        if let notice = model.notice { return (notice.text, notice.isError ? .danger : .plain) }
        guard case .lost = model.link.phase else { return ("", .plain) }
        // A header of four rows already says the rest.
        if model.arrangement.headerHeight < 4 { return (LinkText(model).sentence, .alert) }
        guard let at = model.pictureAt else { return ("no data yet; actions are off", .plain) }
        let age = Age(milliseconds: model.now.elapsed(since: at.milliseconds))
        let clock = CalendarTime(seconds: at.wallSeconds + at.offsetSeconds).clock
        return (
            "last good data \(clock), \(age) old; actions are off until the link is back", .plain
        )
    }

    private var detail: Spans {
        guard let picture = model.picture, let subject = model.cursor.subject else {
            return Spans()
        }
        switch subject {
        case .channel(let serial):
            return picture.channel(serial: serial).map { Spans(sentence($0)) } ?? Spans()
        case .group(let serial):
            guard let group = picture.group(serial: serial) else { return Spans() }
            let snapshot = group.snapshot
            return Spans(
                "\(snapshot.path)  \(snapshot.balance)  total \(snapshot.total)"
                    + "  spilled \(snapshot.spilled)")
        case .service(let name):
            let listeners = picture.listeners.filter { $0.path.hasPrefix(name + "/") }
            let list = listeners.map { "\($0.address) \($0.state.rawValue)" }
            return Spans("\(name)  listeners: \(list.joined(separator: ", "))")
        }
    }

    private func sentence(_ channel: ChannelSnapshot) -> String {
        var parts: [String] = []
        let label = channel.label.map { " (\($0))" } ?? ""
        var first = "\(channel.path)\(label)"
        if let why = channel.why, !why.isEmpty { first += " \(why)" }
        parts.append(first)
        if let retry = channel.retryMilliseconds {
            parts.append("retry in \(Age(milliseconds: retry))")
        }
        let since = model.pictureAt.map { at in
            let seconds =
                at.wallSeconds + at.offsetSeconds - Int64(channel.sinceMilliseconds / 1000)
            let time = CalendarTime(seconds: seconds)
            return channel.sinceMilliseconds >= 86_400_000
                ? "\(time.date) \(time.shortClock)" : time.shortClock
        }
        if let since { parts.append("\(channel.state.rawValue) since \(since)") }
        if let by = channel.by, !by.isEmpty { parts.append("by \(by)") }
        return parts.joined(separator: ", ")
    }

    private var keys: Spans {
        var spans = Spans()
        let mayAct = model.obstacle == nil
        let isHelp = model.page != .channels
        for binding in Binding.all {
            guard let hint = binding.hint, let key = binding.keys.first else { continue }
            if binding.section == .act, !mayAct { continue }
            if isHelp, binding.command != .back { continue }
            let name = binding.command == .fold ? "h/l" : key.name
            spans.add(spans.pieces.isEmpty ? "" : "  ")
            spans.add(name, .strong)
            spans.add(" \(isHelp ? "back" : hint)")
        }
        if isHelp { spans.add("   j k PgDn PgUp scroll") }
        return spans
    }
}

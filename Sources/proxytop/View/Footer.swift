internal import Shared

/// The bottom of the screen: the thing under the cursor, the last answer or what is typed, and the keys.
struct Footer {
    let model: Model
    let glyphs: Glyphs

    func draw(into grid: inout Grid, _ arrangement: Arrangement) {
        let columns = grid.size.columns
        if let row = arrangement.ruleRow {
            grid.fill(glyphs.rule, row: row, from: 0, to: columns, style: .faint)
        }
        if let row = arrangement.detailRow {
            let line =
                model.actions.prompt?.remark.map { StyledText($0, .slow) }
                ?? detail(width: columns - 2)
            grid.put(line, row: row, column: 1, end: columns - 1, cut: glyphs.cut)
        }
        if let prompt = model.actions.prompt {
            draw(prompt, into: &grid, row: arrangement.statusRow)
        } else {
            let line = status
            grid.put(
                Cutting.end(line.text, width: columns - 1, glyphs), row: arrangement.statusRow,
                column: 1, style: line.style)
        }
        if let row = arrangement.keysRow { grid.put(keys, row: row, column: 1) }
    }

    /// Below a text: what is typed or was said, and the keys.
    func drawBelowText(into grid: inout Grid) {
        let row = grid.size.rows - 2
        if let prompt = model.actions.prompt {
            draw(prompt, into: &grid, row: row)
        } else if let notice = model.actions.notice {
            grid.put(
                Cutting.end(notice.text, width: grid.size.columns - 1, glyphs), row: row, column: 1,
                style: notice.isError ? .danger : .plain)
        }
        grid.put(keys, row: grid.size.rows - 1, column: 1)
    }

    /// What is typed, scrolled so that the cursor is on the screen.
    private func draw(_ prompt: Prompt, into grid: inout Grid, row: Int) {
        let start = grid.put(prompt.label, row: row, column: 1, style: .strong)
        let room = max(1, grid.size.columns - start - 2)
        let head = Array(prompt.text.prefix(prompt.place))
        let tail = String(prompt.text.dropFirst(prompt.place))
        var shown = String(head)
        while CellWidth.of(shown) > room, !shown.isEmpty { shown.removeFirst() }
        // Until the first letter it is as if all of it were selected.
        let place = grid.put(
            shown, row: row, column: start, style: prompt.isAsOpened ? .chosen : .plain)
        grid.cursor = Grid.Spot(row: row, column: place)
        let under = tail.first.map { String($0) } ?? "_"
        let next = grid.put(under, row: row, column: place, style: .chosen)
        grid.put(String(tail.dropFirst()), row: row, column: next)
    }

    private var status: (text: String, style: Style) {
        if let notice = model.actions.notice {
            return (notice.text, notice.isError ? .danger : .plain)
        }
        guard case .lost = model.connection.link.phase else { return (standing, .plain) }
        // A header of four rows already says the rest.
        if model.arrangement.headerHeight < 4 { return (LinkText(model).sentence, .alert) }
        guard let at = model.data.snapshotAt else {
            return ("no data yet; actions are off", .plain)
        }
        let age = Age(milliseconds: model.now.elapsed(since: at.milliseconds))
        let clock = CalendarTime(seconds: at.wallSeconds + at.offsetSeconds).clock
        return (
            "last good data \(clock), \(age) old; actions are off until the link is back", .plain
        )
    }

    /// What is marked, and what could be undone.
    private var standing: String {
        var parts: [String] = []
        let marks = model.standingMarks
        if let first = marks.first, let snapshot = model.snapshot {
            let name = Act.Target(first, in: snapshot, model.data.window)?.name ?? "?"
            parts.append("\(marks.count) marked" + (marks.count == 1 ? " (\(name))" : ""))
        }
        if model.time.mode == .present, let errands = model.actions.scheduled.text(model.snapshot) {
            parts.append(errands)
        }
        if let last = model.actions.undo.last {
            let age = Age(milliseconds: model.now.elapsed(since: last.at) / 60_000 * 60_000)
            let when = age.milliseconds < 60_000 ? "just now" : "\(age) ago"
            parts.append("undo: \(last.command), \(when) (u)")
        }
        return parts.joined(separator: "   ")
    }

    private func detail(width: Int) -> StyledText {
        switch model.navigation.page {
        case .connections: return StyledText(windowSentence(width))
        case .events:
            guard case .event(let id) = model.selection.eventCursor.subject,
                let event = model.data.log.event(id: id)
            else { return StyledText() }
            var clauses = Clauses("\(event.subject)  \(event.kind)")
            if let cause = event.cause { clauses.add("  \(cause)", drop: nil) }
            clauses.add("  by \(event.actorName)", drop: 0)
            return StyledText(clauses.text(width: width, glyphs))
        default: break
        }
        guard let snapshot = model.snapshot, let subject = model.subject else {
            return StyledText()
        }
        switch subject {
        case .channel(let serial):
            return snapshot.channel(serial: serial).map { StyledText(sentence($0, width)) }
                ?? StyledText()
        case .group(let serial):
            guard let group = snapshot.group(serial: serial) else { return StyledText() }
            let snapshot = group.snapshot
            var clauses = Clauses("\(snapshot.path)  \(snapshot.balance)")
            clauses.add("  total \(snapshot.total)", drop: 0)
            clauses.add("  spilled \(snapshot.spilled)", drop: 1)
            return StyledText(clauses.text(width: width, glyphs))
        case .service(let name):
            let listeners = snapshot.listeners.filter { $0.path.hasPrefix(name + "/") }
            let list = listeners.map { "\($0.address) \($0.state.rawValue)" }
            return StyledText("\(name)  listeners: \(list.joined(separator: ", "))")
        case .listener(let serial):
            guard let listener = snapshot.listeners.first(where: { $0.serial == serial }) else {
                return StyledText()
            }
            var clauses = Clauses(
                "listener \(listener.path)  \(listener.address)  \(listener.state.rawValue)")
            clauses.add("  when empty: \(listener.whenEmpty)", drop: 0)
            clauses.add("  refused \(listener.refused)", drop: 1)
            return StyledText(clauses.text(width: width, glyphs))
        case .quiet: return StyledText("channels that are up; Enter shows them, h hides them again")
        case .session, .event: return StyledText()
        }
    }

    /// `rows 1-7 of 400 matching, 1284 in all (only this window was fetched)`
    private func windowSentence(_ width: Int) -> String {
        let window = model.data.window
        guard window.isKnown, window.fault == nil else { return "" }
        if window.old.isEmpty, let crowd = StuckCrowd(window.rows) { return crowd.text }
        let top = model.selection.sessionCursor.top
        let last = min(window.matched, top + model.arrangement.tableHeight)
        var clauses = Clauses("rows \(min(top + 1, last))-\(last) of \(window.matched) matching")
        clauses.add(", \(window.total) in all", drop: 2)
        if window.matched > window.rows.count {
            clauses.add(" (only this window was fetched)", drop: 0)
        }
        if window.pause > 0 {
            let pause = Age(milliseconds: window.pause)
            clauses.add("; asked every \(pause) to spare the daemon", drop: 1)
        }
        if !window.old.isEmpty {
            clauses.add("; \(window.old.count) dim: ended or moved on", drop: 3)
        } else {
            let stuck = window.rows.count { $0.stuck != nil }
            if stuck > 0 { clauses.add("; \(stuck) stuck here (S)", drop: 3) }
        }
        return clauses.text(width: width, glyphs)
    }

    private func sentence(_ channel: ChannelSnapshot, _ width: Int) -> String {
        let label = channel.label.map { " (\($0))" } ?? ""
        var first = "\(channel.path)\(label)"
        if let rival = model.data.presence.warning([channel.path]) { first = "\(rival), \(first)" }
        if let why = channel.why, !why.isEmpty { first += " \(why)" }
        var clauses = Clauses(first)
        if let retry = channel.retryMilliseconds {
            clauses.add(", retry in \(Age(milliseconds: retry))", drop: 2)
        }
        let since = model.data.snapshotAt.map { at in
            let seconds =
                at.wallSeconds + at.offsetSeconds - Int64(channel.sinceMilliseconds / 1000)
            let time = CalendarTime(seconds: seconds)
            return channel.sinceMilliseconds >= 86_400_000
                ? "\(time.date) \(time.shortClock)" : time.shortClock
        }
        if let since { clauses.add(", \(channel.state.rawValue) since \(since)", drop: 1) }
        if let by = channel.by, !by.isEmpty { clauses.add(", by \(model.person(by))", drop: 0) }
        return clauses.text(width: width, glyphs)
    }

    /// As many keys of this view as there is room for; the way to the others always.
    private var keys: StyledText {
        if model.actions.prompt != nil {
            let keys: [(String, String)] =
                model.actions.prompt?.purpose == .command
                ? [("Enter", "sends"), ("Esc", "cancels"), ("Tab", "completes"), ("Up", "recalls")]
                : [("Enter", "takes it"), ("Esc", "cancels")]
            return spans(keys)
        }
        if let overlay = model.navigation.overlay { return spans(Self.keys(of: overlay)) }
        let mayAct = model.obstacle == nil
        let last = [
            ("?", "help"),
            (
                "q",
                model.navigation.pagesBefore.isEmpty && !model.connection.isMember ? "quit" : "back"
            ),
        ]
        var shown: [(String, String)] = []
        if model.time.mode == .past { shown = [("=", "now"), ("[ ] { }", "time")] }
        var isConnection = false
        if case .session = model.subject { isConnection = true }
        // The other parts of the view are worth a hint when there is room for one.
        let others = model.preferences.keys.bindings.filter { $0.command == .nextPane }
        let bindings =
            model.preferences.keys.bindings.filter { $0.command != .nextPane }
            + (model.mayHaveParts ? others : [])
        for binding in bindings {
            guard let hint = binding.hint, let key = binding.keys.first,
                binding.pages.contains(model.navigation.page), binding.section != .program,
                mayAct || binding.section != .act,
                binding.command != .undo || model.actions.undo.last != nil,
                // A connection can only be cut; of a channel there are better ways.
                binding.section != .act || binding.command == .undo
                    || (binding.command == .kill) == isConnection
            else { continue }
            let wanted = shown + [(key.name, hint)]
            guard spans(wanted + last).width < model.size.columns - 1 else { continue }
            shown = wanted
        }
        return spans(shown + last)
    }

    private static func keys(of overlay: Overlay) -> [(String, String)] {
        let moving = [
            ("q", "back"), ("j k PgDn PgUp", "scroll"), ("/", "search"), ("n", "next match"),
        ]
        switch overlay {
        case .help: return [("Enter", "does it")] + moving
        case .menu: return [("Enter", "does it"), ("q", "back")]
        case .columns:
            return [
                ("Space", "shows or hides it"), ("_", "all as the width says"), ("q", "back"),
            ]
        case .sorting: return [("Enter", "sorts by it, or turns the order round"), ("q", "back")]
        case .views: return [("Enter", "shows it"), ("q", "back"), (":forget NAME", "drops one")]
        case .answer, .why, .undo, .rehearsal: return moving
        }
    }

    private func spans(_ keys: [(String, String)]) -> StyledText {
        var spans = StyledText()
        for (key, hint) in keys {
            if spans.width > 0 { spans.add("  ") }
            spans.add(key, .strong)
            spans.add(" \(hint)")
        }
        return spans
    }
}

internal import Shared

/// The top of the screen: who is talking, how much room is left, and what is wrong.
struct HeaderStrip {
    let model: Model
    let glyphs: Glyphs
    let isWide: Bool
    /// Whether there is room for everything.
    let isWidest: Bool
    private let rates: Track.Rates
    private let problems: [Problem]

    init(_ model: Model, _ glyphs: Glyphs, columns: Int) {
        self.model = model
        self.glyphs = glyphs
        isWide = columns >= 120
        isWidest = columns >= Arrangement.widestHeaderFrom
        rates = model.data.history.sum
        problems = model.problems
    }

    func draw(into grid: inout Grid, height: Int) {
        guard height >= 4 else {
            grid.put(left: summary, right: linkPart(isShort: true), row: 0, cut: glyphs.cut)
            return
        }
        grid.put(left: identity, right: linkPart(isShort: false), row: 0, cut: glyphs.cut)
        grid.put(left: slots, right: traffic, row: 1, cut: glyphs.cut)
        let groups = groups
        let room = model.size.columns - groups.width - 1
        // Which groups there are comes first.
        let right = isWide ? reserves.first { $0.width <= room } : failures
        grid.put(left: groups, right: right ?? StyledText(), row: 2, cut: glyphs.cut)
        grid.put(left: trouble, right: others, row: 3, cut: glyphs.cut)
    }

    private var gap: String { isWide ? "   " : "  " }

    // MARK: Row 1

    private var identity: StyledText {
        var spans = StyledText(model.connection.hello?.host ?? "", .strong)
        let socket = model.connection.socketPath.split(separator: "/").last.map(String.init) ?? ""
        spans.add(" \(socket)")
        guard let hello = model.connection.hello else { return spans }
        let space = isWide ? "  " : " "
        spans.add("  proxyd \(hello.version)\(space)pid \(hello.pid)")
        spans.add("\(space)up \(hello.uptime(at: model.daemonNow))")
        if let presence = model.data.presence.count {
            // Where both do not fit, who else is there gives way to what the link is like.
            let room = model.size.columns - linkPart(isShort: false).width - 1
            let short = "\(space)+\(model.data.presence.all.count - 1)"
            let text =
                spans.width + space.utf8.count + presence.utf8.count <= room
                ? space + presence : short
            if spans.width + text.utf8.count <= room { spans.add(text, .slow) }
        }
        let load = isWidest ? model.data.load.text(gap: space) : ""
        if !load.isEmpty { spans.add(space + load) }
        return spans
    }

    private func linkPart(isShort: Bool) -> StyledText {
        let space = isWide && !isShort ? "  " : " "
        var spans = StyledText()
        if let hello = model.connection.hello {
            if !hello.environment.isEmpty { spans.add(hello.environment + space, .strong) }
            spans.add((hello.maySwitch ? "RW" : "RO") + space)
        }
        if model.time.isFrozen { spans.add("FROZEN" + space, .slow) }
        let state = LinkText(model)
        spans.add(state.short, state.style)
        let time = CalendarTime(
            seconds: model.shownNow.wallSeconds + model.shownNow.offsetSeconds)
        if isWide, !isShort {
            spans.add(
                "  \(NumberText.interval(model.connection.intervalMilliseconds))  \(time.date)")
        }
        if !isShort || model.size.columns >= 60 { spans.add(space + time.clock) }
        return spans
    }

    // MARK: Row 2

    private var room: Slots { Slots(model.snapshot?.channels ?? []) }

    private var slots: StyledText {
        guard let snapshot = model.snapshot else { return StyledText("slots ?") }
        var spans = StyledText("slots ")
        if let total = room.total {
            let part = total == 0 ? 0 : Double(room.used) / Double(total)
            let style: Style = part >= 0.9 ? Style(.full) : Style(.up)
            spans.add(glyphs.bar(part, cells: isWide ? 16 : 12), style)
            spans.add(" \(room.description) \(NumberText.percent(room.used, of: total))")
        } else {
            spans.add("\(room.used), no limit")
        }
        let conn = snapshot.channels.reduce(0) { $0 + $1.current }
        spans.add("\(gap)conn \(NumberText.count(conn, width: 6))")
        spans.add("\(gap)new \(NumberText.perSecond(rates.total))/s")
        if isWide {
            spans.add("\(gap)fail \(NumberText.brief(rates.failed))/s")
            spans.add("\(gap)refused \(NumberText.brief(model.data.history.refused))")
        }
        return spans
    }

    private var traffic: StyledText {
        let unit = model.preferences.showsBits ? "b/s" : "B/s"
        let (input, output) = (rates.inBytes, rates.outBytes)
        let inText = NumberText.bytes(input, asBits: model.preferences.showsBits)
        let outText = NumberText.bytes(output, asBits: model.preferences.showsBits)
        guard isWide else { return StyledText("in \(inText) out \(outText) \(unit)") }
        let peak = model.data.rates.beats.map(\.outBytes).max()
        let peakText = NumberText.bytes(peak, asBits: model.preferences.showsBits)
        return StyledText(
            "in \(inText)\(unit)   out \(outText)\(unit)"
                + (isWidest ? "   peak 15m \(peakText)\(unit)" : ""))
    }

    // MARK: Row 3

    private var groups: StyledText {
        var spans = StyledText()
        let services = model.snapshot?.services ?? []
        for service in services {
            if services.count > 1 {
                spans.add((spans.width > 0 ? gap : "") + service.name + ":", .heading)
            }
            for (index, group) in service.groups.enumerated() {
                let separator =
                    index == 0 ? (services.count > 1 ? " " : "") : isWide ? "   >   " : "   "
                spans.add(separator)
                add(group, to: &spans)
            }
        }
        return spans
    }

    private func add(_ group: DaemonSnapshot.Group, to spans: inout StyledText) {
        spans.add("\(group.title) \(PolicyName.short(group.snapshot.balance)) ")
        let style = group.snapshot.role.style
        spans.add(group.snapshot.role.word, model.isStale ? style.stale : style)
        spans.add(" \(group.usable.count)/\(group.channels.count)")
        if isWide { spans.add(" usable") }
    }

    /// `headroom G0 1%   if one more is lost: 3 clients refused`, of the group that comes off worst, and without the end.
    private var reserves: [StyledText] {
        guard let snapshot = model.snapshot else { return [] }
        var room = StyledText()
        if let worst = Headroom.worst(in: snapshot) {
            room.add("headroom \(worst.title) \(worst.percent)", worst.style)
        }
        guard isWidest, let loss = LossImpact.worst(in: snapshot) else { return [room] }
        var whole = room
        if room.width > 0 { whole.add("   ") }
        whole.add("if one more is lost: ")
        whole.add(loss.sentence, loss.style)
        return [whole, room]
    }

    private var failures: StyledText {
        let failed = NumberText.brief(rates.failed)
        return StyledText(
            "fail \(failed)/s  refused \(NumberText.brief(model.data.history.refused))")
    }

    // MARK: Row 4

    private var trouble: StyledText {
        if case .lost = model.connection.link.phase {
            return StyledText(LinkText(model).sentence, .alert)
        }
        guard let snapshot = model.snapshot else { return StyledText("waiting for the daemon") }
        var spans = StyledText()
        let shown = problems.prefix(isWide ? 3 : 2).filter { $0.severity != .note }
        guard !shown.isEmpty else {
            let since = model.data.quietSince.map { quiet in
                let lasting = snapshot.nowMilliseconds - min(quiet, snapshot.nowMilliseconds)
                return " for \(Age(milliseconds: lasting))"
            }
            return StyledText("no problems\(since ?? "")", .good)
        }
        for problem in shown {
            let face = StateBadge(problem.state, glyphs, isStale: false)
            spans.add((spans.width > 0 ? "    " : "") + face.glyph + " ", face.style)
            spans.add(problem.text, problem == shown.first ? .strong : .plain)
        }
        return spans
    }

    private var others: StyledText {
        guard model.connection.link.isLive else { return StyledText() }
        let bad = problems.count { $0.severity != .note }
        let notes = problems.count - bad
        var parts: [String] = []
        if bad > 0 { parts.append("\(bad) problem\(bad == 1 ? "" : "s")") }
        if notes > 0, isWide || bad == 0 { parts.append("\(notes) notice\(notes == 1 ? "" : "s")") }
        return StyledText(parts.joined(separator: ", "))
    }

    // MARK: One row instead of four

    private var summary: StyledText {
        var spans = StyledText(model.connection.hello?.host ?? "proxytop", .strong)
        for count in StateCount.bad(in: model.snapshot) {
            let face = StateBadge(count.state, glyphs, isStale: model.isStale)
            spans.add("  ")
            spans.add("\(count.number) \(face.word)", face.style)
        }
        let conn = model.snapshot?.channels.reduce(0) { $0 + $1.current } ?? 0
        spans.add("  \(conn) conn")
        if model.size.columns >= 60 {
            spans.add("  slots \(room.description)")
            spans.add("  new \(NumberText.perSecond(rates.total))/s")
        }
        return spans
    }
}

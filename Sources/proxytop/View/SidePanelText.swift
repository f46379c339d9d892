internal import Shared

/// What there is to show about the thing under the cursor of the channel table, in the room that it leaves.
struct SidePanelText {
    let model: Model
    let glyphs: Glyphs
    /// The cells of a line.
    let width: Int
    let hasSide: Bool

    private var chartHeight: Int { model.size.rows >= 50 ? 7 : 4 }
    private static let failures = "FAIL/s"
    /// An operator sees at least so much of what happened last.
    private static let fewestEvents = 3

    /// Below the table, the most important first.
    var below: [Pane] {
        var panes: [Pane] = []
        if !hasSide, let why { panes.append(why) }
        if hasSide, let connections { panes.append(connections) }
        if let events { panes.append(events) }
        if panes.isEmpty, let detail { panes.append(detail) }
        return panes
    }

    /// Beside it.
    var beside: [Pane] {
        [
            detail, why, drain, balance, chart("NEW/s", \.total),
            chart(Self.failures, \.failed),
        ].compactMap(\.self)
    }

    // MARK: Parts

    private var channel: ChannelSnapshot? {
        guard case .channel(let serial) = model.selection.cursor.subject else { return nil }
        return model.snapshot?.channel(serial: serial)
    }

    private func name(_ channel: ChannelSnapshot) -> String {
        Place(channelPath: channel.path).shortName
    }

    private var group: DaemonSnapshot.Group? {
        switch model.selection.cursor.subject {
        case .channel(let serial):
            model.snapshot?.groups.first { $0.channels.contains { $0.serial == serial } }
        case .group(let serial): model.snapshot?.group(serial: serial)
        default: nil
        }
    }

    private var why: Pane? {
        guard let subject = model.troubled else { return nil }
        let title: String
        if let channel {
            title = "WHY \(name(channel)) \(Self.predicate(of: channel.state))"
        } else {
            let isSpill = group?.snapshot.role == .spill
            title = "WHY \(group?.title ?? "?") \(isSpill ? "TAKES OVERFLOW" : "IS EXHAUSTED")"
        }
        // Until the daemon's history comes, events and numbers say what they can.
        var known = Why(subject: subject, title: title)
        known.samples = []
        if let asked = model.data.sidePanel.why, asked.subject == subject, asked.samples != nil {
            known = asked
        }
        let lines = WhyPage.lines(known, model, glyphs, columns: width)
        return Pane(
            title: title, remark: "w shows all of it", content: .lines(lines), least: 3,
            keepsEnd: true, focus: .why, isFocused: model.navigation.focus == .why,
            top: model.navigation.paneTops[.why] ?? .max)
    }

    private static func predicate(of state: ChannelState) -> String {
        switch state {
        case .drain: "DRAINS"
        case .grace: "IS IN GRACE"
        case .check: "IS BEING CHECKED"
        case .auto: "WAITS FOR YOU"
        default: "IS \(state.rawValue.uppercased())"
        }
    }

    private var events: Pane? {
        guard model.connection.catalog.has("show events") else { return nil }
        let events = model.latestEvents
        guard !events.isEmpty else {
            return Pane(
                title: "EVENTS (key 4)", remark: "newest first",
                content: .lines([StyledText("nothing has happened yet", .faint)]),
                least: Self.fewestEvents)
        }
        return Pane(
            title: "EVENTS (key 4)", remark: "newest first",
            content: .events(EventTable(model: model, glyphs: glyphs), Array(events)),
            least: Self.fewestEvents, focus: .events, isFocused: model.navigation.focus == .events,
            top: model.selection.latestCursor.top)
    }

    private var detail: Pane? {
        guard let channel else { return nil }
        let page = DetailPage(model, glyphs)
        return Pane(
            title: "DETAIL \(name(channel))", remark: "Enter shows all of it",
            content: .lines(page.facts(of: channel)), least: 6, focus: .detail,
            isFocused: model.navigation.focus == .detail,
            top: model.navigation.paneTops[.detail] ?? 0)
    }

    private var drain: Pane? {
        guard let channel = model.draining else { return nil }
        let lingering = model.data.sidePanel.lingering.flatMap {
            $0.serial == channel.serial ? $0 : nil
        }
        return Pane(
            title: "DRAIN \(name(channel))", remark: "\(channel.current) left",
            content: .lines(
                DrainText(channel, model, glyphs, lingering: lingering, width: width).lines),
            least: 2, focus: .draining, isFocused: model.navigation.focus == .draining,
            top: model.navigation.paneTops[.draining] ?? 0)
    }

    private var connections: Pane? {
        let channels = model.sidePanelChannels
        guard !channels.isEmpty else { return nil }
        let aside = model.data.sidePanel
        let names = channels.prefix(3).map { name($0) }.joined(separator: " ")
        let title =
            "CONNECTIONS of \(names)"
            + (channels.count > 3 ? " and \(channels.count - 3) more" : "")
        guard aside.channels == channels.map(\.path) else {
            return Pane(
                title: title, content: .lines([StyledText("asking the daemon …", .faint)]))
        }
        guard aside.matched > 0 else {
            return Pane(title: title, content: .lines([StyledText("none", .faint)]))
        }
        let table = SessionTable(
            model, glyphs, rows: aside.sessions, columns: width, order: SidePanel.order)
        return Pane(
            title: title, remark: "\(aside.matched), the busiest first (d)",
            content: .sessions(table, aside.sessions), least: 5, focus: .connections,
            isFocused: model.navigation.focus == .connections, top: model.selection.nearbyCursor.top
        )
    }

    /// What each channel of the group got of what was new, beside what its weight promises.
    private var balance: Pane? {
        guard let group, let imbalance = Imbalance.of(group, model.data.history) else { return nil }
        var lines = imbalance.shares.prefix(12).map { share in
            let own = name(share.channel)
            let blank = String(repeating: " ", count: max(1, 8 - CellWidth.of(own)))
            return StyledText(
                own + blank + glyphs.bar(share.actual, cells: 24)
                    + " \(Imbalance.percent(share.actual)), its weight says "
                    + Imbalance.percent(share.expected))
        }
        if imbalance.cause != nil {
            lines += Cutting.wrapped(imbalance.text, width: width - 2).map { StyledText($0, .slow) }
        }
        return Pane(
            title: "BALANCE of \(group.title), last minute", remark: "skew \(imbalance.short)",
            content: .lines(lines), least: 2, focus: .balance,
            isFocused: model.navigation.focus == .balance,
            top: model.navigation.paneTops[.balance] ?? 0)
    }

    private func chart(_ title: String, _ counter: (Track.Step) -> UInt64) -> Pane? {
        guard glyphs != .words, !model.preferences.isLean, let channel,
            let now = model.snapshot?.nowMilliseconds,
            let track = model.data.history.channels[channel.serial]
        else { return nil }
        let cells = min(Track.mostSteps / 3, width - 2)
        let chart = Chart(
            track.perSecond(counter, cells: cells, stepsPerCell: 3, now: now),
            height: chartHeight)
        // Without failures there is no snapshot.
        guard chart.isKnown, title != Self.failures || chart.hasAny else { return nil }
        return Pane(
            title: "\(title) of \(name(channel)), 15 min",
            remark: "0..\(NumberText.bytes(chart.top, asBits: false))",
            content: .lines(chart.lines(glyphs)), least: chartHeight)
    }
}

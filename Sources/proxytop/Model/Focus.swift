internal import Shared

/// The part of a view that the moving keys move in.
enum Focus: Equatable, Sendable {
    /// The list that the view is about.
    case table
    /// The groups of the overview.
    case groups
    /// Below the channels or beside them, where there is room.
    case why, connections, events, detail, balance, draining

    /// Whether it is a text that scrolls, without a cursor.
    var isText: Bool {
        switch self {
        case .why, .detail, .balance, .draining: true
        case .table, .groups, .connections, .events: false
        }
    }
}

extension Model {
    /// The parts of this view that exist at this size, in the order of Tab.
    var panes: [Focus] {
        guard arrangement.kind == .table else { return [.table] }
        switch page {
        case .overview: return OverviewLayout(self).panes
        case .channels: return [.table] + ChannelsPage.parts(self).compactMap(\.pane.focus)
        case .connections, .events, .detail: return [.table]
        }
    }

    /// Whether Tab has somewhere to go in this view, found without working out what is in its parts.
    var mayHaveParts: Bool {
        switch page {
        case .overview: picture != nil
        case .channels:
            arrangement.paneHeight > 0
                && (arrangement.sideColumn != nil || !log.events.isEmpty || troubled != nil
                    || !aside.sessions.isEmpty)
        case .connections, .events, .detail: false
        }
    }

    /// Rows that a part has for its lines.
    func height(of pane: Focus) -> Int {
        switch (page, pane) {
        case (_, .table): arrangement.tableHeight
        case (.overview, .groups): OverviewLayout(self).groupRows
        case (.overview, .events): OverviewLayout(self).eventRows
        default:
            ChannelsPage.parts(self).first { $0.pane.focus == pane }
                .map { $0.rows.count - $0.pane.titles } ?? 0
        }
    }

    /// Tab: the next part of the view; where there is only one, the next view.
    mutating func turn(by step: Int) {
        let parts = panes
        guard overlay == nil, parts.count > 1 else { return turnPage(by: step) }
        let place = parts.firstIndex(of: focus) ?? 0
        focus = parts[(place + step + parts.count) % parts.count]
        movedAt = now.milliseconds
        settlePanes()
    }

    /// Keeps the cursors of the parts on their things; a part that is not there any more gives its place up.
    mutating func settlePanes() {
        guard focus != .table else { return }
        guard panes.contains(focus) else { return focus = .table }
        let height = height(of: focus)
        switch focus {
        case .groups: groupCursor.settle(in: groupList, height: height)
        case .connections: nearbyCursor.settle(in: nearbyList, height: height)
        case .events: latestCursor.settle(in: latestList, height: height)
        case .table, .why, .detail, .balance, .draining: break
        }
    }

    var groupList: ListRows {
        ListRows((picture?.groups ?? []).map { .group(serial: $0.snapshot.serial) })
    }
    var nearbyList: ListRows { ListRows(aside.sessions.map { .session(id: $0.id) }) }
    var latestList: ListRows { ListRows(latestEvents.map { .event(id: $0.id) }) }
    /// As many as a part of a view has room for at all.
    var latestEvents: ArraySlice<EventSnapshot> { log.newest(nil).prefix(Self.mostLatest) }
    private static let mostLatest = 100

    /// What the focused part's cursor stands on; nil: the view's own list is meant.
    var paneSubject: Subject? {
        switch (page, focus) {
        case (.overview, .groups): groupCursor.subject
        case (.overview, .events), (.channels, .events): latestCursor.subject
        case (.channels, .connections): nearbyCursor.subject
        default: nil
        }
    }

    /// A moving key while a part has it; false: it is for the view's own list.
    mutating func moveInPane(_ command: Binding.Command) -> Bool {
        guard focus != .table, panes.contains(focus) else { return false }
        let height = height(of: focus)
        movedAt = now.milliseconds
        switch focus {
        case .groups: Self.move(&groupCursor, command, in: groupList, height)
        case .connections: Self.move(&nearbyCursor, command, in: nearbyList, height)
        case .events: Self.move(&latestCursor, command, in: latestList, height)
        case .why, .detail, .balance, .draining: scroll(focus, command, height)
        case .table: return false
        }
        return true
    }

    private mutating func scroll(_ pane: Focus, _ command: Binding.Command, _ height: Int) {
        let part = ChannelsPage.parts(self).first { $0.pane.focus == pane }?.pane
        guard let part else { return }
        let end = max(0, part.count - height)
        paneTops[pane] = TextPage.top(
            after: command, from: paneTops[pane] ?? (part.keepsEnd ? end : 0), lines: part.count,
            size: Size(columns: size.columns, rows: height + TextPage.frame))
    }

    /// `e` in a part: all of what it is the beginning of; false: the table has the keys.
    mutating func openWhole() -> [Effect]? {
        switch focus {
        case .table, .groups: return nil
        case .why: return askWhy()
        case .connections: showConnections(of: asideChannels)
        case .events: show(.events)
        case .detail, .balance, .draining: show(.detail)
        }
        return []
    }

    /// Enter in a part; false: nothing to open there.
    mutating func openFromPane() -> Bool {
        guard focus == .groups, case .group(let serial) = groupCursor.subject else { return false }
        show(.channels)
        cursor.subject = .group(serial: serial)
        folded.remove(.group(serial: serial))
        settle()
        return true
    }
}

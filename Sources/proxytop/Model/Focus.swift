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
    var groupList: ListRows {
        ListRows((snapshot?.groups ?? []).map { .group(serial: $0.snapshot.serial) })
    }
    var nearbyList: ListRows { ListRows(data.sidePanel.sessions.map { .session(id: $0.id) }) }
    var latestList: ListRows { ListRows(latestEvents.map { .event(id: $0.id) }) }
    /// As many as a part of a view has room for at all.
    var latestEvents: ArraySlice<EventSnapshot> { data.log.newest(nil).prefix(Self.mostLatest) }
    private static let mostLatest = 100

    /// What the focused part's cursor stands on; nil: the view's own list is meant.
    var paneSubject: Subject? {
        switch (navigation.page, navigation.focus) {
        case (.overview, .groups): selection.groupCursor.subject
        case (.overview, .events), (.channels, .events): selection.latestCursor.subject
        case (.channels, .connections): selection.nearbyCursor.subject
        default: nil
        }
    }
}

internal import Shared

/// What a list can be sorted by, to choose from.
struct SortMenu: Sendable {
    enum Key: Equatable, Sendable {
        /// nil: as the daemon has them, by group.
        case channels(ChannelOrder.Field?)
        case sessions(SessionField)
    }

    struct Item: Equatable, Sendable {
        var key: Key
        var title: String
        var meaning: String
        /// Whether the list is sorted by it now.
        var isPresent: Bool
    }

    let items: [Item]
    /// Of the present order.
    let isDescending: Bool

    init(_ model: Model) {
        if model.navigation.page == .connections {
            let order = model.data.window.order
            isDescending = order.isDescending
            items = SessionColumn.all.map { column in
                Item(
                    key: .sessions(column.field), title: column.title,
                    meaning: column.content.meaning, isPresent: column.field == order.field)
            }
        } else {
            let present = model.selection.channelOrder
            isDescending = present?.isDescending ?? false
            let own = Item(
                key: .channels(nil), title: "ID", meaning: "as the daemon has them, by group",
                isPresent: present == nil)
            items =
                [own]
                + ChannelOrder.Field.allCases.map { field in
                    Item(
                        key: .channels(field), title: field.column.fullTitle,
                        meaning: field.meaning, isPresent: field == present?.field)
                }
        }
    }

    var present: Int { items.firstIndex(where: \.isPresent) ?? 0 }
}

extension ChannelOrder.Field {
    /// The column that shows it.
    var column: Column.Content {
        switch self {
        case .state: .state
        case .connections: .connections
        case .new: .new
        case .input: .input
        case .output: .output
        case .errors: .errors
        case .connectTime: .connectTime
        case .since: .since
        }
    }

    /// The column's meaning, and which end comes first.
    var meaning: String {
        switch self {
        case .state: "the state, the worst first"
        case .since: "the age of the state, what changed last first"
        case .connections, .new, .input, .output, .errors, .connectTime: column.meaning
        }
    }
}

extension Column.Content {
    /// The column's title where there is room for all of it.
    var fullTitle: String {
        Column.all.first { $0.content == self }?
            .title(width: 15, isBits: false, countsAll: false) ?? rawValue
    }
}

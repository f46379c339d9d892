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
                    meaning: column.meaning, isPresent: column.field == order.field)
            }
        } else {
            let present = model.selection.channelOrder
            isDescending = present?.isDescending ?? false
            let own = Item(
                key: .channels(nil), title: "ID", meaning: "as the daemon has them, by group",
                isPresent: present == nil)
            items =
                [own]
                + ChannelOrder.Field.allCases.compactMap { field in
                    Column.sorted(by: field).map { column in
                        Item(
                            key: .channels(field), title: column.fullTitle(),
                            meaning: column.sortMeaning ?? column.meaning,
                            isPresent: field == present?.field)
                    }
                }
        }
    }

    var present: Int { items.firstIndex(where: \.isPresent) ?? 0 }
}

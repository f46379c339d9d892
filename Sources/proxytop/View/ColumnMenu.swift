/// The list of a table's columns, to choose from.
struct ColumnMenu: Sendable {
    struct Item: Equatable, Sendable {
        var title: String
        var meaning: String
        var isShown: Bool
        /// Without it a row would not say what it is about.
        var isFixed: Bool
    }

    let items: [Item]

    init(_ model: Model) {
        items = model.navigation.page == .connections ? Self.sessions(model) : Self.channels(model)
    }

    private static func channels(_ model: Model) -> [Item] {
        let columns = model.arrangement.sideColumn ?? model.size.columns
        let shown = Set(ChannelTable(model, .ascii, columns: columns).layout.contents)
        return Column.all.map { column in
            Item(
                title: column.fullTitle(isBits: model.preferences.showsBits),
                meaning: column.meaning, isShown: shown.contains(column.content),
                isFixed: column.isFixed)
        }
    }

    private static func sessions(_ model: Model) -> [Item] {
        let shown = Set(SessionTable(model, .ascii).slots.map(\.column.content))
        return SessionColumn.all.map { column in
            Item(
                title: column.title, meaning: column.meaning,
                isShown: shown.contains(column.content), isFixed: column.isFixed)
        }
    }
}

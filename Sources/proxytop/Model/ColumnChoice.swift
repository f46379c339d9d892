/// Which columns of a table the operator wants, beside those that the width of the screen chooses.
struct ColumnChoice<Content: Hashable & Sendable>: Equatable, Sendable {
    /// Left out, however much room there is.
    private(set) var hidden: Set<Content> = []
    /// There before any other that could go.
    private(set) var wanted: Set<Content> = []

    var isEmpty: Bool { hidden.isEmpty && wanted.isEmpty }

    /// What is shown goes, what is not shown comes.
    mutating func toggle(_ content: Content, isShown: Bool) {
        if isShown {
            wanted.remove(content)
            hidden.insert(content)
        } else {
            hidden.remove(content)
            wanted.insert(content)
        }
    }
}

/// The list of a table's columns, to choose from.
struct ColumnMenu: Sendable {
    struct Item: Equatable, Sendable {
        var title: String
        var meaning: String
        var isShown: Bool
        /// Without it nobody would know what a row is about.
        var isFixed: Bool
    }

    let items: [Item]

    init(_ model: Model) {
        items = model.page == .connections ? Self.sessions(model) : Self.channels(model)
    }

    private static func channels(_ model: Model) -> [Item] {
        let columns = model.arrangement.sideColumn ?? model.size.columns
        let shown = Set(ChannelTable(model, .ascii, columns: columns).layout.contents)
        return Column.all.map { column in
            Item(
                title: column.title(width: 15, isBits: model.showsBits, countsAll: false),
                meaning: column.content.meaning, isShown: shown.contains(column.content),
                isFixed: column.content.isFixed)
        }
    }

    private static func sessions(_ model: Model) -> [Item] {
        let shown = Set(SessionTable(model, .ascii).slots.map(\.column.content))
        return SessionColumn.all.map { column in
            Item(
                title: column.title, meaning: column.content.meaning,
                isShown: shown.contains(column.content), isFixed: column.content.isFixed)
        }
    }
}

extension Model {
    /// Space or Enter on a line of the list of columns.
    mutating func toggleColumn(_ index: Int) {
        let items = ColumnMenu(self).items
        guard items.indices.contains(index) else { return }
        guard !items[index].isFixed else { return tell("\(items[index].title) is always there") }
        if page == .connections {
            sessionColumns.toggle(
                SessionColumn.all[index].content, isShown: items[index].isShown)
        } else {
            channelColumns.toggle(Column.all[index].content, isShown: items[index].isShown)
        }
        if !items[index].isShown, !ColumnMenu(self).items[index].isShown {
            tell("there is no room for \(items[index].title): take another one off")
        }
    }

    /// Back to what the width of the screen chooses.
    mutating func resetColumns() {
        if page == .connections {
            sessionColumns = ColumnChoice()
        } else {
            channelColumns = ColumnChoice()
        }
        tell("the width of the screen chooses the columns")
    }
}

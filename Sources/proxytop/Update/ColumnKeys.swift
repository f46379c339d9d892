// Showing and hiding columns.
extension Model {
    /// Space or Enter on a line of the list of columns.
    mutating func toggleColumn(_ index: Int) {
        let items = ColumnMenu(self).items
        guard items.indices.contains(index) else { return }
        guard !items[index].isFixed else { return notify("\(items[index].title) is always there") }
        if navigation.page == .connections {
            preferences.sessionColumns.toggle(
                SessionColumn.all[index].content, isShown: items[index].isShown)
        } else {
            preferences.channelColumns.toggle(
                Column.all[index].content, isShown: items[index].isShown)
        }
        if !items[index].isShown, !ColumnMenu(self).items[index].isShown {
            notify("there is no room for \(items[index].title): take another one off")
        }
    }

    /// Back to what the width of the screen chooses.
    mutating func resetColumns() {
        if navigation.page == .connections {
            preferences.sessionColumns = ColumnChoice()
        } else {
            preferences.channelColumns = ColumnChoice()
        }
        notify("the width of the screen chooses the columns")
    }
}

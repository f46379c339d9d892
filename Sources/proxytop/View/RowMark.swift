/// What stands before a row: the cursor, and whether it is marked.
struct RowMark {
    let isChosen: Bool
    let isMarked: Bool
    /// Its state changed while no key was pressed.
    let isNews: Bool
    /// The cursor of the list stands there, and the keys move elsewhere.
    let isLeft: Bool

    init(_ model: Model, _ subject: Subject) {
        isChosen = model.subject == subject
        isMarked = model.selection.marks.contains(subject)
        isLeft = model.navigation.focus != .table && model.tableSubject == subject
        if case .channel(let serial) = subject {
            isNews = model.data.awaySummary.marks(serial, at: model.now)
        } else {
            isNews = false
        }
    }

    func draw(into grid: inout Grid, row: Int) {
        if isNews, !isMarked { grid.put("'", row: row, column: isChosen ? 1 : 0, style: .strong) }
        if isMarked {
            grid.put("*", row: row, column: isChosen ? 1 : 0, style: .chosen)
        }
        if isLeft { grid.put(">", row: row, column: 0, style: .faint) }
        guard isChosen else { return }
        grid.cursor = Grid.Spot(row: row, column: 0)
        grid.put(">", row: row, column: 0, style: .strong)
        grid.restyle(row: row) { $0.underCursor }
    }
}

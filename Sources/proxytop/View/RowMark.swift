/// What stands before a row: the cursor, and whether it is marked.
struct RowMark {
    let isChosen: Bool
    let isMarked: Bool

    init(_ model: Model, _ subject: Subject) {
        isChosen = model.subject == subject
        isMarked = model.marks.contains(subject)
    }

    func draw(into grid: inout Grid, row: Int) {
        if isMarked {
            grid.put("*", row: row, column: isChosen ? 1 : 0, style: .chosen)
        }
        guard isChosen else { return }
        grid.put(">", row: row, column: 0, style: .strong)
        grid.restyle(row: row) { $0.underCursor }
    }
}

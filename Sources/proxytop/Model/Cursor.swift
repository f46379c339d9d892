/// Where the operator is looking: a thing, never a row number, so that rows may come, go and change places
/// under it and a key still acts on the right one.
struct Cursor: Equatable, Sendable {
    var subject: Subject?
    /// Where that thing stood when it was last seen, and the first row on the screen.
    private(set) var index = 0
    private(set) var top = 0
    /// Whether it has stood anywhere yet.
    private var isPlaced = false

    init() {}

    /// Finds its thing again after the rows have changed, and keeps it on the same line of the screen.
    mutating func settle(in rows: some CursorRows, height: Int) {
        guard rows.count > 0 else {
            (index, top) = (0, 0)
            return
        }
        if let subject, let found = rows.index(of: subject) {
            top += found - index
            index = found
        } else {
            index = min(max(0, index), rows.count - 1)
            // The first time it stands on what the keys act on.
            if subject == nil, !isPlaced { index = min(rows.firstChoice, rows.count - 1) }
            subject = rows.subject(at: index)
        }
        isPlaced = true
        scroll(rows: rows.count, height: height)
    }

    mutating func move(to target: Int, in rows: some CursorRows, height: Int) {
        guard rows.count > 0 else { return }
        index = min(max(0, target), rows.count - 1)
        subject = rows.subject(at: index)
        isPlaced = true
        scroll(rows: rows.count, height: height)
    }

    mutating func move(by distance: Int, in rows: some CursorRows, height: Int) {
        move(to: index + distance, in: rows, height: height)
    }

    private mutating func scroll(rows: Int, height: Int) {
        let visible = max(1, height)
        top = min(top, index)
        top = max(top, index - visible + 1)
        // A heading right above the first line is worth a row more.
        if index == 1, visible > 1 { top = 0 }
        top = min(max(0, top), max(0, rows - visible))
    }
}

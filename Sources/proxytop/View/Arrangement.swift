/// Which line of the screen is for what, at a given size.
struct Arrangement: Equatable, Sendable {
    enum Kind: Equatable, Sendable {
        /// Below 24x3: counts in words.
        case line
        /// Below 40x6: cells side by side, worst first.
        case packed
        case table
    }

    let kind: Kind
    let headerHeight: Int
    /// nil: there is no room for that line.
    let tabRow: Int?
    let columnRow: Int
    let tableTop: Int
    let tableHeight: Int
    let ruleRow: Int?
    let detailRow: Int?
    let statusRow: Int
    let keysRow: Int?

    init(_ size: Size, isHeaderFolded: Bool = false) {
        let (columns, rows) = (size.columns, size.rows)
        if columns < 24 || rows < 3 {
            kind = .line
        } else if columns < 40 || rows < 6 {
            kind = .packed
        } else {
            kind = .table
        }
        let isTall = rows >= 16
        headerHeight = isTall && columns >= 60 && !isHeaderFolded ? 4 : 1
        tabRow = isTall ? headerHeight : nil
        columnRow = headerHeight + (isTall ? 1 : 0)
        tableTop = columnRow + 1
        let footer = isTall ? 4 : rows >= 10 ? 2 : 1
        tableHeight = max(0, rows - footer - tableTop)
        ruleRow = isTall ? rows - 4 : nil
        detailRow = isTall ? rows - 3 : nil
        keysRow = footer > 1 ? rows - 1 : nil
        statusRow = footer > 1 ? rows - 2 : rows - 1
    }
}

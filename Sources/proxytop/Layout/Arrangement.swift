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
    /// The rows below the table that describe the thing under the cursor; none: 0.
    let paneHeight: Int
    /// Where a panel beside the table begins, with its border; nil: there is no room for one.
    let sideColumn: Int?
    let ruleRow: Int?
    let detailRow: Int?
    let statusRow: Int
    let keysRow: Int?

    /// Fewer rows than this are not worth a heading.
    static let leastPane = 5
    /// A table of this height gives some of it away, however long its list is.
    static let tallTable = 18
    static let sideFrom = 160
    /// A header from here on has room for everything.
    static let widestHeaderFrom = 160

    /// `tableRows`: the length of the list, where a page fills what the list leaves; nil gives it everything.
    init(_ size: Size, isHeaderFolded: Bool = false, tableRows: Int? = nil) {
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
        let height = max(0, rows - footer - tableTop)
        if let tableRows, kind == .table, columns >= 60 {
            let spare = height - tableRows - 1
            let pane = max(spare, height >= Self.tallTable ? height * 2 / 5 : 0)
            paneHeight = pane < Self.leastPane ? 0 : min(pane, height - 1)
            let hasSide = columns >= Self.sideFrom && height >= Self.tallTable
            sideColumn = hasSide ? columns - (columns >= 180 ? 72 : 60) : nil
        } else {
            paneHeight = 0
            sideColumn = nil
        }
        tableHeight = height - paneHeight
        ruleRow = isTall ? rows - 4 : nil
        detailRow = isTall ? rows - 3 : nil
        keysRow = footer > 1 ? rows - 1 : nil
        statusRow = footer > 1 ? rows - 2 : rows - 1
    }
}

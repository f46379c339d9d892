/// Which columns a screen of some width has, where they begin and how wide they are.
struct ColumnLayout: Equatable, Sendable {
    struct Slot: Equatable, Sendable {
        let column: Column
        let start: Int
        let width: Int

        var end: Int { start + width }
    }

    /// The mark of the cursor and a blank.
    static let markWidth = 2
    static let smallestEndpoint = 12
    static let widestEndpoint = 40
    /// `192.0.2.100:5432`
    static let ordinaryEndpoint = 16
    static let widestTrend = 30
    /// What a screen below 60 columns shows only when it is asked to goes in this place.
    private static let dropOfEndpoint = 11
    /// Below this, identity, state and connections are all there is.
    static let bareBelow = 60

    let slots: [Slot]

    /// The two widths are what the longest name and the longest address need.
    init(
        columns: Int, identityWidth: Int = 3, endpointWidth: Int = 21, hasTrend: Bool = true,
        choice: ColumnChoice<Column.Content> = ColumnChoice()
    ) {
        let isWide = columns >= 100
        var kept: [(column: Column, width: Int)] = []
        for column in Column.all where hasTrend || column.content != .trend {
            let isWanted = choice.wanted.contains(column.content)
            guard isWanted || column.from <= columns, !choice.hidden.contains(column.content) else {
                continue
            }
            var width = isWide ? column.widths.wide : column.widths.narrow
            if column.content == .identity { width = min(max(width, identityWidth), columns / 5) }
            if column.content == .connections, columns < Self.bareBelow { width = 11 }
            kept.append((column, width))
        }
        func needed() -> Int {
            Self.markWidth + kept.reduce(0) { $0 + $1.width } + max(0, kept.count - 1)
        }
        while needed() > columns {
            // What was asked for goes last.
            func rank(_ index: Int) -> Int {
                (kept[index].column.drop ?? Self.dropOfEndpoint)
                    + (choice.wanted.contains(kept[index].column.content) ? 100 : 0)
            }
            let next = kept.indices.filter { index in
                kept[index].column.drop != nil
                    || columns < Self.bareBelow
                        && choice.wanted.contains(kept[index].column.content)
            }.min { rank($0) < rank($1) }
            guard let next else { break }
            kept.remove(at: next)
        }
        // A trend is worth less than knowing which address it is.
        if let last = kept.last, last.column.content == .trend, !isWide,
            !choice.wanted.contains(.trend)
        {
            let wanted = min(endpointWidth, Self.ordinaryEndpoint)
            if Self.smallestEndpoint + columns - needed() < wanted { kept.removeLast() }
        }
        // The address takes what is left as far as it can use it, then the trend does.
        var spare = max(0, columns - needed())
        func widen(_ content: Column.Content, to limit: Int) {
            guard let index = kept.firstIndex(where: { $0.column.content == content }) else {
                return
            }
            let more = min(spare, max(0, limit - kept[index].width))
            kept[index].width += more
            spare -= more
        }
        widen(.endpoint, to: min(Self.widestEndpoint, max(endpointWidth, Self.smallestEndpoint)))
        if isWide { widen(.trend, to: Self.widestTrend) }
        widen(.endpoint, to: Self.widestEndpoint)

        var slots: [Slot] = []
        var start = Self.markWidth
        for (column, width) in kept {
            slots.append(Slot(column: column, start: start, width: width))
            start += width + 1
        }
        self.slots = slots
    }

    var contents: [Column.Content] { slots.map(\.column.content) }
}

/// Pieces of text with their styles, for a line that is built from left to right.
struct StyledText: Equatable, Sendable {
    private(set) var pieces: [(text: String, style: Style)] = []

    init() {}

    init(_ text: String, _ style: Style = .plain) { add(text, style) }

    mutating func add(_ text: String, _ style: Style = .plain) { pieces.append((text, style)) }

    var text: String { pieces.map(\.text).joined() }

    var width: Int { pieces.reduce(0) { $0 + CellWidth.of($1.text) } }

    static func == (left: StyledText, right: StyledText) -> Bool {
        left.pieces.elementsEqual(right.pieces) { $0.text == $1.text && $0.style == $1.style }
    }
}

extension StyledText {
    /// A title and a remark with a line drawn between them.
    static func heading(_ left: String, _ right: String, columns: Int, _ glyphs: Glyphs)
        -> StyledText
    {
        let used = CellWidth.of(left) + CellWidth.of(right) + (right.isEmpty ? 1 : 2)
        var spans = StyledText(left + " ", .heading)
        spans.add(
            String(repeating: Character(glyphs.rule), count: max(1, columns - used)), .faint)
        if !right.isEmpty { spans.add(" " + right, .faint) }
        return spans
    }
}

extension Grid {
    @discardableResult
    mutating func put(_ spans: StyledText, row: Int, column: Int, end: Int = .max) -> Int {
        var next = column
        for piece in spans.pieces {
            next = put(piece.text, row: row, column: next, style: piece.style, end: end)
        }
        return next
    }

    /// A line that ends with a mark where it has no room.
    mutating func put(_ spans: StyledText, row: Int, column: Int, end: Int, cut: Unicode.Scalar) {
        put(spans, row: row, column: column, end: end)
        guard column + spans.width > end, end > column else { return }
        fill(cut, row: row, from: end - 1, to: end)
    }

    /// A line with two ends; the right one is kept whole, the left one gives way, with a mark.
    mutating func put(left: StyledText, right: StyledText, row: Int, cut: Unicode.Scalar) {
        let rightWidth = right.width
        let start = max(0, size.columns - rightWidth)
        let end = rightWidth > 0 ? max(0, start - 1) : size.columns
        put(left, row: row, column: 0, end: end)
        if left.width > end { fill(cut, row: row, from: end - 1, to: end) }
        put(right, row: row, column: start)
    }
}

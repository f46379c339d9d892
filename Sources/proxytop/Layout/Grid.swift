/// A picture of the whole screen: a scalar and a style per cell. Everything is clipped here, so that
/// nothing below has to be trusted with a coordinate.
struct Grid: Equatable, Sendable {
    let size: Size
    /// Row by row. 0 is the right half of the wide character before it.
    private(set) var scalars: [UInt32]
    private(set) var styles: [UInt8]
    /// Other characters become `?`: what the terminal's character set cannot show.
    let isASCII: Bool
    /// Where the terminal's own cursor belongs; nil: nowhere, it is hidden.
    var cursor: Spot?

    struct Spot: Equatable, Sendable {
        var row: Int
        var column: Int
    }

    init(size: Size, isASCII: Bool = false) {
        self.size = size
        self.isASCII = isASCII
        scalars = Array(repeating: 0x20, count: size.columns * size.rows)
        styles = Array(repeating: Style.plain.number, count: size.columns * size.rows)
    }

    func range(ofRow row: Int) -> Range<Int> { row * size.columns..<(row + 1) * size.columns }

    /// Writes text from `column` on, up to `end` or the right edge; returns the column behind it.
    @discardableResult
    mutating func put(
        _ text: String, row: Int, column: Int, style: Style = .plain, end: Int = .max
    ) -> Int {
        guard row >= 0, row < size.rows, column >= 0 else { return column }
        let limit = min(end, size.columns)
        let base = row * size.columns
        var next = column
        CellWidth.visit(text, isASCII: isASCII) { scalar, width in
            guard next + width <= limit else { return false }
            set(scalar.value, style, at: base + next)
            if width == 2 { set(0, style, at: base + next + 1) }
            next += width
            return true
        }
        return next
    }

    /// Puts text so that it ends before `end`.
    mutating func putRight(_ text: String, row: Int, end: Int, style: Style = .plain) {
        put(text, row: row, column: max(0, end - CellWidth.of(text)), style: style, end: end)
    }

    mutating func fill(
        _ scalar: Unicode.Scalar, row: Int, from: Int, to end: Int, style: Style = .plain
    ) {
        guard row >= 0, row < size.rows else { return }
        let first = max(0, from)
        guard first < min(end, size.columns) else { return }
        for column in first..<min(end, size.columns) {
            set(scalar.value, style, at: row * size.columns + column)
        }
    }

    /// Gives every cell of a part of a row another style.
    mutating func restyle(
        row: Int, from: Int = 0, to end: Int = .max, _ change: (Style) -> Style
    ) {
        guard row >= 0, row < size.rows, from < min(end, size.columns) else { return }
        for index in row * size.columns + from..<row * size.columns + min(end, size.columns) {
            guard let role = Style.Role(rawValue: styles[index] & 0x1F) else { continue }
            var style = Style(role)
            if styles[index] & 0x40 != 0 { style = style.stale }
            if styles[index] & 0x80 != 0 { style = style.underCursor }
            styles[index] = change(style).number
        }
    }

    /// Puts a smaller picture into this one.
    mutating func put(_ part: Grid, row: Int, column: Int) {
        guard row >= 0, column >= 0, column < size.columns else { return }
        let width = min(part.size.columns, size.columns - column)
        for line in 0..<min(part.size.rows, max(0, size.rows - row)) {
            let from = line * part.size.columns
            let to = (row + line) * size.columns + column
            for offset in 0..<width {
                scalars[to + offset] = part.scalars[from + offset]
                styles[to + offset] = part.styles[from + offset]
            }
        }
        if let spot = part.cursor {
            cursor = Spot(row: row + spot.row, column: column + spot.column)
        }
    }

    /// One cell; half a wide character that loses its other half becomes a blank.
    private mutating func set(_ scalar: UInt32, _ style: Style, at index: Int) {
        let column = index % size.columns
        if scalars[index] == 0, scalar != 0, column > 0 { scalars[index - 1] = 0x20 }
        if column + 1 < size.columns, scalars[index + 1] == 0 { scalars[index + 1] = 0x20 }
        scalars[index] = scalar
        styles[index] = style.number
    }

    /// The rows as text, for tests and for `--once`.
    var lines: [String] {
        (0..<size.rows).map { row in
            var line = String.UnicodeScalarView()
            for value in scalars[range(ofRow: row)] where value != 0 {
                line.append(Unicode.Scalar(value) ?? "?")
            }
            return String(line)
        }
    }
}

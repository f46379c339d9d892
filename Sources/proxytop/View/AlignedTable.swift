internal import Shared

/// A table of the protocol with its columns below one another; other text as it is.
struct AlignedTable {
    /// A column is never wider than this; what is longer pushes the rest to the right.
    static let widestColumn = 40

    let lines: [String]

    init(_ raw: [String]) {
        guard raw.contains(where: { $0.utf8.contains(0x09) }), let table = Table(lines: raw) else {
            lines = raw
            return
        }
        let all = [table.columns] + table.rows
        var widths = [Int](repeating: 0, count: table.columns.count)
        for row in all {
            for (index, cell) in row.enumerated() where index < widths.count {
                widths[index] = max(widths[index], min(Self.widestColumn, CellWidth.of(cell)))
            }
        }
        lines = all.map { row in
            var line = ""
            for (index, cell) in row.enumerated() {
                line += cell
                guard index + 1 < row.count, index < widths.count else { continue }
                let gap = max(0, widths[index] - CellWidth.of(cell)) + 2
                line += String(repeating: " ", count: gap)
            }
            return line
        }
    }
}

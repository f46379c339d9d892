/// Rows under named columns, as they go over the control socket: tab-separated, names first.
package struct Table: Equatable, Sendable {
    package let columns: [String]
    package private(set) var rows: [[String]] = []

    package init(columns: [String]) { self.columns = columns }

    /// Rows shorter than the header are filled with `-`.
    package mutating func append(_ row: [String]) {
        let missing = columns.count - row.count
        rows.append(missing > 0 ? row + Array(repeating: Self.absent, count: missing) : row)
    }

    /// What stands where a value does not apply.
    package static let absent = "-"

    /// Written as bytes: tables of a thousand rows are asked for once a second by every screen.
    package var lines: [String] {
        var lines: [String] = []
        lines.reserveCapacity(rows.count + 1)
        var bytes: [UInt8] = []
        func append(_ row: [String]) {
            bytes.removeAll(keepingCapacity: true)
            for (index, cell) in row.enumerated() {
                if index > 0 { bytes.append(0x09) }
                Escape.append(cell, to: &bytes)
            }
            lines.append(String(decoding: bytes, as: UTF8.self))
        }
        append(columns)
        for row in rows { append(row) }
        return lines
    }

    /// Reads the lines of a reply; nil when there is no header line.
    package init?(lines: [String]) {
        guard let first = lines.first else { return nil }
        func fields(_ line: String) -> [String] {
            line.utf8.split(separator: 0x09, omittingEmptySubsequences: false)
                .map { Escape.unescaped(String(Substring($0))) }
        }
        self.init(columns: fields(first))
        for line in lines.dropFirst() { append(fields(line)) }
    }

    /// Where a column stands; nil when the daemon is older than the column.
    package func index(of column: String) -> Int? { columns.firstIndex(of: column) }
}

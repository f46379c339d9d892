/// Rows under named columns, as they go over the control socket: tab-separated, names first.
package struct Table: Equatable, Sendable {
    package let columns: [String]
    package private(set) var rows: [[String]] = []

    package init(columns: [String]) { self.columns = columns }

    /// Rows shorter than the header are filled with `-`.
    package mutating func append(_ row: [String]) {
        let missing = max(0, columns.count - row.count)
        rows.append(row + Array(repeating: Self.absent, count: missing))
    }

    /// What stands where a value does not apply.
    package static let absent = "-"

    package var lines: [String] {
        ([columns] + rows).map { $0.map { Escape.escaped($0) }.joined(separator: "\t") }
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

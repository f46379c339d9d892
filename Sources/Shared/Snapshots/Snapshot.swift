/// One row of a table of the control protocol: what daemon and screen must agree on.
///
/// Columns are only ever appended. A reader finds them by name, so an older or a newer daemon can be
/// read too: what it does not tell is nil or zero.
package protocol Snapshot: Equatable, Sendable {
    static var columns: [String] { get }
    var row: [String] { get }
    init?(_ fields: Fields)
}

/// A row's values by the name of their column.
package struct Fields {
    package let columns: [String]
    package let values: [String]

    package init(columns: [String], values: [String]) {
        self.columns = columns
        self.values = values
    }

    /// The value, or nil when there is no such column or it does not apply.
    package func text(_ column: String) -> String? {
        guard let index = columns.firstIndex(of: column), index < values.count,
            values[index] != Table.absent
        else { return nil }
        return values[index]
    }

    package func number(_ column: String) -> UInt64? { text(column).flatMap { UInt64($0) } }
}

extension Snapshot {
    package static func table(_ snapshots: some Sequence<Self>) -> Table {
        var table = Table(columns: columns)
        for snapshot in snapshots { table.append(snapshot.row) }
        return table
    }

    /// Every row that can be read.
    package static func all(in table: Table) -> [Self] {
        table.rows.compactMap { Self(Fields(columns: table.columns, values: $0)) }
    }
}

extension UInt64? {
    /// As it stands in a table.
    package var cell: String { map { String($0) } ?? Table.absent }
}

extension String? {
    package var cell: String { self ?? Table.absent }
}

/// One row of a table of the control protocol: what daemon and screen must agree on.
///
/// Columns are only ever appended. A reader finds them by name, so an older or a newer daemon can be
/// read too: what it does not have is nil, or what a row has from the start.
package protocol Snapshot: Equatable, Sendable {
    /// In the order of the columns.
    static var fields: [Field<Self>] { get }

    init()
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
    package static var columns: [String] { fields.map(\.name) }

    package var row: [String] { Self.fields.map { $0.cell(self) } }

    /// nil when a required value is missing or cannot be read.
    package init?(_ values: Fields) {
        self.init()
        for field in Self.fields {
            let isRead = values.text(field.name).map { field.read($0, &self) } ?? false
            guard isRead || !field.isRequired else { return nil }
        }
    }

    package static func table(_ snapshots: some Sequence<Self>) -> Table {
        var table = Table(columns: columns)
        for snapshot in snapshots { table.append(snapshot.row) }
        return table
    }

    /// Every row that can be read.
    package static func all(in table: Table) -> [Self] {
        // The place of a column is looked up once for all rows.
        let places = fields.map { table.index(of: $0.name) }
        return table.rows.compactMap { values in
            var snapshot = Self()
            for (field, place) in zip(fields, places) {
                var isRead = false
                if let place, place < values.count, values[place] != Table.absent {
                    isRead = field.read(values[place], &snapshot)
                }
                guard isRead || !field.isRequired else { return nil }
            }
            return snapshot
        }
    }
}

extension UInt64? {
    /// As it stands in a table.
    package var cell: String { map { String($0) } ?? Table.absent }
}

extension String? {
    package var cell: String { self ?? Table.absent }
}

/// A column of a snapshot: its name, how a row writes it, and how it is read into a row.
package struct Field<Row: Sendable>: Sendable {
    package let name: String
    /// A row whose value cannot be read is left out.
    let isRequired: Bool
    let cell: @Sendable (Row) -> String
    /// False: the value cannot be read, and the row keeps what it has.
    let read: @Sendable (String, inout Row) -> Bool

    private init(
        _ name: String, _ isRequired: Bool, cell: @escaping @Sendable (Row) -> String,
        read: @escaping @Sendable (String, inout Row) -> Bool
    ) {
        self.name = name
        self.isRequired = isRequired
        self.cell = cell
        self.read = read
    }
}

extension Field {
    package init(
        _ name: String, _ path: any WritableKeyPath<Row, String> & Sendable,
        isRequired: Bool = false
    ) {
        self.init(name, isRequired, cell: { $0[keyPath: path] }) { text, row in
            row[keyPath: path] = text
            return true
        }
    }

    package init(_ name: String, _ path: any WritableKeyPath<Row, String?> & Sendable) {
        self.init(name, false, cell: { $0[keyPath: path] ?? Table.absent }) { text, row in
            row[keyPath: path] = text
            return true
        }
    }

    package init(
        _ name: String, _ path: any WritableKeyPath<Row, UInt64> & Sendable,
        isRequired: Bool = false
    ) {
        self.init(name, isRequired, cell: { String($0[keyPath: path]) }) { text, row in
            guard let number = UInt64(text) else { return false }
            row[keyPath: path] = number
            return true
        }
    }

    package init(_ name: String, _ path: any WritableKeyPath<Row, UInt64?> & Sendable) {
        self.init(name, false, cell: { $0[keyPath: path].cell }) { text, row in
            row[keyPath: path] = UInt64(text)
            return true
        }
    }

    /// One of several words.
    package init<Word: RawRepresentable & Sendable>(
        _ name: String, _ path: any WritableKeyPath<Row, Word> & Sendable, isRequired: Bool = false
    ) where Word.RawValue == String {
        self.init(name, isRequired, cell: { $0[keyPath: path].rawValue }) { text, row in
            guard let word = Word(rawValue: text) else { return false }
            row[keyPath: path] = word
            return true
        }
    }

    /// `yes` or `no`.
    package init(_ name: String, _ path: any WritableKeyPath<Row, Bool> & Sendable) {
        self.init(name, false, cell: { $0[keyPath: path] ? "yes" : "no" }) { text, row in
            row[keyPath: path] = text == "yes"
            return true
        }
    }

    package init(_ name: String, _ path: any WritableKeyPath<Row, Bool?> & Sendable) {
        self.init(
            name, false, cell: { $0[keyPath: path].map { $0 ? "yes" : "no" } ?? Table.absent }
        ) { text, row in
            row[keyPath: path] = text == "yes"
            return true
        }
    }

    /// Words with spaces between them.
    package init(_ name: String, _ path: any WritableKeyPath<Row, [String]> & Sendable) {
        self.init(
            name, false,
            cell: { row in
                let words = row[keyPath: path]
                return words.isEmpty ? Table.absent : words.joined(separator: " ")
            }
        ) { text, row in
            row[keyPath: path] = text.split(separator: " ").map(String.init)
            return true
        }
    }
}

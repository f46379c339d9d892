internal import Shared

/// Rows under named columns for a report: what a view shows, as the protocol writes it, with nothing rounded.
struct ReportTable: Equatable, Sendable {
    private(set) var columns: [String]
    private(set) var rows: [[String]]

    /// What cannot be done with it, in words.
    struct ParseError: Error, Equatable {
        var message: String
    }

    init(columns: [String], rows: [[String]]) {
        self.columns = columns
        self.rows = rows
    }

    init(_ table: Table) { self.init(columns: table.columns, rows: table.rows) }

    private static let rateColumns = [
        "new_per_s", "in_bytes_per_s", "out_bytes_per_s", "failed_per_s",
    ]

    /// The columns of `show channels`, then the rates per second.
    static func channels(_ model: Model) -> ReportTable {
        let rows = (model.snapshot?.channels ?? []).map { channel in
            let rates = model.data.history.channels[channel.serial]?.rates ?? Track.Rates()
            return channel.row
                + [rates.total, rates.inBytes, rates.outBytes, rates.failed].map(number)
        }
        return ReportTable(columns: ChannelSnapshot.columns + rateColumns, rows: rows)
    }

    static func groups(_ model: Model) -> ReportTable {
        ReportTable(
            columns: GroupSnapshot.columns,
            rows: (model.snapshot?.groups ?? []).map(\.snapshot.row))
    }

    static func listeners(_ model: Model) -> ReportTable {
        ReportTable(
            columns: ListenerSnapshot.columns, rows: (model.snapshot?.listeners ?? []).map(\.row))
    }

    /// The newest last, as a log.
    static func events(_ model: Model) -> ReportTable {
        ReportTable(columns: EventSnapshot.columns, rows: model.data.log.events.map(\.row))
    }

    static func problems(_ model: Model) -> ReportTable {
        let rows = model.problems.map { problem in
            [
                problem.severity == .note ? "notice" : "problem", problem.state.rawValue,
                problem.ageMilliseconds.cell, problem.text,
            ]
        }
        return ReportTable(columns: ["severity", "state", "age_ms", "text"], rows: rows)
    }

    private static func number(_ value: Double?) -> String {
        value.map { Quantity.fixed($0, decimals: 3) } ?? Table.absent
    }

    // MARK: Choosing

    mutating func keep(_ filter: Filter) { rows = rows.filter { filter.matches($0) } }

    mutating func limit(_ count: Int) { rows = Array(rows.prefix(count)) }

    /// By a column, `-` in front turns the order round. Numbers by size, and what does not apply last.
    mutating func sort(by word: String) throws(ParseError) {
        let isDescending = word.hasPrefix("-")
        let column = try index(of: isDescending ? String(word.dropFirst()) : word, for: "--sort")
        let keyed = rows.enumerated().map { (key: Self.value($1[column]), place: $0, row: $1) }
        rows = keyed.sorted { left, right in
            if left.key.precedes(right.key, isDescending: isDescending) { return true }
            if right.key.precedes(left.key, isDescending: isDescending) { return false }
            return left.place < right.place
        }.map(\.row)
    }

    private static func value(_ cell: String) -> FieldValue {
        if cell == Table.absent { return .absent }
        // Rates have three decimals; as thousandths they are whole.
        if let number = Double(cell), number >= 0, number < 1e15 {
            return .number(UInt64(number * 1000))
        }
        return .text(cell)
    }

    /// These columns only, in this order.
    mutating func choose(_ names: [String]) throws(ParseError) {
        var indices: [Int] = []
        for name in names { indices.append(try index(of: name, for: "--cols")) }
        rows = rows.map { row in indices.map { row[$0] } }
        columns = names
    }

    private func index(of name: String, for option: String) throws(ParseError) -> Int {
        guard let index = columns.firstIndex(of: name) else {
            throw ParseError(
                message: "\(option): no column “\(name)” here; there are "
                    + columns.joined(separator: " "))
        }
        return index
    }

    // MARK: Writing

    /// The columns below one another.
    var text: String {
        var table = Table(columns: columns)
        for row in rows { table.append(row.map { PlainText.cleaned($0) }) }
        return AlignedTable(table.lines).lines.map { $0 + "\n" }.joined()
    }

    /// RFC 4180; what does not apply and what is not known is an empty field. `time`: in front of each row.
    func csv(time: String? = nil, hasHeader: Bool = true) -> String {
        let head = hasHeader ? [(time == nil ? [] : ["time"]) + columns] : []
        let lines =
            head
            + rows.map { row in
                (time.map { [$0] } ?? []) + row.map { $0 == Table.absent ? "" : $0 }
            }
        return lines.map { $0.map { PlainText.csvField($0) }.joined(separator: ",") + "\r\n" }
            .joined()
    }

    /// An array of objects: numbers as numbers, what does not apply as null.
    var json: String {
        let objects = rows.map { row in
            let fields = zip(columns, row).map { column, cell in
                "\(JSONString.quoted(column)):\(Self.json(cell, of: column))"
            }
            return "{" + fields.joined(separator: ",") + "}"
        }
        return "[" + objects.joined(separator: ",") + "]"
    }

    /// Columns whose values are names, whatever they look like.
    private static let names: Set<String> = [
        "path", "label", "why", "by", "address", "client", "channel", "listener", "subject", "text",
        "kind", "cause", "actor", "user", "from", "to", "probe", "host",
    ]

    private static func json(_ cell: String, of column: String) -> String {
        if cell == Table.absent { return "null" }
        let isNumber =
            !names.contains(column) && cell.utf8.count < 20 && cell.first != "."
            && cell.last != "." && cell.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2E }
            && cell.utf8.count { $0 == 0x2E } < 2
            && (cell == "0" || cell.first != "0" || cell.hasPrefix("0."))
        return isNumber ? cell : JSONString.quoted(cell)
    }
}

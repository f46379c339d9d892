/// What a filter compares a field with, read once.
struct FilterValue: Equatable, Sendable {
    let text: String
    /// nil: no number, and so compared as text.
    let number: Double?
    /// Of an event: these words have an order of their own.
    let severity: EventSnapshot.Severity?
    /// What `~` asks an address about; nil: it asks for a part of the text.
    let network: Network?

    /// Reads the value in the unit that the field's name ends with; nil when it is not of that kind.
    ///
    /// No name (for `~`): whatever it is.
    init?(_ text: String, field: String) {
        self.text = text
        network = field.isEmpty ? Network(text) : nil
        number = Self.plainNumber(text) ?? Self.quantity(text, field: field)
        severity = field == Self.severityField ? EventSnapshot.Severity(rawValue: text) : nil
        if field == Self.severityField, severity == nil { return nil }
        let needsNumber =
            field.hasSuffix("_bytes") || field.hasSuffix("_ms") || field.hasSuffix("_us")
        if needsNumber, number == nil, text != Table.absent { return nil }
    }

    static let severityField = "severity"

    /// 30 of what? Zero is zero.
    func isTimeWithoutUnit(field: String) -> Bool {
        guard field.hasSuffix("_ms") || field.hasSuffix("_us"), number != 0 else { return false }
        return Self.plainNumber(text) != nil
    }

    private static func plainNumber(_ text: String) -> Double? {
        guard let (number, unit) = Quantity.split(text), unit.isEmpty else { return nil }
        return number
    }

    private static func quantity(_ text: String, field: String) -> Double? {
        if field.hasSuffix("_bytes") { return ByteCount(text).map { Double($0.bytes) } }
        let perMillisecond = field.hasSuffix("_us") ? 1000.0 : 1
        guard field.hasSuffix("_us") || field.hasSuffix("_ms"),
            let (number, unit) = Quantity.split(text)
        else { return nil }
        // `Age` counts whole milliseconds.
        if unit == "us" { return number * perMillisecond / 1000 }
        return Age(text).map { Double($0.milliseconds) * perMillisecond }
    }

    func compares(_ comparison: Filter.Comparison, with cell: String) -> Bool {
        if comparison == .contains {
            if let network, case .ip(let address, _) = try? Endpoint(cell, defaultPort: 0) {
                return network.contains(address)
            }
            return cell.utf8.contains(text.utf8)
        }
        if let severity, let own = EventSnapshot.Severity(rawValue: cell) {
            return ordered(comparison, own, severity)
        }
        guard let number else { return ordered(comparison, cell, text) }
        if let cellNumber = Self.plainNumber(cell) {
            return ordered(comparison, cellNumber, number)
        }
        // A cell that does not apply is neither above nor below any number.
        return switch comparison {
        case .equal: cell == text
        case .notEqual: cell != text
        default: false
        }
    }

    /// The same for a value that is not text yet, without making it one where that can be helped.
    func compares(_ comparison: Filter.Comparison, with value: FieldValue) -> Bool {
        switch value {
        case .number(let own) where comparison != .contains:
            if let number { return ordered(comparison, Double(own), number) }
        case .endpoint(.ip(let address, _)) where comparison == .contains:
            if let network { return network.contains(address) }
        case .number, .endpoint, .text, .absent:
            break
        }
        return compares(comparison, with: value.cell)
    }

    private func ordered<Value: Comparable>(
        _ comparison: Filter.Comparison, _ left: Value, _ right: Value
    ) -> Bool {
        switch comparison {
        case .equal: left == right
        case .notEqual: left != right
        case .atMost: left <= right
        case .atLeast: left >= right
        case .below: left < right
        case .above: left > right
        case .contains: false
        }
    }
}

extension String.UTF8View {
    fileprivate func contains(_ part: String.UTF8View) -> Bool {
        guard let first = part.first else { return true }
        var rest = self[...]
        while let start = rest.firstIndex(of: first) {
            rest = rest[start...]
            if rest.starts(with: part) { return true }
            rest = rest.dropFirst()
        }
        return false
    }
}

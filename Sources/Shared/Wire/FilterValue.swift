/// What a filter compares a field with, read once.
struct FilterValue: Equatable, Sendable {
    let text: String
    /// nil: no number, and so compared as text.
    let number: Double?

    /// Reads the value in the unit that the field's name ends with; nil when it is not of that kind.
    init?(_ text: String, field: String) {
        self.text = text
        number = Self.plainNumber(text) ?? Self.quantity(text, field: field)
        let needsNumber =
            field.hasSuffix("_bytes") || field.hasSuffix("_ms") || field.hasSuffix("_us")
        if needsNumber, number == nil, text != Table.absent { return nil }
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
        if comparison == .contains { return cell.utf8.contains(text.utf8) }
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

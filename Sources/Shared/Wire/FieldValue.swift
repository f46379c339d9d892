/// A field of a row that has not been written out as text yet, so that many rows can be looked at in a
/// short time.
package enum FieldValue: Equatable, Sendable {
    case number(UInt64)
    case endpoint(Endpoint)
    case text(String)
    /// Does not apply.
    case absent

    /// As it stands in a table.
    package var cell: String {
        switch self {
        case .number(let number): String(number)
        case .endpoint(let endpoint): "\(endpoint)"
        case .text(let text): text
        case .absent: Table.absent
        }
    }
}

extension FieldValue {
    package init(_ number: UInt64?) { self = number.map { .number($0) } ?? .absent }
    package init(_ text: String?) { self = text.map { .text($0) } ?? .absent }

    /// Whether it comes before another when rows are sorted: numbers by size, addresses by their bits,
    /// texts by their letters, in this order. What does not apply comes last, whichever way is sorted.
    package func precedes(_ other: FieldValue, isDescending: Bool = false) -> Bool {
        switch (self, other) {
        case (.absent, _): return false
        case (_, .absent): return true
        default: return isDescending ? other.isLess(than: self) : isLess(than: other)
        }
    }

    private func isLess(than other: FieldValue) -> Bool {
        switch (self, other) {
        case (.number(let left), .number(let right)): left < right
        case (.endpoint(let left), .endpoint(let right)): left.sortKey < right.sortKey
        case (.text(let left), .text(let right)): left < right
        default: rank < other.rank
        }
    }

    private var rank: Int {
        switch self {
        case .number: 0
        case .endpoint: 1
        case .text: 2
        case .absent: 3
        }
    }
}

extension Endpoint {
    /// IPv4 before IPv6 before names and paths, the port last.
    fileprivate var sortKey: (Int, UInt64, UInt64, String, UInt16) {
        switch self {
        case .ip(.v4(let address), let port): (0, 0, UInt64(address), "", port)
        case .ip(.v6(let high, let low, _), let port): (1, high, low, "", port)
        case .name(let name, let port): (2, 0, 0, name, port)
        case .unix(let path): (3, 0, 0, path, 0)
        }
    }
}

/// A row whose fields are looked at one by one, by their place among the filter's.
package protocol FilterableRow {
    func value(of field: Int) -> FieldValue
}

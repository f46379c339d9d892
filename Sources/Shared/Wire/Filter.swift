/// A condition on the rows of a table: `idle_ms > 30s and (channel = mail/0/2 or not client ~ 10.0.)`.
///
/// Numbers compare as numbers, texts as texts. `_bytes`, `_ms` and `_us` fields take units; a bare
/// number is in the field's own. `~` is “contains”; before a network it is “lies in”: `client ~ 10.0.0.0/8`.
package struct Filter: Equatable, Sendable {
    package enum Comparison: String, Sendable, CaseIterable {
        // Longer ones first: a reader that tries them in order never stops at `<` of `<=`.
        case notEqual = "!="
        case atMost = "<="
        case atLeast = ">="
        case equal = "="
        case contains = "~"
        case below = "<"
        case above = ">"
    }

    indirect enum Condition: Equatable, Sendable {
        case compare(field: Int, Comparison, FilterValue)
        case both(Condition, Condition)
        case either(Condition, Condition)
        case not(Condition)
    }

    /// The fields that a condition may name, in the order of a row's values.
    package let fields: [String]
    let root: Condition

    /// Words as a `Request` has them; operators and parentheses may be glued to their neighbours.
    ///
    /// `aliases` are other names for fields. They name no unit, so a time that is compared with one must.
    package init(
        words: [String], fields: [String], aliases: [String: String] = [:]
    ) throws(ParseError) {
        var parser = try FilterParser(words: words, fields: fields, aliases: aliases)
        self.fields = fields
        root = try parser.parse()
    }

    /// Whether a row of the filter's fields meets the condition.
    package func matches(_ row: [String]) -> Bool {
        Self.holds(root) { $0 < row.count ? row[$0] : nil }
    }

    /// The same for values that are found by name; nil: the value does not apply.
    package func matches(_ value: (String) -> String?) -> Bool {
        Self.holds(root) { value(fields[$0]) }
    }

    /// The same for a row that is not text yet.
    package func matches(_ row: some FilterableRow) -> Bool { Self.holds(root, row) }

    private static func holds(_ condition: Condition, _ row: some FilterableRow) -> Bool {
        switch condition {
        case .compare(let field, let comparison, let literal):
            literal.compares(comparison, with: row.value(of: field))
        case .both(let left, let right): holds(left, row) && holds(right, row)
        case .either(let left, let right): holds(left, row) || holds(right, row)
        case .not(let inner): !holds(inner, row)
        }
    }

    /// The places of the fields that it looks at.
    package var namedFields: Set<Int> { Self.fields(of: root) }

    private static func fields(of condition: Condition) -> Set<Int> {
        switch condition {
        case .compare(let field, _, _): [field]
        case .both(let left, let right), .either(let left, let right):
            fields(of: left).union(fields(of: right))
        case .not(let inner): fields(of: inner)
        }
    }

    private static func holds(_ condition: Condition, _ value: (Int) -> String?) -> Bool {
        switch condition {
        case .compare(let field, let comparison, let literal):
            literal.compares(comparison, with: value(field) ?? Table.absent)
        case .both(let left, let right): holds(left, value) && holds(right, value)
        case .either(let left, let right): holds(left, value) || holds(right, value)
        case .not(let inner): !holds(inner, value)
        }
    }

    /// How many of the words belong to a condition that is followed by one of `stops`
    /// (`where client = sort sort age_ms`: the first `sort` is a value).
    package static func wordCount(in words: some Collection<String>, until stops: Set<String>)
        -> Int
    {
        var count = 0
        var expectsValue = false
        for word in words {
            if stops.contains(word), !expectsValue { break }
            expectsValue = Comparison.allCases.contains { word.hasSuffix($0.rawValue) }
            count += 1
        }
        return count
    }
}

extension Filter {
    /// Conditions inside one another.
    package static let deepest = 32
    /// Words of one filter.
    package static let mostWords = 256

    /// What is wrong with a filter.
    package enum ParseError: Error, Equatable {
        case empty
        case tooLong
        case tooDeep
        case unknownField(String, known: [String])
        case noComparison(field: String, found: String?)
        case noValue(field: String)
        case badValue(String, field: String)
        case noUnit(String, field: String)
        case unclosed
        case unexpected(String)
        case unfinished(after: String)
    }
}

extension Filter.ParseError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .empty: "the condition is empty; write FIELD OP VALUE, as in idle_ms > 30s"
        case .tooLong: "the condition has more than \(Filter.mostWords) words"
        case .tooDeep: "the condition is nested more than \(Filter.deepest) deep"
        case .unknownField(let name, let known):
            "no field “\(name)”; the fields are \(known.joined(separator: " "))"
        case .noComparison(let field, let found):
            "“\(field)” is followed by \(found.map { "“\($0)”" } ?? "nothing");"
                + " one of = != ~ < <= > >= belongs there"
        case .noValue(let field): "“\(field)” is compared with nothing; a value belongs there"
        case .badValue(let text, FilterValue.severityField):
            "“\(text)” is not a severity; they are "
                + EventSnapshot.Severity.allCases.map(\.rawValue).joined(separator: " ")
        case .badValue(let text, let field) where field.hasSuffix("_bytes"):
            "“\(text)” is not a size for “\(field)”; write 512, 64k or 1.5M"
        case .badValue(let text, let field):
            "“\(text)” is not a duration for “\(field)”; write a bare number, 500ms, 30s or 10m"
        case .noUnit(let text, let field):
            "“\(text)” for “\(field)” has no unit; write \(text)s or \(text)ms"
        case .unclosed: "a parenthesis is opened and not closed"
        case .unexpected(let text): "“\(text)” is unexpected; “and” or “or” joins two conditions"
        case .unfinished(let word): "“\(word)” is followed by nothing; a condition belongs there"
        }
    }
}

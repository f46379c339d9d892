/// Reads a filter's words: `or` binds least, then `and`, then `not`.
struct FilterParser {
    private enum Token: Equatable {
        case open, close
        case comparison(Filter.Comparison)
        case word(String)

        var text: String {
            switch self {
            case .open: "("
            case .close: ")"
            case .comparison(let comparison): comparison.rawValue
            case .word(let text): text
            }
        }
    }

    private let fields: [String]
    private let aliases: [String: String]
    private var tokens: ArraySlice<Token>

    init(
        words: [String], fields: [String], aliases: [String: String]
    ) throws(Filter.ParseError) {
        guard words.count <= Filter.mostWords else { throw .tooLong }
        self.fields = fields
        self.aliases = aliases
        tokens = try Self.tokens(of: words)[...]
        guard !tokens.isEmpty else { throw .empty }
    }

    mutating func parse() throws(Filter.ParseError) -> Filter.Condition {
        let condition = try either(depth: 0)
        if let next = tokens.first { throw .unexpected(next.text) }
        return condition
    }

    private mutating func either(depth: Int) throws(Filter.ParseError) -> Filter.Condition {
        guard depth < Filter.deepest else { throw .tooDeep }
        var condition = try both(depth: depth)
        while tokens.first == .word("or") {
            tokens.removeFirst()
            guard !tokens.isEmpty else { throw .unfinished(after: "or") }
            condition = .either(condition, try both(depth: depth))
        }
        return condition
    }

    private mutating func both(depth: Int) throws(Filter.ParseError) -> Filter.Condition {
        var condition = try single(depth: depth)
        while tokens.first == .word("and") {
            tokens.removeFirst()
            guard !tokens.isEmpty else { throw .unfinished(after: "and") }
            condition = .both(condition, try single(depth: depth))
        }
        return condition
    }

    private mutating func single(depth: Int) throws(Filter.ParseError) -> Filter.Condition {
        guard depth < Filter.deepest else { throw .tooDeep }
        switch tokens.popFirst() {
        case nil: throw .empty
        case .word("not"):
            guard !tokens.isEmpty else { throw .unfinished(after: "not") }
            return .not(try single(depth: depth + 1))
        case .open:
            guard !tokens.isEmpty else { throw .unclosed }
            let inner = try either(depth: depth + 1)
            guard let next = tokens.popFirst() else { throw .unclosed }
            guard next == .close else { throw .unexpected(next.text) }
            return inner
        case .word(let field): return try comparison(of: field)
        case let other?: throw .unexpected(other.text)
        }
    }

    private mutating func comparison(
        of name: String
    ) throws(Filter.ParseError) -> Filter.Condition {
        let field = aliases[name] ?? name
        guard let index = fields.firstIndex(of: field) else {
            throw .unknownField(name, known: fields)
        }
        guard case .comparison(let comparison) = tokens.first else {
            throw .noComparison(field: name, found: tokens.first?.text)
        }
        tokens.removeFirst()
        guard case .word(let text) = tokens.popFirst() else { throw .noValue(field: name) }
        guard let value = FilterValue(text, field: comparison == .contains ? "" : field) else {
            throw .badValue(text, field: field)
        }
        if field != name, comparison != .contains, value.isTimeWithoutUnit(field: field) {
            throw .noUnit(text, field: name)
        }
        return .compare(field: index, comparison, value)
    }

    /// What follows a comparison is a value to the end of its word, whatever is in it; where a
    /// parenthesis is open, the next closing one ends it as well.
    private static func tokens(of words: [String]) throws(Filter.ParseError) -> [Token] {
        var tokens: [Token] = []
        var depth = 0
        for word in words {
            var rest = word[...]
            // An empty word is a value too: `label = ""`.
            if rest.isEmpty { tokens.append(.word("")) }
            while !rest.isEmpty {
                // A word may hold many tokens.
                guard tokens.count < Filter.mostWords * 4 else { throw .tooLong }
                if case .comparison = tokens.last, depth <= 0 || rest.first != ")" {
                    let value = depth > 0 ? rest.prefix { $0 != ")" } : rest
                    tokens.append(.word(String(value)))
                    rest = rest[value.endIndex...]
                } else if let comparison = Self.comparison(rest) {
                    tokens.append(.comparison(comparison))
                    rest = rest.dropFirst(comparison.rawValue.count)
                    if comparison == .equal, rest.first == "=" { rest = rest.dropFirst() }
                } else if rest.first == "(" || rest.first == ")" {
                    let isOpen = rest.removeFirst() == "("
                    tokens.append(isOpen ? .open : .close)
                    depth += isOpen ? 1 : -1
                } else {
                    let end = rest.indices.first { index in
                        "()".contains(rest[index]) || Self.comparison(rest[index...]) != nil
                    }
                    let name = rest[..<(end ?? rest.endIndex)]
                    tokens.append(.word(String(name)))
                    rest = rest[name.endIndex...]
                }
            }
        }
        return tokens
    }

    private static func comparison(_ text: Substring) -> Filter.Comparison? {
        Filter.Comparison.allCases.first { text.hasPrefix($0.rawValue) }
    }
}

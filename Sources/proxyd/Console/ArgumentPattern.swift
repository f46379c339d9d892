internal import Shared

/// What may follow a command, read from what `describe` says for people:
/// `PATH COUNT [RATE/s] [preview] [if-gen=N]`, `[where FIELD OP VALUE [and …]] [sort [-]FIELD]`.
///
/// Capitals stand for something, everything else is meant as it is; brackets hold what may be missing.
struct ArgumentPattern {
    /// Words that stand together: alternatives between `|`.
    private typealias Token = [String]

    private var required: [Token] = []
    /// What stands in one pair of brackets.
    private var optional: [[Token]] = []

    init(_ text: String) {
        var depth = 0
        var word = ""
        func take(_ pattern: inout Self) {
            guard !word.isEmpty else { return }
            let token = word.split(separator: "|").map(String.init)
            if depth == 0 {
                pattern.required.append(token)
            } else {
                pattern.optional[pattern.optional.count - 1].append(token)
            }
            word = ""
        }
        // The one bracket that is part of a word.
        for character in text.replacing("[-]", with: "±") {
            switch character {
            case "[":
                take(&self)
                if depth == 0 { optional.append([]) }
                depth += 1
            case "]":
                take(&self)
                depth = max(0, depth - 1)
            case " ": take(&self)
            default: word.append(character)
            }
        }
        take(&self)
    }

    /// What may come behind these words.
    func candidates(after words: [String], _ vocabulary: Vocabulary) -> [String] {
        let words = words.filter { !$0.hasPrefix("if-gen=") }
        if words.count < required.count {
            return required[words.count].flatMap { Self.meaning(of: $0, vocabulary) }
        }
        let rest = words.dropFirst(required.count)
        if let last = rest.last, let next = next(after: last, in: rest, vocabulary) { return next }
        let literals = optional.compactMap(\.first).flatMap { token in
            token.filter { Self.isLiteral($0) && !rest.contains($0) }
        }
        let places = rest.isEmpty ? optional.compactMap(\.first).flatMap { $0 } : []
        return (literals + places).flatMap { Self.meaning(of: $0, vocabulary) }
            + (isInCondition(rest) ? ["and", "or"] : [])
    }

    /// What must follow a word that asks for something; nil when it asks for nothing.
    private func next(
        after last: String, in rest: ArraySlice<String>, _ vocabulary: Vocabulary
    ) -> [String]? {
        if rest.contains("where"), ["and", "or", "not"].contains(last) {
            return vocabulary.fields + ["not"]
        }
        for group in optional {
            guard let index = group.firstIndex(where: { $0.contains(last) }),
                Self.isLiteral(last), index + 1 < group.count
            else { continue }
            let fields = group[index + 1].flatMap { Self.meaning(of: $0, vocabulary) }
            return fields + (last == "where" ? ["not"] : [])
        }
        guard rest.contains("where") else { return nil }
        let comparisons = Filter.Comparison.allCases.map(\.rawValue)
        if comparisons.contains(last) { return [] }
        let before = rest.dropLast().last ?? ""
        guard vocabulary.fields.contains(last), ["where", "and", "or", "not"].contains(before)
        else { return nil }
        return comparisons
    }

    /// A condition has begun, and nothing that ends it has come.
    private func isInCondition(_ rest: ArraySlice<String>) -> Bool {
        guard let start = rest.firstIndex(of: "where") else { return false }
        return rest[start...].allSatisfy { !["sort", "limit", "offset"].contains($0) }
    }

    private static func isLiteral(_ word: String) -> Bool {
        !word.isEmpty && word.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == 0x2D }
            || word.contains("=") && word.first?.isLowercase == true
    }

    private static func meaning(of word: String, _ vocabulary: Vocabulary) -> [String] {
        switch word {
        case "PATH": vocabulary.paths
        case "GROUP": vocabulary.groups
        case "SERVICE": vocabulary.services
        case "CHANNEL": vocabulary.channels
        case "FIELD": vocabulary.fields
        case "±FIELD": vocabulary.fields + vocabulary.fields.map { "-" + $0 }
        case "OP": Filter.Comparison.allCases.map(\.rawValue)
        case "POLICY": vocabulary.policies
        case "COMMAND": Completion.verbs(after: [], vocabulary)
        case _ where word.contains("=") && isLiteral(word):
            [word.prefix { $0 != "=" } + "="]
        case _ where isLiteral(word): [word]
        default: []
        }
    }
}

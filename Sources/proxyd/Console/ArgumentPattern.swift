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
    private let verb: [String]

    /// What follows a command: some words mean other things behind others.
    init(_ text: String, of verb: [String] = []) {
        self.verb = verb
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
        if let pattern = withOpenCondition(words) {
            return pattern.candidates(after: words, vocabulary)
        }
        if words.count < required.count {
            return required[words.count].flatMap { meaning(of: $0, words, vocabulary) }
        }
        let rest = words.dropFirst(required.count)
        if let last = rest.last, let next = next(after: last, in: rest, vocabulary) { return next }
        let again = required.last.map { token in
            token.filter { $0.hasSuffix("…") }.flatMap { meaning(of: $0, words, vocabulary) }
        }
        let literals = optional.compactMap(\.first).filter { $0 != ["and"] }.flatMap { token in
            token.filter { Self.isLiteral($0) && !rest.contains($0) }
        }
        let places = rest.isEmpty ? optional.compactMap(\.first).flatMap { $0 } : []
        return (literals + places).flatMap { meaning(of: $0, words, vocabulary) } + (again ?? [])
            + (isInCondition(rest) ? ["and", "or"] : [])
    }

    /// A condition that must be there goes on like one that may be; what stands for it is complete.
    private func withOpenCondition(_ words: [String]) -> ArgumentPattern? {
        guard let index = required.firstIndex(where: { $0.contains("where") }), words.count > index
        else { return nil }
        var pattern = self
        pattern.required.removeSubrange(index...)
        if words[index] == "where" {
            pattern.optional.insert([["where"]] + required[(index + 1)...], at: 0)
        } else {
            pattern.required.append(required[index].filter { $0 != "where" })
        }
        return pattern
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
            let fields = group[index + 1].flatMap { meaning(of: $0, [], vocabulary) }
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
        let ends = Set(optional.compactMap(\.first).flatMap { $0 }).subtracting(["where", "and"])
        return rest[start...].allSatisfy { !ends.contains($0) }
    }

    private static func isLiteral(_ word: String) -> Bool {
        !word.isEmpty && word.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == 0x2D }
            || word.contains("=") && word.first?.isLowercase == true
    }

    /// What a word of the pattern stands for behind these words.
    private func meaning(
        of word: String, _ words: [String], _ vocabulary: Vocabulary
    ) -> [String] {
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
        case "SERVICE/LISTENER": vocabulary.listeners
        case "SERVICE/NAME": vocabulary.services.map { $0 + "/" }
        case "KEY": keys(words, vocabulary)?.settablePaths ?? []
        case "VALUE", "VALUE…": values(words, vocabulary)
        case "KEY=VALUE": (creates?.creatable ?? []).map { $0 + "=" }
        case _ where word.contains("=") && Self.isLiteral(word):
            [word.prefix { $0 != "=" } + "="]
        case _ where Self.isLiteral(word): [word]
        default: []
        }
    }

    /// Of what a command creates.
    private var creates: KeySet? {
        switch verb {
        case ["create"]: .channel
        case ["create", "listener"]: .listener
        case ["create", "group"]: .group
        case ["create", "service"]: .service
        default: nil
        }
    }

    private func keys(_ words: [String], _ vocabulary: Vocabulary) -> KeySet? {
        if verb.last == "listener" { return .listener }
        return words.first.flatMap { vocabulary.keys(at: $0) }
    }

    /// What may follow `PATH KEY`, and `PATH balance POLICY`.
    private func values(_ words: [String], _ vocabulary: Vocabulary) -> [String] {
        guard words.count >= 2 else { return [] }
        let isPolicy = words[1] == "balance"
        if words.count > 2 {
            guard isPolicy else { return [] }
            return KeySet.balance.keys.filter { $0 != "policy" }.map { $0 + "=" }
        }
        return (keys(words, vocabulary)?.words(at: words[1]) ?? []) + ["default"]
    }
}

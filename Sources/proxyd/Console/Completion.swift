internal import Shared

/// What Tab does: words typed so far and a vocabulary in, candidates out.
enum Completion {
    enum Outcome: Equatable {
        case nothing
        /// Goes in at the cursor.
        case insert(String)
        /// Several are possible, and nothing more is certain.
        case list([String])
    }

    /// So many are shown of what is possible.
    private static let mostShown = 200

    static func outcome(for line: String, _ vocabulary: Vocabulary) -> Outcome {
        // What stands in quotes is the user's own.
        guard !line.contains("\"") else { return .nothing }
        var words = line.split(omittingEmptySubsequences: false, whereSeparator: \.isBlank)
            .map(String.init)
        let partial = words.removeLast()
        let candidates = candidates(
            for: words.filter { !$0.isEmpty }, partial: partial, vocabulary)
        guard let first = candidates.first else { return .nothing }
        guard candidates.count > 1 else {
            let end = first.hasSuffix("=") || first.hasSuffix("/") ? "" : " "
            return .insert(first.dropFirst(partial.count) + end)
        }
        let common = candidates.dropFirst().reduce(first) { $0.commonPrefix(with: $1) }
        guard common.count > partial.count else {
            let more = candidates.count - mostShown
            return .list(
                candidates.prefix(mostShown) + (more > 0 ? ["… and \(more) more"] : []))
        }
        return .insert(String(common.dropFirst(partial.count)))
    }

    /// What the word that has begun may become, sorted, each once.
    static func candidates(
        for words: [String], partial: String, _ vocabulary: Vocabulary
    ) -> [String] {
        let all = possible(after: words, vocabulary)
        return Array(Set(all.filter { $0.hasPrefix(partial) })).sorted()
    }

    private static func possible(after words: [String], _ vocabulary: Vocabulary) -> [String] {
        if words.first == "watch", words.count >= 2 {
            return possible(after: Array(words.dropFirst(2)), vocabulary).filter { $0 != "watch" }
        }
        if words.first == "help" { return verbs(after: Array(words.dropFirst()), vocabulary) }
        if words.first == "plan" {
            var changing = vocabulary
            changing.entries.removeAll { !$0.mutates }
            return possible(after: Array(words.dropFirst()), changing).filter { $0 != "exit" }
        }
        // `set listener` is another command than `set`.
        let entry = vocabulary.entries.filter { words.starts(with: $0.verb) }
            .max { $0.verb.count < $1.verb.count }
        let arguments = entry.map { entry in
            ArgumentPattern(entry.arguments, of: entry.verb).candidates(
                after: Array(words.dropFirst(entry.verb.count)), vocabulary)
        }
        return verbs(after: words, vocabulary) + (arguments ?? [])
    }

    /// The next word of every command that goes on like this.
    static func verbs(after words: [String], _ vocabulary: Vocabulary) -> [String] {
        vocabulary.entries.compactMap { entry in
            guard entry.verb.count > words.count, entry.verb.starts(with: words) else {
                return nil
            }
            return entry.verb[words.count]
        } + (words.isEmpty ? ["exit"] : [])
    }

    /// Words one below the other, in as many columns as fit.
    static func columns(_ words: [String], width: Int) -> String {
        let cell = (words.map(\.count).max() ?? 0) + 2
        let columnCount = max(1, width / cell)
        let rowCount = (words.count + columnCount - 1) / columnCount
        return (0..<rowCount).map { row in
            let cells = stride(from: row, to: words.count, by: rowCount).map { words[$0] }
            let padded = cells.dropLast().map {
                $0 + String(repeating: " ", count: cell - $0.count)
            }
            return padded.joined() + (cells.last ?? "")
        }.joined(separator: "\n")
    }
}

extension Character {
    fileprivate var isBlank: Bool { self == " " || self == "\t" }
}

extension String {
    fileprivate func commonPrefix(with other: String) -> String {
        String(zip(self, other).prefix { $0 == $1 }.map(\.0))
    }
}

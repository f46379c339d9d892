/// A key's help, which is marked up so: `word` is written as it stands there, {Sx a section} is any macro of
/// mdoc(7), and a line that begins with “- ” is an item of a list, whose words end at a colon.
struct HelpText {
    private let intro: String
    private let items: [(words: [String], meaning: String)]

    init(_ text: String) {
        var paragraphs = [""]
        for line in text.split(separator: "\n") {
            if line.hasPrefix("- ") {
                paragraphs.append(String(line))
            } else {
                let last = paragraphs.count - 1
                paragraphs[last] += (paragraphs[last].isEmpty ? "" : " ") + line
            }
        }
        intro = paragraphs[0]
        items = paragraphs.dropFirst().map { paragraph in
            let parts = paragraph.dropFirst(2).split(separator: ": ", maxSplits: 1)
            let words = parts[0].split(separator: ", ").map { String($0.filter { $0 != "`" }) }
            return (words, parts.count > 1 ? String(parts[1]) : "")
        }
    }

    /// For a page of the manual, a line per sentence.
    var manual: [String] {
        var lines = Self.manual(intro)
        guard !items.isEmpty else { return lines }
        lines.append(".Bl -tag -width Ds -compact")
        for item in items {
            lines.append(".It Cm " + item.words.joined(separator: " , "))
            lines += Self.manual(item.meaning)
        }
        return lines + [".El"]
    }

    /// For the schema, without marks.
    var plain: String {
        ([intro] + items.map { "\($0.words.joined(separator: ", ")): \($0.meaning)" })
            .filter { !$0.isEmpty }.map(Self.plain).joined(separator: " ")
    }

    // MARK: Marks

    private enum Part {
        case text(String)
        case macro(name: String, words: String)
    }

    private static func parts(_ text: String) -> [Part] {
        var parts: [Part] = []
        var rest = Substring(text)
        while let start = rest.firstIndex(where: { $0 == "`" || $0 == "{" }) {
            let end = rest[start...].dropFirst().firstIndex { $0 == "`" || $0 == "}" }
            guard let end else { break }
            if start > rest.startIndex { parts.append(.text(String(rest[..<start]))) }
            let inner = rest[rest.index(after: start)..<end]
            if rest[start] == "`" {
                parts.append(.macro(name: "Cm", words: String(inner)))
            } else {
                let words = inner.split(separator: " ", maxSplits: 1).map(String.init)
                parts.append(.macro(name: words[0], words: words.count > 1 ? words[1] : ""))
            }
            rest = rest[rest.index(after: end)...]
        }
        if !rest.isEmpty { parts.append(.text(String(rest))) }
        return parts
    }

    private static let punctuation: Set<Character> = [",", ".", ";", ":", ")"]

    private static func manual(_ text: String) -> [String] {
        var lines: [String] = []
        for part in parts(text) {
            switch part {
            case .macro(let name, let words):
                let isMark = words.count == 1 && words.allSatisfy { punctuation.contains($0) }
                let escaped = words.map { $0 == "\"" ? "\\(dq" : String($0) }.joined()
                lines.append(".\(name) \(isMark ? "\\&" : "")\(escaped)")
            case .text(var text):
                while let first = text.first, punctuation.contains(first),
                    lines.last?.hasPrefix(".") ?? false
                {
                    lines[lines.count - 1] += " \(first)"
                    text.removeFirst()
                }
                lines += sentences(of: text)
            }
        }
        return lines
    }

    private static func sentences(of text: String) -> [String] {
        var sentences: [String] = [""]
        for word in text.split(separator: " ") {
            let last = sentences.count - 1
            sentences[last] += (sentences[last].isEmpty ? "" : " ") + word
            if word.last == "." { sentences.append("") }
        }
        return sentences.filter { !$0.isEmpty }
    }

    private static func plain(_ text: String) -> String {
        parts(text).map { part in
            switch part {
            case .text(let text): text
            case .macro("Sx", let words), .macro("Ql", let words): "“\(words)”"
            case .macro("Xr", let words):
                words.split(separator: " ").joined(separator: "(") + ")"
            case .macro("Pq", let words):
                "("
                    + words.split(separator: " ")
                    .filter { !["Cm", "Ic", "No"].contains($0) }
                    .reduce("") { $0 + ($0.isEmpty || $1 == "," ? "" : " ") + $1 } + ")"
            case .macro(_, let words): words
            }
        }.joined()
    }
}

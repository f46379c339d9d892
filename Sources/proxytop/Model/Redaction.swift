internal import Shared

/// Puts a tag in the place of every address that is not the proxy's own, the same for the same address.
struct Redaction: Sendable {
    private var own: Set<String> = []
    private var tags: [String: String] = [:]

    /// Addresses of channels and listeners are no secret here.
    mutating func learn(_ entry: ReplayBuffer.Entry) {
        guard case .ok(_, let lines) = entry.reply, let table = Table(lines: lines),
            let column = table.columns.firstIndex(of: "address")
        else { return }
        for row in table.rows where row.indices.contains(column) {
            for part in Self.parts(of: row[column]) { own.insert(part.address) }
        }
    }

    mutating func redacted(_ entry: ReplayBuffer.Entry) -> ReplayBuffer.Entry {
        guard case .ok(let attributes, let lines) = entry.reply else { return entry }
        var clean = entry
        clean.words = entry.words.map { redacted($0) }
        clean.reply = .ok(attributes: attributes, lines: lines.map { redacted($0) })
        return clean
    }

    /// The text without foreign addresses.
    mutating func redacted(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == 0x2E || $0 == 0x3A }) else { return text }
        var result = ""
        var rest = text[...]
        while let start = rest.firstIndex(where: Self.isOfAddress) {
            result += rest[..<start]
            let word = rest[start...].prefix(while: Self.isOfAddress)
            result += replaced(String(word))
            rest = rest[word.endIndex...]
        }
        return result + rest
    }

    private mutating func replaced(_ word: String) -> String {
        guard let part = Self.parts(of: word).first, !own.contains(part.address) else {
            return word
        }
        let tag = tags[part.address] ?? "client-\(tags.count + 1)"
        tags[part.address] = tag
        return tag + part.rest
    }

    private static func isOfAddress(_ character: Character) -> Bool {
        character.isHexDigit || character == "." || character == ":" || character == "["
            || character == "]"
    }

    /// An address in a word, and what follows it: a port, the dot of a sentence.
    private static func parts(of word: String) -> [(address: String, rest: String)] {
        if IPAddress(word) != nil { return [(word, "")] }
        var text = word[...]
        var rest = ""
        while let last = text.last, last == "." || last == ":" {
            rest = "\(last)" + rest
            text = text.dropLast()
        }
        if text.first == "[", let end = text.firstIndex(of: "]") {
            let address = String(text[text.index(after: text.startIndex)..<end])
            guard IPAddress(address) != nil else { return [] }
            return [(address, String(text[text.index(after: end)...]) + rest)]
        }
        if IPAddress(String(text)) != nil { return [(String(text), rest)] }
        guard let colon = text.lastIndex(of: ":"), IPAddress(String(text[..<colon])) != nil else {
            return []
        }
        return [(String(text[..<colon]), String(text[colon...]) + rest)]
    }
}

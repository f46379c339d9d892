internal import Shared

/// What is to be dumped, and how: the words behind `dump`.
struct DumpRequest: Equatable, Sendable {
    struct ParseError: Error { let message: String }

    enum Target: Equatable, Sendable {
        case session(UInt64)
        case matching(Filter)
    }

    var target: Target
    var format = DumpFormat.text
    /// How many sessions, of those that match.
    var sessions = 1
    /// Bytes to show in all.
    var limit: UInt64?
    var duration: Duration?

    static let usage =
        "dump ID|where FIELD OP VALUE … [sessions N] [text|hex|pcapng] [limit BYTES] [for DURATION]"

    private static let mostSessions = 1000
    private static let longestMilliseconds: UInt64 = 86_400_000
    private static let options: Set = ["sessions", "limit", "for", "text", "hex", "pcapng"]

    init(words: [String]) throws(ParseError) {
        var rest = words[...]
        guard let first = rest.popFirst() else { throw ParseError(message: Self.usage) }
        if first == "where" {
            let count = Filter.wordCount(in: rest, until: Self.options)
            do throws(Filter.ParseError) {
                target = .matching(
                    try Filter(
                        words: Array(rest.prefix(count)), fields: SessionField.names,
                        aliases: SessionField.aliases))
            } catch {
                throw ParseError(message: "\(error)")
            }
            rest = rest.dropFirst(count)
        } else {
            guard let id = UInt64(first) else {
                throw ParseError(
                    message:
                        "invalid session “\(first.prefix(40))”; an id of “show sessions”, or where …"
                )
            }
            target = .session(id)
        }
        while let word = rest.popFirst() { try read(word, &rest) }
    }

    private mutating func read(_ word: String, _ rest: inout ArraySlice<String>) throws(ParseError)
    {
        if let format = DumpFormat(rawValue: word) {
            self.format = format
            return
        }
        switch word {
        case "sessions":
            guard case .matching = target else {
                throw ParseError(message: "sessions N belongs to where …; an id is one session")
            }
            guard let count = rest.popFirst().flatMap({ Int($0) }),
                (1...Self.mostSessions).contains(count)
            else {
                throw ParseError(message: "sessions takes a number from 1 to \(Self.mostSessions)")
            }
            sessions = count
        case "limit":
            guard let bytes = rest.popFirst().flatMap({ ByteCount($0)?.bytes }), bytes > 0,
                bytes <= UInt64(Int.max)
            else { throw ParseError(message: "limit takes a size, as in limit 64k") }
            limit = bytes
        case "for":
            guard let age = rest.popFirst().flatMap({ Age($0) }), age.milliseconds > 0,
                age.milliseconds <= Self.longestMilliseconds
            else { throw ParseError(message: "for takes a time up to a day, as in for 30s") }
            duration = age.duration
        default:
            throw ParseError(message: "“\(word.prefix(40))” is not expected here; \(Self.usage)")
        }
    }
}

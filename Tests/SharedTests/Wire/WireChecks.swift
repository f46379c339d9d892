@testable import Shared

/// What must hold for any bytes that come in on the control socket, from either side. Used by the tests
/// and by `scripts/fuzz`.
enum WireChecks {
    /// What does not hold, or nil.
    static func violation(by bytes: [UInt8]) -> String? {
        lines(bytes) ?? replies(bytes) ?? words(bytes)
    }

    /// Lines are the same in whatever pieces they come, and never longer than allowed.
    private static func lines(_ bytes: [UInt8]) -> String? {
        let limit = 64
        var whole = LineReader(limit: limit)
        whole.append(bytes)
        var expected: [LineReader.Event] = []
        while let event = whole.next() { expected.append(event) }
        // Pieces whose sizes come from the bytes themselves.
        var reader = LineReader(limit: limit)
        var found: [LineReader.Event] = []
        var rest = bytes[...]
        while let first = rest.first {
            let piece = rest.prefix(Int(first) % 17 + 1)
            reader.append(piece)
            rest = rest.dropFirst(piece.count)
            while let event = reader.next() { found.append(event) }
            guard reader.heldCount <= limit + piece.count else {
                return "the reader keeps too much"
            }
        }
        guard found == expected else { return "pieces make other lines" }
        for case .line(let line) in found where line.count > limit { return "a line is too long" }
        return nil
    }

    /// A reader of replies takes them or throws.
    private static func replies(_ bytes: [UInt8]) -> String? {
        var reader = ReplyReader()
        reader.append(bytes)
        do {
            while let reply = try reader.next() {
                if case .ok(_, let lines) = reply { _ = Table(lines: lines) }
            }
        } catch {}
        return nil
    }

    /// A request is read or refused, what is read is written so that it is read again, and its words are a
    /// condition or are none.
    private static func words(_ bytes: [UInt8]) -> String? {
        for line in bytes.split(separator: 10) {
            let request: Request
            do {
                request = try Request(line: Array(line))
            } catch {
                _ = error.description
                continue
            }
            let again = try? Request(line: Array(request.line.utf8.dropLast()))
            guard again == request else { return "a request is written as another one" }
            if let text = condition(request.words) { return text }
            for word in request.words {
                _ = try? Endpoint(word)
                _ = Age(word)
                _ = ByteCount(word)
            }
        }
        return nil
    }

    private static let fields = ["id", "client", "idle_ms", "in_bytes"]

    private static func condition(_ words: [String]) -> String? {
        let count = Filter.wordCount(in: words, until: ["sort", "limit", "offset"])
        guard (0...words.count).contains(count) else {
            return "a condition is longer than its words"
        }
        let filter: Filter
        do {
            filter = try Filter(words: Array(words.prefix(count)), fields: fields)
        } catch {
            return error.description.isEmpty ? "a mistake without words" : nil
        }
        for row in [["1", "10.0.0.1:5", "30000", "-"], [], ["x", "", "-1", "1e9"]] {
            _ = filter.matches(row)
        }
        // The opposite of a condition holds exactly where it does not.
        let opposite = try? Filter(
            words: ["not", "("] + words.prefix(count) + [")"], fields: fields)
        let row = ["7", "unix:/a b", "0", "12"]
        if let opposite, opposite.matches(row) == filter.matches(row) {
            return "a condition and its opposite agree"
        }
        return nil
    }
}

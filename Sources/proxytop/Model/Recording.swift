internal import Shared

/// The file that a recording is: what was asked and what the daemon answered, as on the socket, with times.
///
/// `ptrec 1`, then for each answer a line `> MILLISECONDS SECONDS QUESTION` and the reply as it came: our monotonic
/// clock, seconds since 1970, and the words of the request. Readable with a pager, and no second format to parse.
enum Recording {
    static let firstLine = "ptrec 1"
    /// A larger file is not one of our recordings.
    static let mostBytes = 512 << 20

    static func text(of entry: ReplayBuffer.Entry) -> String {
        let request = Request(words: entry.words).line
        return "> \(entry.at.milliseconds) \(entry.at.wallSeconds) \(request)"
            + String(decoding: entry.reply.encoded, as: UTF8.self)
    }

    /// Where and why a file is not a recording.
    struct ParseError: Error, Equatable, CustomStringConvertible {
        var line: Int
        var problem: String

        var description: String { "line \(line): \(problem)" }
    }

    /// Reads a file. One that ends in the middle of an answer, as a killed program leaves it, is read up to there.
    static func entries(in bytes: [UInt8], offsetSeconds: Int64) throws(ParseError) -> [ReplayBuffer
        .Entry]
    {
        var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)[...]
        var number = 1
        func text(_ line: ArraySlice<UInt8>) -> String { String(decoding: line, as: UTF8.self) }
        guard let first = lines.popFirst(), text(first) == firstLine else {
            throw ParseError(
                line: 1, problem: "not a recording: one begins with “\(firstLine)”")
        }
        var entries: [ReplayBuffer.Entry] = []
        while let line = lines.popFirst() {
            number += 1
            if line.isEmpty { continue }
            // A recording that was continued has the first line again.
            if text(line) == firstLine { continue }
            guard let (at, words) = head(line, offsetSeconds) else {
                throw ParseError(line: number, problem: "not “> MILLISECONDS SECONDS QUESTION”")
            }
            guard let answer = lines.popFirst() else { break }
            number += 1
            switch ReplyHead(line: Array(answer)) {
            case nil:
                throw ParseError(line: number, problem: "not an answer of the control protocol")
            case .error(let code, let message):
                entries.append(
                    ReplayBuffer.Entry(at: at, words: words, reply: .error(code, message: message)))
            case .ok(let count, let attributes):
                // The last line has no end, so it may be half a line.
                guard lines.count > count else { return entries }
                let body = lines.prefix(count).map(text)
                lines = lines.dropFirst(count)
                number += count
                entries.append(
                    ReplayBuffer.Entry(
                        at: at, words: words, reply: .ok(attributes: attributes, lines: body)))
            }
        }
        return entries
    }

    private static func head(
        _ line: ArraySlice<UInt8>, _ offsetSeconds: Int64
    ) -> (Moment, [String])? {
        guard let words = try? Request(line: Array(line)).words, words.count > 3, words[0] == ">",
            let milliseconds = UInt64(words[1]), milliseconds <= Bounds.milliseconds,
            let seconds = Int64(words[2]), (0...Int64(Bounds.milliseconds / 1000)).contains(seconds)
        else { return nil }
        let at = Moment(
            milliseconds: milliseconds, wallSeconds: seconds, offsetSeconds: offsetSeconds)
        return (at, Array(words.dropFirst(3)))
    }
}

extension ReplayBuffer {
    /// Everything that is on it, the events of before included, so that it can be shown by itself.
    func recording(events: [EventSnapshot]) -> [Entry] {
        guard let first = rounds.first else { return opening }
        var entries = opening.map { entry in
            var early = entry
            early.at = first.at
            return early
        }
        if let newest = events.last {
            let words = ["show", "events"]
            var table = Table(columns: EventSnapshot.columns)
            for event in events { table.append(event.row) }
            entries.append(
                Entry(
                    at: first.at, words: words,
                    reply: .table(table, attributes: [.init("last", String(newest.id))])))
        }
        return entries + rounds.flatMap(\.entries)
    }
}

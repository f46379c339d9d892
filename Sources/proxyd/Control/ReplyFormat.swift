internal import Shared

/// How `proxyd ctl` shows a reply.
enum ReplyFormat: Sendable, CaseIterable {
    /// Aligned columns.
    case people
    case json
    /// RFC 4180.
    case csv
    /// The lines as they came.
    case raw

    /// Attributes of every reply, which say nothing about this one.
    static let common: Set<String> = ["generation", "epoch", "now_ms"]

    /// What goes to standard output. Raw lines are not changed, except on a terminal.
    func text(
        _ lines: [String], _ attributes: [Reply.Attribute], isTable: Bool,
        onTerminal: Bool = false
    ) -> String {
        let table = isTable ? Table(lines: lines) : nil
        switch self {
        case .people:
            return PeopleText.text(table, lines, attributes)
        case .json: return JSONText.reply(table, lines, attributes) + "\n"
        case .csv: return CSVText.text(table, lines)
        case .raw:
            guard onTerminal else { return lines.map { $0 + "\n" }.joined() }
            return lines.map { PlainText.cleaned($0, keeping: ["\t"]) + "\n" }.joined()
        }
    }

    /// Whether the answer to a command is a table, rather than text for people.
    static func isTable(_ words: [String], lines: [String]) -> Bool {
        var words = words[...]
        if words.first == "watch" { words = words.dropFirst(2) }
        let texts: Set = ["help", "metrics", "mrtg-bytes", "mrtg-conns", "dump"]
        guard let verb = words.first, !texts.contains(verb), let header = lines.first else {
            return false
        }
        return header.utf8.contains(0x09)
    }
}

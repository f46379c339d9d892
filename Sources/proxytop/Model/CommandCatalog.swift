internal import Shared

/// What the daemon says it can do: the answer to `describe`, so that the screen fits whatever version it meets.
struct CommandCatalog: Equatable, Sendable {
    struct Entry: Equatable, Sendable {
        var verb: String
        var arguments: String
        var mutates: Bool
        var role: String
        var summary: String
    }

    /// What `set` may change of one kind of thing.
    struct Key: Equatable, Sendable {
        var kind: String
        var name: String
        /// What it can be, where there are but few.
        var words: [String]
    }

    private(set) var entries: [Entry] = []
    private(set) var keys: [Key] = []
    static let mostKeys = 1000

    init() {}

    init(_ table: Table) {
        entries = table.rows.compactMap { row in
            let fields = Fields(columns: table.columns, values: row)
            guard let verb = fields.text("verb") else { return nil }
            return Entry(
                verb: verb, arguments: fields.text("arguments") ?? "",
                mutates: fields.text("mutates") == "yes", role: fields.text("role") ?? "viewer",
                summary: fields.text("summary") ?? "")
        }
    }

    /// The answer to `describe keys`.
    mutating func receive(keys table: Table) {
        keys = table.rows.prefix(Self.mostKeys).compactMap { row in
            let fields = Fields(columns: table.columns, values: row)
            guard let kind = fields.text("kind"), let name = fields.text("key") else { return nil }
            let words = (fields.text("words") ?? "").split(separator: " ").map(String.init)
            return Key(kind: kind, name: name, words: words)
        }
    }

    func has(_ verb: String) -> Bool { entries.contains { $0.verb == verb } }

    /// The longest verb that the words begin with.
    func entry(for words: [String]) -> Entry? {
        entries.filter { entry in
            words.starts(with: entry.verb.split(separator: " ").map(String.init))
        }.max { $0.verb.utf8.count < $1.verb.utf8.count }
    }

    private static let roles = ["viewer", "operator", "admin"]

    /// Why this role may not do it; nil when it may. What is not described is left to the daemon.
    func objection(to words: [String], role: String) -> String? {
        guard let needed = entry(for: words)?.role,
            let own = Self.roles.firstIndex(of: role),
            let least = Self.roles.firstIndex(of: needed), own < least
        else { return nil }
        return "“\(words[0])” needs the role \(needed), and yours is \(role)"
    }
}

extension Model {
    /// Words that are the screen's own; `raw` in front sends any line as it is.
    static let ownWords = [
        "view", "forget", "filter", "sort", "interval", "write", "note", "help", "quit", "q", "raw",
    ]
}

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

    private(set) var entries: [Entry] = []

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

    func has(_ verb: String) -> Bool { entries.contains { $0.verb == verb } }

    /// The longest verb that the words begin with.
    func entry(for words: [String]) -> Entry? {
        entries.filter { entry in
            words.starts(with: entry.verb.split(separator: " ").map(String.init))
        }.max { $0.verb.utf8.count < $1.verb.utf8.count }
    }

    private static let roles = ["viewer", "operator", "admin"]

    /// Why somebody with this role may not; nil when he may. What is not described is left to the daemon.
    func objection(to words: [String], role: String) -> String? {
        guard let needed = entry(for: words)?.role,
            let own = Self.roles.firstIndex(of: role),
            let least = Self.roles.firstIndex(of: needed), own < least
        else { return nil }
        return "“\(words[0])” needs the role \(needed), and yours is \(role)"
    }
}

internal import Shared

/// What the daemon says an act would do: the answers to `plan`.
struct Plan: Equatable, Sendable {
    struct Row: Equatable, Sendable {
        var path: String
        var fact: String
        var before: String
        var after: String
    }

    private(set) var rows: [Row] = []
    /// Sessions that a condition meets, where the act is about such.
    private(set) var matched: UInt64?
    /// The state of things that it was worked out from; the oldest, where several answers were put together.
    private(set) var generation: UInt64?

    init() {}

    mutating func add(_ attributes: [Reply.Attribute], _ lines: [String]) {
        if let number = attributes["generation"].flatMap({ UInt64($0) }) {
            generation = min(generation ?? number, number)
        }
        if let number = attributes["matched"].flatMap({ UInt64($0) }) {
            matched = (matched ?? 0) + min(number, Bounds.sessions)
        }
        guard let table = Table(lines: lines), table.index(of: "fact") != nil else { return }
        for values in table.rows {
            let fields = Fields(columns: table.columns, values: values)
            guard let path = fields.text("path"), let fact = fields.text("fact") else { continue }
            rows.append(
                Row(
                    path: path, fact: fact, before: fields.text("before") ?? Table.absent,
                    after: fields.text("after") ?? Table.absent))
        }
    }

    func row(_ path: String, _ fact: String) -> Row? {
        rows.first { $0.path == path && $0.fact == fact }
    }

    /// A number of the daemon's own, summed up.
    func sum(_ fact: String) -> UInt64 {
        rows.filter { $0.fact == fact }
            .reduce(0) { $0 + min(UInt64($1.before) ?? 0, Bounds.sessions) }
    }

    func concerns(service name: String) -> Bool {
        rows.contains { $0.path == name || $0.path.hasPrefix(name + "/") }
    }
}

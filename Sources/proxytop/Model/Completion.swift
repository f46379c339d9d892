internal import Shared

/// What Tab makes of the beginning of a line: as much as is certain, and what there is to choose from.
struct Completion: Equatable, Sendable {
    /// The line up to the cursor, completed.
    let head: String
    /// The candidates, or what the command takes; nil when there is nothing to say.
    let offer: String?

    static let mostOffered = 30

    /// `views`: the names of those that were kept.
    init(
        _ head: String, _ catalog: CommandCatalog, _ snapshot: DaemonSnapshot?, views: [String] = []
    ) {
        let start = head.lastIndex(of: " ").map { head.index(after: $0) } ?? head.startIndex
        let begun = String(head[start...])
        let before = head[..<start].split(separator: " ").map(String.init)
        let kept = before == ["view"] || before == ["forget"] ? views : []
        let found = (Self.candidates(after: before, catalog, snapshot) + kept)
            .filter { $0.hasPrefix(begun) }
        guard let first = found.first else {
            self.head = head
            offer = catalog.entry(for: before).map { "\($0.verb) \($0.arguments)" }
            return
        }
        // The present value stands there first, to be seen and changed; what else it can be is said.
        if begun.isEmpty, let present = Self.value(before, snapshot), before.first == "set",
            before.count == 3, found.contains(present)
        {
            self.head = head + present + " "
            offer = found.joined(separator: "  ")
            return
        }
        let common = found.dropFirst().reduce(first) { $0.commonPrefix(with: $1) }
        let isWhole = found.count == 1
        self.head = String(head[..<start]) + common + (isWhole ? " " : "")
        if isWhole {
            let words = before + [first]
            offer = catalog.entry(for: words).map { "\($0.verb) \($0.arguments)" }
        } else {
            let rest = found.count > Self.mostOffered ? " … \(found.count) in all" : ""
            offer = found.prefix(Self.mostOffered).joined(separator: "  ") + rest
        }
    }

    /// Words that may stand here, each once.
    private static func candidates(
        after before: [String], _ catalog: CommandCatalog, _ snapshot: DaemonSnapshot?
    ) -> [String] {
        var words: [String] = []
        func add(_ word: String) { if !words.contains(word) { words.append(word) } }
        for entry in catalog.entries {
            let verb = entry.verb.split(separator: " ").map(String.init)
            if verb.count > before.count, verb.starts(with: before) { add(verb[before.count]) }
        }
        if before.isEmpty { for word in Model.ownWords { add(word) } }
        if before.first == "view" { return Page.allCases.map { $0.title.lowercased() } }
        if before.first == "plan" || before.first == "raw" {
            for word in candidates(after: Array(before.dropFirst()), catalog, snapshot) {
                add(word)
            }
            return words
        }
        guard let entry = catalog.entry(for: before) else { return words }
        let place = before.count - entry.verb.split(separator: " ").count
        let argument = entry.arguments.split(separator: " ").map(String.init)
        if place == 0, let first = argument.first {
            if first.contains("PATH") || first.contains("GROUP") || first.contains("SERVICE") {
                for path in paths(snapshot, first) { add(path) }
            }
        }
        if entry.verb.hasPrefix("set") {
            let kind = kind(of: before, entry.verb, snapshot)
            let keys = catalog.keys.filter { $0.kind == kind }
            if place == 1 { for key in keys { add(key.name) } }
            if place == 2 {
                if let value = value(before, snapshot) { add(value) }
                for word in keys.first(where: { $0.name == before.last })?.words ?? [] { add(word) }
            }
        }
        if entry.arguments.contains("where") {
            if place == 0 { add("where") }
            if let last = before.last, ["where", "and", "or", "not", "sort", "("].contains(last) {
                for field in SessionField.names { add(field) }
            }
        }
        if entry.arguments.contains("[cut]"), place > 0 { add("cut") }
        return words
    }

    private static func paths(_ snapshot: DaemonSnapshot?, _ argument: String) -> [String] {
        guard let snapshot else { return [] }
        let services = snapshot.services.map(\.name).filter { !$0.isEmpty }
        let groups = snapshot.groups.map(\.snapshot.path)
        if argument.contains("PATH") { return snapshot.channels.map(\.path) + groups + services }
        return argument.contains("GROUP") ? groups : services
    }

    /// What a thing is that `set` changes, in the daemon's word.
    private static func kind(of before: [String], _ verb: String, _ snapshot: DaemonSnapshot?)
        -> String
    {
        guard verb == "set" else { return "listener" }
        let path = before.dropFirst().first ?? ""
        if snapshot?.groups.contains(where: { $0.snapshot.path == path }) == true { return "group" }
        if snapshot?.services.contains(where: { $0.name == path }) == true { return "service" }
        return "channel"
    }

    /// The present value, so that it can be seen and changed.
    private static func value(_ before: [String], _ snapshot: DaemonSnapshot?) -> String? {
        guard before.count > 2 else { return nil }
        if before[2] == "balance" {
            return snapshot?.groups.first { $0.snapshot.path == before[1] }?.snapshot.balance
        }
        guard let channel = snapshot?.channels.first(where: { $0.path == before[1] }) else {
            return nil
        }
        switch before[2] {
        case "weight": return String(channel.weight)
        case "maxc": return channel.maxc.cell
        case "address": return channel.address
        case "label": return channel.label
        default: return nil
        }
    }
}

extension String {
    fileprivate func commonPrefix(with other: String) -> String {
        String(zip(self, other).prefix { $0 == $1 }.map(\.0))
    }
}

internal import Shared

/// The words that a daemon understands, for completion: its commands, and the names of what it has.
struct Vocabulary: Equatable, Sendable {
    struct Entry: Equatable, Sendable {
        /// One word or two.
        var verb: [String]
        /// What follows, as `describe` has it: `PATH [cut] [if-gen=N]`.
        var arguments: String
        var mutates = false
    }

    var entries: [Entry] = []
    /// Paths of all channels: `service/group/channel`.
    var channels: [String] = []
    /// Paths of all listeners: `service/listener`.
    var listeners: [String] = []
    /// Fields of a session, which conditions and sorting name.
    var fields: [String] = []
    var policies: [String] = []

    /// Services, groups and channels; the short forms too, when there is one service only.
    var paths: [String] {
        let short = services.count == 1 ? (groups + channels).map(Self.withoutService) : []
        return services + groups + channels + short
    }

    var services: [String] { unique(channels.map { Self.prefix(of: $0, parts: 1) }) }
    var groups: [String] { unique(channels.map { Self.prefix(of: $0, parts: 2) }) }

    /// What a path names, by the rule that a longer one is never guessed at.
    func keys(at path: String) -> KeySet? {
        if services.contains(path) { return .service }
        let isAlone = services.count == 1
        func isOne(of paths: [String]) -> Bool {
            paths.contains(path) || isAlone && paths.contains { Self.withoutService($0) == path }
        }
        if isOne(of: groups) { return .group }
        return isOne(of: channels) ? .channel : nil
    }

    private func unique(_ words: [String]) -> [String] { Array(Set(words)).sorted() }

    private static func prefix(of path: String, parts: Int) -> String {
        path.split(separator: "/", omittingEmptySubsequences: false).prefix(parts)
            .joined(separator: "/")
    }

    private static func withoutService(_ path: String) -> String {
        path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
            .joined(separator: "/")
    }

    // MARK: From replies

    /// Takes the commands from the answer to `describe`.
    mutating func learnCommands(from reply: Reply) {
        guard let table = Self.table(reply), let verb = table.columns.firstIndex(of: "verb"),
            let arguments = table.columns.firstIndex(of: "arguments")
        else { return }
        let mutates = table.columns.firstIndex(of: "mutates")
        entries = table.rows.map { row in
            Entry(
                verb: row[verb].split(separator: " ").map(String.init), arguments: row[arguments],
                mutates: mutates.map { row[$0] == "yes" } ?? false)
        }
    }

    /// Takes the names from the answer to `show channels`.
    mutating func learnChannels(from reply: Reply) {
        guard let table = Self.table(reply), let path = table.columns.firstIndex(of: "path") else {
            return
        }
        channels = table.rows.map { $0[path] }
    }

    /// Takes the names from the answer to `show listeners`.
    mutating func learnListeners(from reply: Reply) {
        guard let table = Self.table(reply), let path = table.columns.firstIndex(of: "path") else {
            return
        }
        listeners = table.rows.map { $0[path] }
    }

    /// Takes the fields from an answer to `show sessions`.
    mutating func learnFields(from reply: Reply) {
        guard let table = Self.table(reply) else { return }
        fields = table.columns
    }

    private static func table(_ reply: Reply) -> Table? {
        guard case .ok(_, let lines) = reply else { return nil }
        return Table(lines: lines)
    }
}

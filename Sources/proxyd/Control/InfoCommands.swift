internal import Shared

/// Commands that describe the daemon and the protocol.
enum InfoCommands {
    /// The control protocol's version (architecture §7).
    static let protocolVersion = 1

    static func hello(_ request: ControlRequest) {
        let daemon = request.state
        let dialect = daemon.identity.dialect
        let words = String(Request(words: dialect).line.dropLast())
        let uptime = Instant.now.milliseconds(since: daemon.identity.started)
        request.answer(
            [],
            [
                Reply.Attribute("protocol", String(protocolVersion)),
                Reply.Attribute("version", Version.string),
                Reply.Attribute("pid", String(daemon.identity.pid)),
                Reply.Attribute("host", daemon.identity.host),
                Reply.Attribute("environment", daemon.identity.environment ?? Table.absent),
                Reply.Attribute("role", request.peer.role.rawValue),
                Reply.Attribute("uptime_ms", String(uptime)),
                Reply.Attribute("wall_ms", String(WallClock.milliseconds)),
                Reply.Attribute("workers", String(daemon.share.workers.count)),
                Reply.Attribute("dialect", dialect.isEmpty ? Table.absent : words),
                Reply.Attribute("upgrades", String(daemon.identity.upgrades)),
            ])
    }

    static func help(_ request: ControlRequest) {
        let words = request.words
        let entries = CommandTable.entries.filter {
            words.isEmpty || $0.verb.split(separator: " ").map(String.init).starts(with: words)
        }
        guard !entries.isEmpty else {
            return request.refuse(.notFound, "no command “\(words.joined(separator: " "))”")
        }
        request.answer(
            entries.map { entry in
                let head = entry.arguments.isEmpty ? entry.verb : "\(entry.verb) \(entry.arguments)"
                return "\(head)\n    \(entry.summary)"
            }.flatMap { $0.split(separator: "\n").map(String.init) })
    }

    static func describe(_ request: ControlRequest) {
        var table = Table(columns: ["verb", "arguments", "mutates", "role", "summary"])
        for entry in CommandTable.entries {
            table.append(
                [
                    entry.verb, entry.arguments, entry.mutates ? "yes" : "no",
                    entry.role.rawValue, entry.summary,
                ])
        }
        request.answer(table, [Reply.Attribute("role", request.peer.role.rawValue)])
    }

    static func describeKeys(_ request: ControlRequest) {
        var table = Table(columns: ["kind", "key", "words"])
        let kinds: [(String, KeySet)] = [
            ("service", .service), ("listener", .listener), ("group", .group),
            ("channel", .channel),
        ]
        for (kind, keys) in kinds {
            for key in keys.settablePaths {
                let words = keys.words(at: key)
                table.append([
                    kind, key, words.isEmpty ? Table.absent : words.joined(separator: " "),
                ])
            }
        }
        request.answer(table)
    }
}

import Shared

@testable import proxytop

/// What the daemon of the story says that a line would do.
extension Story {
    private static let columns = ["path", "fact", "before", "after"]

    static let describe: Table = {
        var table = Table(columns: ["verb", "arguments", "mutates", "role", "summary"])
        for (verb, arguments, role) in [
            ("hello", "", ""), ("show channels", "[PATH]", ""), ("show sessions", "[where …]", ""),
            ("show session", "ID", ""), ("show events", "[since N]", ""),
            ("show history", "PATH", ""), ("plan", "LINE", ""),
            ("explain", "CLIENT [SERVICE]", ""), ("watch", "SECONDS COMMAND", ""),
            ("enable", "PATH [if-gen=N]", "operator"), ("drain", "PATH [if-gen=N]", "operator"),
            ("disable", "PATH [cut] [if-gen=N]", "operator"),
            ("set", "PATH KEY VALUE… [if-gen=N]", "admin"),
            ("remove", "PATH [cut] [if-gen=N]", "admin"), ("begin", "", "operator"),
            ("abort", "", "operator"), ("commit", "[cut]", "admin"),
            ("show control", "", ""), ("show limits", "", ""), ("describe keys", "", ""),
            ("show channel", "PATH", ""),
            ("kill session", "ID", "operator"),
            ("kill sessions", "where FIELD OP VALUE [and …]", "operator"),
            ("reset", "PATH", "operator"), ("shutdown", "", "admin"),
        ] {
            table.append([
                verb, arguments, role.isEmpty || verb == "plan" ? "no" : "yes",
                role.isEmpty ? "viewer" : role, "",
            ])
        }
        table.append(["intend", "[PATH …]", "no", "operator", ""])
        return table
    }()

    /// Lines of one change, planned together.
    func plan(_ lines: [[String]], cuts: Bool) -> Reply {
        var table = Table(columns: Self.columns)
        var after = self
        var switched: Set<UInt64> = []
        for words in lines {
            guard words.count > 1 else {
                table.append(["daemon", "runs", "yes", "no"])
                continue
            }
            switch words[0] {
            case "enable", "drain", "disable":
                for index in channels.indices where Self.names(words[1], channels[index].path) {
                    let state: ChannelState =
                        words[0] == "enable" ? .up : words[0] == "drain" ? .drain : .off
                    after.channels[index].state = state
                    switched.insert(channels[index].serial)
                    guard lines.count == 1 else { continue }
                    table.append([
                        channels[index].path, "state", channels[index].state.rawValue,
                        state.rawValue,
                    ])
                }
            case "set":
                for index in channels.indices where channels[index].path == words[1] {
                    let old =
                        words[2] == "weight"
                        ? String(channels[index].weight) : channels[index].maxc.cell
                    if words[2] == "maxc" { after.channels[index].maxc = UInt64(words[3]) }
                    table.append([words[1], words[2], old, words[3]])
                }
            case "kill" where words[1] == "session":
                table.append(["daemon", "sessions_cut", "1", "0"])
            case "kill":
                let found = query(Array(words.dropFirst(2)))
                return .table(
                    SessionSnapshot.table(found.rows),
                    attributes: attributes + [
                        Reply.Attribute("cut", "0"),
                        Reply.Attribute("matched", String(found.matched)),
                    ])
            case "reset": table.append([words[1], "total", "1", "0"])
            case "remove": table.append([words[1], "channels", "1", "-"])
            default: return .error(.usage, message: "no plan for \(words[0])")
            }
        }
        for group in groups {
            let (old, new) = (room(group.path), after.room(group.path))
            guard old != new else { continue }
            table.append([group.path, "usable", "\(old.usable)", "\(new.usable)"])
            table.append([group.path, "slots", old.slots.cell, new.slots.cell])
        }
        let sessions = channels.filter { switched.contains($0.serial) }
            .reduce(0) { $0 &+ $1.current }
        if cuts { table.append(["daemon", "sessions_cut", String(sessions), "0"]) }
        return .table(table, attributes: attributes)
    }

    private static func names(_ path: String, _ channel: String) -> Bool {
        channel == path || channel.hasPrefix(path + "/")
    }

    private struct Room: Equatable {
        var usable: Int
        var slots: UInt64?
    }

    private func room(_ group: String) -> Room {
        let usable = channels.filter { $0.path.hasPrefix(group + "/") && $0.state.isUsable }
        let isBounded = usable.allSatisfy { $0.maxc != nil }
        return Room(
            usable: usable.count,
            slots: isBounded ? usable.reduce(0) { $0 &+ ($1.maxc ?? 0) } : nil)
    }

    // MARK: Sessions

    /// So many sessions with ids from 1000 on, the longest idle first.
    mutating func addSessions(_ count: Int) {
        for number in 0..<count {
            var session = SessionSnapshot(
                id: UInt64(1000 + number), client: "192.0.2.\(number % 250 + 1):\(40_000 + number)",
                listener: "mail/0", channel: "mail/0/\(number % 3)", phase: .relay,
                ageMilliseconds: 15_120_000, idleMilliseconds: UInt64((count - number) * 1000),
                inBytes: 1200, outBytes: 88_000, worker: 0, inMode: "copy", outMode: "splice",
                retries: 0)
            session.inRate = 0
            session.outRate = UInt64(number)
            session.kernel.rtt = 1800
            if number == 0 { session.stuck = "half-closed" }
            if number == 1 { session.blame = "client-slow" }
            sessions.append(session)
        }
    }

    /// One event with nothing special about it.
    static func event(
        _ id: UInt64, at monotonic: UInt64, _ subject: String, _ text: String
    ) -> EventSnapshot {
        EventSnapshot(
            id: id, timeMilliseconds: 1_795_228_800_000, monotonicMilliseconds: monotonic,
            severity: .notice, subject: subject, kind: "state", text: text)
    }

    /// What the story has come to, in three lines.
    mutating func addEvents() {
        let lines: [(UInt64, EventSnapshot.Severity, String, String?, String)] = [
            (
                4, .warning, "state", nil,
                "channel mail/0/3 up → down: connect refused (ECONNREFUSED)"
            ),
            (5, .notice, "state", "1000:proxytop[4711]", "channel mail/0/4 up → drain"),
            (1, .info, "set", "1001:ctl[9]", "channel mail/0/0 weight 50 → 100"),
        ]
        for (index, line) in lines.enumerated() {
            var event = EventSnapshot(
                id: UInt64(index + 1),
                timeMilliseconds: 1_795_228_600_000 + UInt64(index) * 60_000,
                monotonicMilliseconds: 0, severity: line.1, subject: "channel", kind: line.2,
                text: line.4)
            event.serial = line.0
            event.actor = line.3
            event.user = line.3 == nil ? nil : "alice"
            events.append(event)
        }
    }

    /// `where … sort F limit N offset N`, as the daemon does it.
    func query(_ words: [String]) -> (rows: [SessionSnapshot], matched: Int, error: String?) {
        var found = sessions
        var rest = words[...]
        var (limit, offset) = (Int.max, 0)
        while let word = rest.popFirst() {
            switch word {
            case "where":
                let count = Filter.wordCount(in: rest, until: ["sort", "limit", "offset"])
                do throws(Filter.ParseError) {
                    let filter = try Filter(
                        words: Array(rest.prefix(count)), fields: SessionField.names,
                        aliases: SessionField.aliases)
                    found = found.filter { filter.matches($0.row) }
                } catch {
                    return ([], 0, "\(error)")
                }
                rest = rest.dropFirst(count)
            case "sort":
                let field = rest.popFirst() ?? ""
                let name = field.hasPrefix("-") ? String(field.dropFirst()) : field
                let index = SessionField.names.firstIndex(of: name) ?? 0
                let keyed = found.map { (session: $0, key: $0.row[index]) }
                found = keyed.sorted { left, right in
                    let (one, two) = (left.key, right.key)
                    let isLess =
                        if let a = UInt64(one), let b = UInt64(two) { a < b } else { one < two }
                    return field.hasPrefix("-") ? !isLess && one != two : isLess
                }.map(\.session)
            case "limit": limit = rest.popFirst().flatMap { Int($0) } ?? 0
            case "offset": offset = rest.popFirst().flatMap { Int($0) } ?? 0
            default: return ([], 0, "“\(word)” is not expected here")
            }
        }
        return (Array(found.dropFirst(offset).prefix(limit)), found.count, nil)
    }
}

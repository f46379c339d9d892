import Shared

@testable import proxytop

/// The daemon of the manual's snapshots: 0.3 is down, 0.4 drains, 0.5 sits out its grace time, and what does
/// not fit into group 0 goes to group 1.
struct Story {
    static let epoch: UInt64 = 77
    static let generation: UInt64 = 8812

    var channels: [ChannelSnapshot]
    var groups: [GroupSnapshot]
    var listeners: [ListenerSnapshot]
    var sessions: [SessionSnapshot] = []
    var events: [EventSnapshot] = []
    /// At the control socket.
    var present: [PresenceSnapshot] = []
    /// What was asked for between `begin` and `abort`.
    var transaction: [[String]]?
    var describes = Story.describe
    var epoch = Story.epoch
    var generation = Story.generation
    var role = "operator"
    /// The daemon's clock.
    var milliseconds: UInt64 = 12 * 86_400_000 + 3 * 3_600_000

    init() {
        channels = Self.mailChannels
        groups = [
            Self.group("mail/0", 101, .active, "round-robin", current: 1223),
            Self.group("mail/1", 102, .spill, "round-robin", current: 61),
            Self.group("mail/2", 103, .standby, "hash"),
        ]
        listeners = [
            ListenerSnapshot(
                path: "mail/0", serial: 201, state: .open, address: "0.0.0.0:143",
                whenEmpty: "close", current: 1284, total: 9_000_000, inBytes: 0, outBytes: 0,
                refused: 0)
        ]
    }

    private static func group(
        _ path: String, _ serial: UInt64, _ role: GroupRole, _ balance: String,
        current: UInt64 = 0
    ) -> GroupSnapshot {
        GroupSnapshot(
            path: path, serial: serial, role: role, balance: balance, usable: 0, channels: 0,
            current: current, slots: nil, total: 0, spilled: 0)
    }

    private static func channel(
        _ path: String, _ serial: UInt64, _ state: ChannelState, _ address: String,
        since: UInt64, maxc: UInt64?, current: UInt64, total: UInt64, connect: UInt64?
    ) -> ChannelSnapshot {
        var channel = ChannelSnapshot(path: path, serial: serial, state: state, address: address)
        channel.sinceMilliseconds = since
        channel.weight = 100
        channel.maxc = maxc
        channel.current = current
        channel.total = total
        channel.connectP50Microseconds = connect
        channel.by = "proxyd"
        return channel
    }

    private static let mailChannels: [ChannelSnapshot] = {
        var channels = [
            channel(
                "mail/0/0", 1, .up, "10.0.1.10:143", since: 1_047_600_000, maxc: 400, current: 392,
                total: 1_920_000, connect: 1800),
            channel(
                "mail/0/1", 2, .full, "10.0.1.11:143", since: 182_000, maxc: 400, current: 400,
                total: 1_900_000, connect: 2100),
            channel(
                "mail/0/2", 3, .full, "10.0.1.12:143", since: 190_000, maxc: 400, current: 400,
                total: 2_210_000, connect: 6400),
            channel(
                "mail/0/3", 4, .down, "10.0.1.13:143", since: 252_000, maxc: 400, current: 0,
                total: 1_770_000, connect: nil),
            channel(
                "mail/0/4", 5, .drain, "mail-e.example.net:143", since: 580_000, maxc: 400,
                current: 31, total: 1_880_000, connect: 2000),
            channel(
                "mail/0/5", 6, .grace, "[2001:db8:0:1::15]:143", since: 41_000, maxc: 200,
                current: 0, total: 604_000, connect: nil),
            channel(
                "mail/1/0", 7, .up, "10.0.2.10:143", since: 1_047_600_000, maxc: 400, current: 61,
                total: 11_200, connect: 9100),
            channel(
                "mail/1/1", 8, .off, "10.0.2.11:143", since: 198_000_000, maxc: 400, current: 0,
                total: 9800, connect: nil),
            channel(
                "mail/2/0", 9, .up, "[2001:db8:0:9::25]:25", since: 1_047_600_000, maxc: 50,
                current: 0, total: 41, connect: 300),
        ]
        channels[3].why = "connect refused (ECONNREFUSED)"
        channels[3].retryMilliseconds = 55_000
        channels[4].by = "1000:proxytop[4711]"
        channels[4].weight = 0
        channels[5].why = "connect timeout"
        channels[5].retryMilliseconds = 19_000
        return channels
    }()

    /// Lets time pass: what is up works at its pace.
    mutating func advance(milliseconds passed: UInt64) {
        milliseconds += passed
        for index in channels.indices where channels[index].state.isUsable {
            let new = channels[index].current * passed / 10_000
            channels[index].total += new
            channels[index].inBytes += new * 170_000
            channels[index].outBytes += new * 1_100_000
        }
        for index in channels.indices where channels[index].state == .down {
            channels[index].failed += passed / 500
        }
        if groups.count > 1 { groups[1].spilled += passed * 41 / 10_000 }
    }

    // MARK: As the daemon would say it

    var attributes: [Reply.Attribute] {
        [
            Reply.Attribute("generation", String(generation)),
            Reply.Attribute("epoch", String(epoch)),
            Reply.Attribute("now_ms", String(milliseconds)),
        ]
    }

    var hello: Reply {
        .ok(
            attributes: [
                Reply.Attribute("protocol", "1"), Reply.Attribute("version", "1.4"),
                Reply.Attribute("pid", "4121"), Reply.Attribute("host", "lb1"),
                Reply.Attribute("environment", "PROD"), Reply.Attribute("role", role),
                Reply.Attribute("uptime_ms", String(milliseconds)),
                Reply.Attribute("wall_ms", "0"), Reply.Attribute("workers", "2"),
            ] + attributes, lines: [])
    }

    /// Whether a line changes nothing.
    func isQuestion(_ line: String) -> Bool {
        let verb = line.prefix { $0 != " " }
        return [
            "hello", "describe", "show", "plan", "begin", "abort", "explain", "intend",
        ].contains(verb) || transaction != nil
    }

    mutating func reply(to request: String) -> Reply {
        let words = request.split(separator: " ").map(String.init)
        switch request {
        case "hello": return hello
        case "describe": return .table(describes, attributes: attributes)
        case "describe keys":
            var table = Table(columns: ["kind", "key", "words"])
            for (kind, keys) in [
                ("service", ["timeouts.idle", "max-sessions"]),
                ("listener", ["backlog"]),
                ("group", ["balance", "maxc"]),
                ("channel", ["weight", "maxc", "address", "label"]),
            ] {
                for key in keys {
                    table.append([kind, key, key == "balance" ? "first hash round-robin" : "-"])
                }
            }
            return .table(table, attributes: attributes)
        case "show channels":
            return .table(ChannelSnapshot.table(channels), attributes: attributes)
        case "show groups": return .table(GroupSnapshot.table(groups), attributes: attributes)
        case "show listeners":
            return .table(ListenerSnapshot.table(listeners), attributes: attributes)
        case "show control":
            return .table(PresenceSnapshot.table(present), attributes: attributes)
        case "show limits":
            var table = Table(columns: ["name", "used", "limit"])
            table.append(["descriptors", "1771", "8192"])
            // A ninth of one core, since the start.
            table.append(["cpu_ms", String(milliseconds / 9), "-"])
            return .table(table, attributes: attributes)
        case _ where request.hasPrefix("show channel "):
            return detail(of: words[2])
        case _ where words.first == "intend": return .ok(attributes: attributes, lines: [])
        case "begin":
            transaction = []
            return .ok(attributes: attributes, lines: [])
        case "abort":
            transaction = nil
            return .ok(attributes: attributes, lines: [])
        case _ where request.hasPrefix("plan commit"):
            return plan(transaction ?? [], cuts: words.last == "cut")
        case _ where words.first == "plan":
            let line = Array(words.dropFirst())
            return plan([line], cuts: line.last == "cut")
        case _ where request.hasPrefix("show sessions"):
            let found = query(Array(words.dropFirst(2)))
            if let error = found.error { return .error(.usage, message: error) }
            return .table(
                SessionSnapshot.table(found.rows),
                attributes: attributes + [
                    Reply.Attribute("matched", String(found.matched)),
                    Reply.Attribute("total", String(sessions.count)),
                ])
        case _ where request.hasPrefix("show session "):
            guard let session = sessions.first(where: { String($0.id) == words[2] }) else {
                return .error(.notFound, message: "no session \(words[2])")
            }
            var table = Table(columns: ["field", "value"])
            for (name, value) in zip(SessionSnapshot.columns, session.row) {
                table.append([name, value])
            }
            return .table(table, attributes: attributes)
        case _ where request.hasPrefix("show events"):
            let since = words.firstIndex(of: "since").flatMap { UInt64(words[$0 + 1]) } ?? 0
            return .table(
                EventSnapshot.table(events.filter { $0.id > since }),
                attributes: attributes + [
                    Reply.Attribute("last", String(events.last?.id ?? 0))
                ])
        case _ where request.hasPrefix("show history"):
            // Connecting becomes slow, then it fails: what the others of the group do is not told here.
            let isDown = words.count > 2 && words[2] != "mail/0/0"
            let samples = (1...90).map { (step: UInt64) in
                let at = max(milliseconds, 910_000) - (91 - step) * 10_000
                return HistorySample(
                    timeMilliseconds: 1_795_228_867_000 - (91 - step) * 10_000,
                    monotonicMilliseconds: at, state: "usable", current: 0, sessions: step * 15,
                    inBytes: 0, outBytes: step * 10_000_000, failed: isDown && step > 65 ? 20 : 0,
                    connectMicroseconds: step > 65 ? nil : step > 63 ? 840_000 : 1900)
            }
            return .table(HistorySample.table(samples), attributes: attributes)
        case _ where words.first == "explain":
            return .ok(attributes: attributes, lines: ["path\tverdict", "mail/0/0\tchosen"])
        default:
            guard transaction != nil else {
                return .error(.unknown, message: "no such command: \(request)")
            }
            transaction?.append(words)
            return .ok(attributes: attributes, lines: [])
        }
    }

    /// What `show channel` tells besides what `show channels` does, of one that is down and of one that is not.
    private func detail(of path: String) -> Reply {
        guard let channel = channels.first(where: { $0.path == path }) else {
            return .error(.notFound, message: "no channel “\(path)”")
        }
        var table = Table(columns: ["field", "value"])
        for (name, value) in zip(ChannelSnapshot.columns, channel.row) {
            table.append([name, value])
        }
        table.append(["connect_timeout_ms", "5000"])
        table.append([
            "connect_histogram",
            "100=0 250=12 500=1200 1000=310 2500=90 5000=0 10000=3 25000=0 50000=0 100000=0 "
                + "250000=0 500000=0 1000000=0 5000000=0 more=0",
        ])
        guard channel.state == .down else { return .table(table, attributes: attributes) }
        table.append(["causes", "reset=2 refused=37"])
        for number in 1...3 {
            let age = number * 60_000
            table.append([
                "error_\(number)",
                "time_ms=\(1_795_228_867_000 - age) age_ms=\(age) errno=ECONNREFUSED cause=refused",
            ])
        }
        return .table(table, attributes: attributes)
    }

    var snapshot: DaemonSnapshot {
        DaemonSnapshot(
            epoch: epoch, generation: generation, nowMilliseconds: milliseconds,
            channels: channels, groups: groups, listeners: listeners)
    }
}

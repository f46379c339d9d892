import CLinux
import Glibc
import Shared
import Testing

@testable import proxyd

@Suite("Commands of the control protocol")
struct CommandTableTests {
    private let daemon: FakeDaemon

    init() throws { daemon = try FakeDaemon.make() }

    @Test(
        "every command is found by its verb, and answers exactly once",
        arguments: CommandTable.entries.map(\.verb))
    func reachable(verb: String) throws {
        let words = verb.split(separator: " ").map(String.init)
        #expect(CommandTable.entry(for: words)?.verb == verb)
        #expect(CommandTable.entry(for: words + ["x"])?.verb == verb)
        #expect(try daemon.replies(to: verb).count == 1)
        #expect(try daemon.replies(to: verb + " x y z").count == 1)
    }

    @Test("no verb hides a longer one")
    func longest() {
        for entry in CommandTable.entries {
            let words = entry.verb.split(separator: " ").map(String.init)
            #expect(CommandTable.entry(for: words)?.verb == entry.verb)
        }
        #expect(CommandTable.entry(for: ["show"]) == nil)
        #expect(CommandTable.entry(for: []) == nil)
    }

    @Test(
        "every OK carries generation, epoch and now_ms",
        arguments: [
            "hello", "help", "describe", "show channels", "show sessions", "metrics",
            "enable main/a",
        ])
    func attributes(line: String) throws {
        guard case .ok(let attributes, _) = try daemon.reply(to: line) else { throw Missing("OK") }
        #expect(attributes["generation"] == "1")
        #expect(attributes["epoch"] == String(daemon.identity.epoch))
        #expect(attributes["now_ms"].flatMap { UInt64($0) } != nil)
        #expect(Set(attributes.map(\.name)).count == attributes.count)
    }

    @Test("hello says who the daemon is, and who we are to it")
    func hello() throws {
        guard case .ok(let attributes, let lines) = try daemon.reply(to: "hello") else {
            throw Missing("OK")
        }
        #expect(lines.isEmpty)
        #expect(
            Set(attributes.map(\.name)) == [
                "protocol", "version", "epoch", "pid", "host", "environment", "role", "generation",
                "uptime_ms", "wall_ms", "workers", "dialect", "now_ms",
                "upgrades",
            ])
        #expect(attributes["protocol"] == "1")
        #expect(attributes["pid"] == String(getpid()))
        #expect(attributes["environment"] == "TEST")
        #expect(attributes["role"] == "admin")
        #expect(attributes["workers"] == "2")
    }

    @Test("actors are named by user, program and process")
    func actor() {
        let peer = proxyd.Peer(uid: 7, pid: 8, program: "ctl", role: .viewer)
        #expect(peer.actor.description == "7:ctl[8]")
        #expect(proxyd.Peer.Role.viewer < .operator && .operator < .admin)
    }

    /// Commands that change nothing here and do something elsewhere all the same.
    private static let acting: Set = [
        "probe", "dump", "debug session", "debug client", "debug off", "intend",
    ]

    @Test("what changes something needs an operator, what shows something does not")
    func mutates() {
        for entry in CommandTable.entries {
            let acts = entry.mutates || Self.acting.contains(entry.verb)
            #expect(acts == (entry.role >= .operator), "\(entry.verb)")
        }
    }

    @Test(
        "a role is refused exactly what is above it", arguments: CommandTable.entries.map(\.verb),
        [proxyd.Peer.Role.viewer, .operator, .admin])
    func refused(verb: String, role: proxyd.Peer.Role) throws {
        let entry = try #require(CommandTable.entries.first { $0.verb == verb })
        let peer = proxyd.Peer(uid: 1001, pid: 1, program: "test", role: role)
        let reply = try #require(try daemon.replies(to: verb, peer: peer).first)
        let isForbidden = if case .error(.forbidden, _) = reply { true } else { false }
        #expect(isForbidden == (role < entry.role))
    }

    @Test("hello and describe say who we are", arguments: ["hello", "describe"])
    func ownRole(line: String) throws {
        let peer = proxyd.Peer(uid: 1001, pid: 1, program: "test", role: .viewer)
        guard case .ok(let attributes, _) = try daemon.replies(to: line, peer: peer).first else {
            throw Missing("OK")
        }
        #expect(attributes["role"] == "viewer")
    }

    @Test(
        "what is unknown is answered with what there is",
        arguments: [
            ("novel", "no command “novel”; “help” lists them"),
            ("show", "“show” what? There are: show services, show listeners, "),
            ("show novel", "no command “show novel”; there are: show services, "),
            ("kill", "“kill” what? There are: kill session"), ("Hello", "no command “Hello”"),
        ])
    func unknown(line: String, message: String) throws {
        let refusal = try daemon.refusal(line)
        #expect(refusal.code == .unknown)
        #expect(refusal.message.hasPrefix(message), "\(refusal.message)")
    }

    @Test(
        "a refusal is short, however long the request was",
        arguments: [
            "%", "show %", "help %", "show sessions sort %", "show sessions where %",
            "show sessions where id %", "enable %", "enable main/a if-gen=%", "show channels %",
            "disable main/a cut %", "kill session %", "show sessions limit %",
        ])
    func short(line: String) throws {
        let long = String(repeating: "é", count: 30_000)
        let refusal = try daemon.refusal(line.replacing("%", with: long))
        #expect(refusal.message.utf8.count < 2000)
        let marks = "e" + String(repeating: "\u{301}", count: 30_000)
        #expect(try daemon.refusal(line.replacing("%", with: marks)).message.utf8.count < 2000)
    }

    @Test(
        "help shows all commands, a family of them, or one",
        arguments: ["help", "help show", "help show channels", "help kill"])
    func help(line: String) throws {
        guard case .ok(_, let lines) = try daemon.reply(to: line) else { throw Missing("OK") }
        let meant = CommandTable.entries.count { "help \($0.verb)".hasPrefix(line) }
        #expect(lines.count == 2 * meant && meant > 0)
        #expect(try daemon.refusal("help novel").code == .notFound)
    }

    @Test("describe tells what help tells, a row per command")
    func describe() throws {
        let table = try daemon.table("describe").table
        #expect(table.columns == ["verb", "arguments", "mutates", "role", "summary"])
        #expect(table.rows.map { $0[0] } == CommandTable.entries.map(\.verb))
    }

    @Test(
        "tables have the documented columns, in order",
        arguments: [
            (
                "show services",
                "name serial state listeners groups current total in_bytes out_bytes refused"
            ),
            (
                "show listeners",
                "path serial state address when_empty current total in_bytes out_bytes refused"
            ),
            (
                "show tls",
                "path side certificate expires days under_way full resumed failed"
            ),
            (
                "show groups",
                "path serial role balance usable channels current slots total spilled digest elected"
            ),
            (
                "show channels",
                "path serial state since_ms why address weight maxc current total in_bytes out_bytes failed connect_p50_us connect_p99_us retry_ms label by elected probe probe_ms"
            ),
            ("show workers", "index sessions total in_bytes out_bytes turns events pipes resting"),
            ("show limits", "name used limit"),
            (
                "show sessions",
                "id client listener channel phase age_ms idle_ms in_bytes out_bytes worker in_mode out_mode retries in_idle_ms out_idle_ms in_rate_bytes out_rate_bytes last blame stuck channel_port client_rtt_us channel_rtt_us rtt_us client_retrans channel_retrans client_unacked channel_unacked client_unsent_bytes channel_unsent_bytes client_window_pct channel_window_pct"
            ),
            ("enable main", "path field from to"),
        ])
    func columns(line: String, columns: String) throws {
        let table = try daemon.table(line).table
        #expect(table.columns.joined(separator: " ") == columns)
        #expect(table.rows.allSatisfy { $0.count == table.columns.count })
    }

    @Test(
        "show channels shows all of them, or those of a path",
        arguments: [("", 4), ("mail", 4), ("main", 3), ("mail/spare", 1), ("0/1", 1)])
    func channels(path: String, count: Int) throws {
        #expect(try daemon.table("show channels \(path)").table.rows.count == count)
    }

    // MARK: Switching

    @Test("switching tells what changed, raises the generation, and says by whom")
    func turn() throws {
        let (table, attributes) = try daemon.table("disable main/a")
        #expect(table.rows == [["mail/main/a", "state", "up", "off"]])
        #expect(attributes["generation"] == "2")
        #expect(attributes["cut"] == "0")
        #expect(daemon.changes == 1)
        #expect(daemon.topology.channels[0].note(now: .now).by == "0:test[1]")
        #expect(try daemon.table("disable main/a").table.rows.isEmpty)
        #expect(daemon.share.generation == 2)
        #expect(daemon.changes == 1)
        #expect(
            try daemon.table("drain main/a").table.rows == [
                ["mail/main/a", "state", "off", "drain"]
            ])
        #expect(
            try daemon.table("enable main/a").table.rows == [
                ["mail/main/a", "state", "drain", "up"]
            ])
    }

    @Test(
        "on a group or a service a command applies to every channel in it",
        arguments: [("main", 3), ("spare", 1), ("mail", 4), ("mail/main", 3), ("main/1", 1)])
    func scope(path: String, count: Int) throws {
        #expect(try daemon.table("drain \(path)").table.rows.count == count)
        #expect(daemon.topology.channels.count { $0.position == .draining } == count)
    }

    @Test("enable ends a grace time")
    func grace() throws {
        let channel = daemon.topology.channels[0]
        _ = channel.failed(why: "refused", grace: .seconds(60), now: .now)
        #expect(
            try daemon.table("enable main").table.rows == [["mail/main/a", "state", "grace", "up"]])
        #expect(channel.returns(now: .now) == nil)
    }

    @Test("disable cut asks the workers, and tells how many sessions ended")
    func cut() throws {
        daemon.sessions = [
            record(1, worker: 0), record(2, worker: 1), record(3, worker: 1, channel: 3),
        ]
        #expect(try daemon.table("disable main cut").attributes["cut"] == "2")
        // Also when it was off before.
        #expect(try daemon.table("disable main cut").attributes["cut"] == "2")
    }

    @Test("kill ends one session, or says that there is none")
    func kill() throws {
        daemon.sessions = [record(1, worker: 0), record(2, worker: 1)]
        guard case .ok(let attributes, let lines) = try daemon.reply(to: "kill session 2") else {
            throw Missing("OK")
        }
        #expect(attributes["cut"] == "1")
        #expect(lines.isEmpty)
        #expect(try daemon.refusal("kill session 3").code == .notFound)
        #expect(try daemon.refusal("kill session").code == .usage)
        #expect(try daemon.refusal("kill session x").code == .usage)
        #expect(try daemon.refusal("kill session 1 2").code == .usage)
    }

    @Test(
        "what a switch cannot understand changes nothing",
        arguments: [
            ("enable", .usage), ("enable novel", .notFound), ("enable main/a cut", .usage),
            ("drain main/a cut", .usage), ("disable main/a novel", .usage),
            ("disable main/a cut novel", .usage), ("disable main if-gen=", .usage),
            ("disable main if-gen=x", .usage), ("disable main if-gen=-1", .usage),
            ("disable main if-gen=2", .conflict), ("disable if-gen=2 main", .conflict),
            ("disable main cut if-gen=0", .conflict), ("kill session 1 if-gen=7", .conflict),
            ("show channels novel", .notFound), ("show channels main main", .usage),
            ("show limits 1", .usage),
        ] as [(String, Reply.ErrorCode)])
    func mistakes(line: String, code: Reply.ErrorCode) throws {
        #expect(try daemon.refusal(line).code == code)
        #expect(daemon.topology.channels.allSatisfy { $0.position == .on })
        #expect(daemon.share.generation == 1)
        #expect(daemon.changes == 0)
    }

    @Test(
        "if-gen lets a command through while nothing has changed, wherever it stands",
        arguments: [
            "disable main/a if-gen=1", "disable if-gen=1 main/a", "disable main/a cut if-gen=1",
        ])
    func ifGen(line: String) throws {
        #expect(try daemon.table(line).table.rows.count == 1)
        #expect(try daemon.refusal(line).code == .conflict)
    }

    // MARK: Sessions

    private func record(_ id: UInt64, worker: Int, channel: Int = 0) -> SessionRecord {
        var record = SessionRecord.sample(
            id, of: daemon.topology.listeners[0], channel: daemon.topology.channels[channel],
            worker: worker)
        record.age = id * 1_000_000
        return record
    }

    @Test(
        "sessions are gathered in slices from every worker, each once",
        arguments: [0, 1, 255, 256, 257, 1000])
    func gather(count: Int) throws {
        daemon.sessions =
            (0..<count).map { record(UInt64($0), worker: 0) } + [record(5000, worker: 1)]
        let (table, attributes) = try daemon.table("show sessions sort -id limit 3")
        #expect(attributes["total"] == String(count + 1))
        #expect(attributes["matched"] == String(count + 1))
        #expect(table.rows.first?[0] == "5000")
        #expect(table.rows.count == min(3, count + 1))
        let all = try daemon.table("show sessions").table
        #expect(Set(all.rows.map { $0[0] }).count == count + 1)
    }

    @Test("limits tell what is used of what")
    func limits() throws {
        let rows = try daemon.table("show limits").table.rows
        #expect(
            rows.map { $0[0] } == [
                "sessions", "descriptors", "pipes", "cpu_ms", "workers", "control-clients",
                "control-request-bytes", "control-reply-bytes", "control-unsent-bytes",
                "control-forbidden", "control-busy", "control-slow", "control-idle",
                "events", "events_bytes", "history_series", "history_bytes", "history_left_out",
                "access_log_lines", "access_log_lost", "error_log_lines", "error_log_lost",
            ])
        #expect(rows[0] == ["sessions", "0", "400"])
        #expect(rows[4] == ["workers", "2", "2"])
        #expect(rows[5] == ["control-clients", "0", "64"])
        daemon.controlUsage.count(.forbidden)
        #expect(try daemon.table("show limits").table.rows[9] == ["control-forbidden", "1", "-"])
    }
}

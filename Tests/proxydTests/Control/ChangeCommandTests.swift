import Shared
import Testing

@testable import proxyd

@Suite("Changing the topology over the control socket", .timeLimit(.untilHung))
struct ChangeCommandTests {
    private let daemon: FakeDaemon

    private static let file = """
        services:
          - name: mail
            listen: ["127.0.0.1:0"]
            groups:
              - name: main
                channels: [{address: "127.0.0.1:1", maxc: 10}, {address: "127.0.0.1:2", maxc: 20}]
              - {name: spare, channels: ["127.0.0.1:3"]}
        """

    init() throws { daemon = try .running(Self.file) }

    private func rows(_ line: String) throws -> [String] {
        try daemon.table(line).table.rows.map { $0.joined(separator: " ") }
    }

    private func attribute(_ name: String, of line: String) throws -> String? {
        guard case .ok(let attributes, _) = try daemon.reply(to: line) else { throw Missing("OK") }
        return attributes.first { $0.name == name }?.value
    }

    private func channel(_ path: String) throws -> Channel {
        try #require(PathResolver(topology: daemon.topology).channels(at: path)?.first)
    }

    // MARK: Alone

    @Test("a changed channel is the same channel")
    func sameChannel() throws {
        let before = try channel("main/0")
        #expect(before.reserve(now: .now))
        let generation = daemon.share.generation
        #expect(try rows("set main/0 maxc 1") == ["mail/main/0 maxc 10 1"])
        #expect(daemon.share.generation > generation)
        #expect(try channel("main/0") === before)
        #expect(!before.reserve(now: .now))
        #expect(before.state(now: .now) == .full)
        #expect(try rows("set main/0 maxc default") == ["mail/main/0 maxc 1 -"])
        #expect(before.reserve(now: .now))
    }

    @Test("what changes nothing says so, and raises no generation")
    func nothing() throws {
        let generation = daemon.share.generation
        #expect(try rows("set main/0 maxc 10").isEmpty)
        #expect(daemon.share.generation == generation)
    }

    @Test("a created channel takes sessions, unless it was told not to")
    func created() throws {
        #expect(
            try rows("create main 127.0.0.1:4 name=new")
                == ["mail/main/new channel - 127.0.0.1:4 name=new"])
        #expect(try channel("main/new").isUsable(now: .now))
        _ = try rows("create main 127.0.0.1:5 enabled=false")
        #expect(try channel("main/3").state(now: .now) == .off)
    }

    @Test("a removed channel gets no session, and those that it has go on")
    func removed() throws {
        let gone = try channel("main/1")
        #expect(gone.reserve(now: .now))
        _ = try rows("remove main/1")
        #expect(!gone.isUsable(now: .now))
        #expect(gone.current == 1)
        let group = daemon.topology.groups[0]
        for _ in 0..<3 { #expect(group.choose(excluding: [], now: .now)?.name == "0") }
        #expect(try daemon.refusal("enable main/1").code == .notFound)
        // A later one does not take its serial.
        _ = try rows("create main 127.0.0.1:2")
        #expect(try channel("main/1").serial > gone.serial)
    }

    @Test("remove … cut ends the sessions of what goes")
    func cut() throws {
        let gone = try channel("main/1")
        _ = try daemon.reply(to: "remove main/1 cut")
        let cut = daemon.commands.compactMap { command -> Set<UInt64>? in
            if case .cutChannels(let serials, _) = command { serials } else { nil }
        }
        #expect(cut == [[gone.serial], [gone.serial]], "each worker is told once")
    }

    @Test("at another address a channel is another place, whose past does not count")
    func address() throws {
        let moved = try channel("main/0")
        _ = moved.failed(why: "refused", grace: .seconds(60), now: .now)
        #expect(moved.state(now: .now) == .grace)
        _ = try rows("set main/0 address 127.0.0.1:9")
        #expect(moved.state(now: .now) == .up)
        #expect(moved.firstAddress == .local(9))
    }

    @Test("a name is looked up before the change, and one that leads nowhere changes nothing")
    func names() throws {
        let name = Endpoint.name("db", port: 5)
        let refusal = try daemon.refusal("create main db:5")
        #expect(refusal.code == .invalid)
        #expect(refusal.message.hasPrefix("“db:5” does not resolve: no such name"))
        daemon.names[name] = [.local(55)]
        _ = try rows("create main db:5")
        #expect(try channel("main/2").firstAddress == .local(55))
        // The same name again is looked up again, as it may have moved.
        _ = try rows("create main db:5 name=again")
        #expect(try channel("main/again").firstAddress == .local(55))
    }

    @Test("changes wait for one that looks up a name, and are made in their order")
    func order() throws {
        daemon.names[.name("db", port: 5)] = [.local(55)]
        daemon.isSlow = true
        #expect(try daemon.replies(to: "create main db:5 name=x").isEmpty)
        #expect(try daemon.replies(to: "set main/x weight 7").isEmpty)
        daemon.answerAll()
        #expect(try channel("main/x").weight == 7)
    }

    @Test("a taken port changes nothing")
    func takenPort() throws {
        let other = try FakeDaemon.running(Self.file)
        let taken = other.topology.listeners[0].endpoint
        let refusal = try daemon.refusal("create listener mail \(taken)")
        #expect(refusal.code == .invalid)
        #expect(refusal.message.contains("cannot listen on \(taken)"))
        #expect(daemon.topology.listeners.count == 1)
        #expect(daemon.configuration.services[0].listeners.count == 1)
    }

    @Test("if-gen holds a change back when something else has changed")
    func generation() throws {
        let seen = daemon.share.generation
        _ = try rows("set main/0 weight 2 if-gen=\(seen)")
        #expect(try daemon.refusal("set main/0 weight 3 if-gen=\(seen)").code == .conflict)
        #expect(try channel("main/0").weight == 2)
    }

    @Test("primary can be entered and left while sessions run")
    func primary() throws {
        _ = try rows("set main balance primary")
        let group = daemon.topology.groups[0]
        #expect(group.primaryState != nil)
        #expect(group.choose(excluding: [], now: .now) == nil, "nobody is elected yet")
        #expect(daemon.elections.groups.count == 1)
        _ = try rows("set main balance round-robin")
        #expect(group.primaryState == nil)
        #expect(group.choose(excluding: [], now: .now) != nil)
        #expect(daemon.elections.groups.isEmpty)
    }

    // MARK: Together

    @Test("a transaction is made as a whole, or not at all")
    func transaction() throws {
        #expect(try attribute("pending", of: "begin") == "0")
        #expect(try attribute("pending", of: "create main 127.0.0.1:7 name=x") == "1")
        #expect(try attribute("pending", of: "set main/x weight 4") == "2")
        #expect(try attribute("pending", of: "drain main/x") == "3")
        #expect(daemon.topology.channels.count == 3)
        #expect(
            try rows("commit") == [
                "mail/main/x channel - 127.0.0.1:7 name=x weight=4", "mail/main/x state up drain",
            ])
        #expect(try channel("main/x").state(now: .now) == .drain)
        #expect(try daemon.refusal("commit").code == .conflict)
    }

    @Test("a line that cannot be is refused at once, and the transaction goes on without it")
    func badLine() throws {
        _ = try daemon.reply(to: "begin")
        #expect(try daemon.refusal("set main/9 weight 4").code == .notFound)
        #expect(try daemon.refusal("kill session 3").code == .conflict)
        #expect(try daemon.refusal("begin").code == .conflict)
        #expect(try attribute("pending", of: "set main/0 weight 4") == "1")
        #expect(try attribute("dropped", of: "abort") == "1")
        #expect(try channel("main/0").weight == 1)
    }

    @Test("a transaction that ends in nonsense changes nothing, and stays open to be mended")
    func nonsense() throws {
        _ = try daemon.reply(to: "begin")
        _ = try daemon.reply(to: "create group mail/last")
        #expect(try daemon.refusal("plan commit").message.contains("the group is empty"))
        #expect(try daemon.refusal("commit").message.contains("the group is empty"))
        #expect(daemon.topology.groups.count == 2)
        _ = try daemon.reply(to: "create mail/last 127.0.0.1:8")
        #expect(try rows("commit").count == 2)
    }

    @Test("a change that is not confirmed in time undoes itself")
    func unconfirmed() throws {
        _ = try daemon.reply(to: "begin")
        _ = try daemon.reply(to: "remove spare")
        _ = try daemon.reply(to: "commit confirm 60s")
        #expect(daemon.topology.groups.count == 1)
        #expect(try daemon.refusal("set main/0 weight 3").code == .conflict)
        let due = try #require(daemon.live.nextDeadline)
        daemon.live.meetDeadlines(now: Instant(nanoseconds: due.nanoseconds - 1))
        #expect(daemon.topology.groups.count == 1)
        daemon.live.meetDeadlines(now: due)
        #expect(daemon.topology.groups.map(\.name) == ["main", "spare"])
        #expect(daemon.live.nextDeadline == nil)
        #expect(try daemon.refusal("confirm").code == .conflict)
    }

    @Test("a confirmed change stays, and one that is rolled back goes at once")
    func confirmed() throws {
        for (word, groups) in [("confirm", 1), ("rollback", 1)] {
            _ = try daemon.reply(to: "begin")
            _ = try daemon.reply(to: word == "confirm" ? "remove spare" : "set main/0 weight 9")
            _ = try daemon.reply(to: "commit confirm 60s")
            _ = try daemon.reply(to: word)
            #expect(daemon.topology.groups.count == groups)
            #expect(daemon.live.nextDeadline == nil)
        }
        #expect(try channel("main/0").weight == 1)
    }

    @Test("what is confirmed while its undoing waits for a name is not undone")
    func confirmedMeanwhile() throws {
        let daemon = try FakeDaemon.running(
            """
            services:
            - name: mail
              listen: ["127.0.0.1:0"]
              groups:
              - { name: main, channels: ["127.0.0.1:9"] }
              - { name: spare, channels: ["localhost:9"] }
            """)
        let name = try Endpoint("localhost:9")
        daemon.names[name] = [try Endpoint("127.0.0.1:9")]
        for line in ["begin", "remove spare", "commit confirm 60s"] {
            _ = try daemon.reply(to: line)
        }
        daemon.isSlow = true
        #expect(try daemon.replies(to: "rollback").isEmpty)
        _ = try daemon.reply(to: "confirm")
        // Another change waits behind the name.
        #expect(try daemon.replies(to: "set main/0 weight 3").isEmpty)
        daemon.answerAll()
        #expect(daemon.topology.groups.map(\.name) == ["main"])
        #expect(daemon.topology.groups.first?.channels.first?.weight == 3)
    }

    // MARK: What is taken away

    /// A session on the first channel of `main`, and one on `spare`, each through the only listener.
    private func withSessions(_ onRemove: String) throws -> FakeDaemon {
        let text = Self.file.replacing(
            "    groups:", with: "    on-remove: \(onRemove)\n    groups:")
        let daemon = try FakeDaemon.running(text)
        let listener = try #require(daemon.topology.listeners.first)
        for (id, path) in [(1, "main/0"), (2, "spare/0")] {
            let channel = try #require(
                PathResolver(topology: daemon.topology).channels(at: path)?.first)
            #expect(channel.reserve(now: .now))
            #expect(listener.acquireSlot())
            daemon.sessions.append(.sample(UInt64(id), of: listener, channel: channel))
        }
        return daemon
    }

    @Test(
        "sessions of what is taken away are kept, cut, or cut later, as their service says",
        arguments: [
            ("keep", "remove spare", "0", 0), ("cut", "remove spare", "1", 0),
            ("drain 30s", "remove spare", "0", 1), ("keep", "remove spare cut", "1", 0),
            ("drain 30s", "remove spare cut", "1", 0), ("cut", "remove main/1", "0", 0),
            ("drain 30s", "remove main/1", "0", 1),
        ])
    func onRemove(policy: String, line: String, cut: String, drained: Int) throws {
        let daemon = try withSessions(policy)
        guard case .ok(let attributes, _) = try daemon.reply(to: line) else { throw Missing("OK") }
        #expect(attributes.first { $0.name == "cut" }?.value == cut)
        #expect(daemon.drained.count == drained)
        #expect(daemon.drained.allSatisfy { $0.time == .seconds(30) })
        #expect(daemon.drained.flatMap { $0.removal.channels }.count == drained)
    }

    @Test("a listener that goes takes its sessions along, one that only changes keeps them")
    func listenerRemoved() throws {
        let daemon = try withSessions("cut")
        func cut(_ line: String) throws -> String? {
            guard case .ok(let attributes, _) = try daemon.reply(to: line) else {
                throw Missing("OK to \(line)")
            }
            return attributes.first { $0.name == "cut" }?.value
        }
        #expect(try cut("create listener mail 127.0.0.1:0 name=other") == "0")
        #expect(try cut("set listener mail/0 backlog 9") == "0")
        let plan = try daemon.table("plan remove listener mail/other").table.rows
        #expect(!plan.contains { $0.contains("sessions_cut") })
        let listener = try #require(daemon.topology.listeners.first { $0.name == "other" })
        #expect(listener.acquireSlot())
        daemon.sessions.append(.sample(9, of: listener))
        let rows = try daemon.table("plan remove listener mail/other").table.rows
        #expect(rows.contains(["daemon", "sessions_cut", "1", "0"]))
        #expect(try cut("remove listener mail/other") == "1")
    }

    @Test("who has removed a listener is told when every worker has let its port go")
    func portIsFree() throws {
        _ = try daemon.reply(to: "create listener mail 127.0.0.1:0 name=other")
        func answered() -> [Set<UInt64>] {
            daemon.commands.compactMap {
                if case .cutRemoved(let serials, _) = $0 { serials } else { nil }
            }
        }
        #expect(answered() == [])
        _ = try daemon.reply(to: "remove listener mail/other")
        #expect(answered() == [[], []], "each worker has answered, and ended nobody's session")
    }

    @Test("a service that goes takes its own policy along, and a plan says what will be cut")
    func serviceRemoved() throws {
        let daemon = try withSessions("cut")
        _ = try daemon.reply(to: "create service web listen=127.0.0.1:0 127.0.0.1:5")
        let rows = try daemon.table("plan remove mail").table.rows
        #expect(rows.contains(["daemon", "sessions_cut", "2", "0"]))
        guard case .ok(let attributes, _) = try daemon.reply(to: "remove mail") else {
            throw Missing("OK")
        }
        #expect(attributes.first { $0.name == "cut" }?.value == "2")
    }

    // MARK: Plans

    @Test(
        "a plan tells what would come of it, and does nothing",
        arguments: [
            (
                "plan disable main/0",
                [
                    "mail/main/0 state up off", "mail/main usable 2 1", "mail/main slots 30 20",
                    "daemon sessions_kept 0 0",
                ]
            ),
            (
                "plan disable main cut",
                [
                    "mail/main/0 state up off", "mail/main/1 state up off", "mail/main usable 2 0",
                    "mail/main slots 30 0", "mail takes_sessions mail/main mail/spare",
                    "daemon sessions_cut 0 0",
                ]
            ),
            (
                "plan set main/0 maxc 50",
                ["mail/main/0 maxc 10 50", "mail/main usable 2 2", "mail/main slots 30 70"]
            ),
            (
                "plan create main 127.0.0.1:8 maxc=5",
                [
                    "mail/main/2 channel - 127.0.0.1:8 maxc=5", "mail/main usable 2 3",
                    "mail/main slots 30 35",
                ]
            ),
            (
                "plan remove spare",
                [
                    "mail/spare group 127.0.0.1:3 -", "mail/spare usable 1 0",
                    "mail/spare slots - 0",
                    "daemon sessions_kept 0 0",
                ]
            ),
            ("plan set main balance hash", ["mail/main balance round-robin hash"]),
            ("plan shutdown", ["daemon sessions_cut 0 0"]),
            ("plan reload", []),
            ("plan begin", []),
        ])
    func plan(line: String, expected: [String]) throws {
        let generation = daemon.share.generation
        let found = try rows(line).filter { !$0.contains("usable 2 2") || line.contains("maxc 50") }
        #expect(found.filter { !$0.contains("slots 30 30") } == expected)
        #expect(daemon.share.generation == generation)
        #expect(daemon.configuration == (try ConfigurationFile.parse(Self.file, name: "f")))
    }

    @Test("a plan counts the sessions that would be cut, and nobody else’s")
    func cutCount() throws {
        for path in ["main/0", "main/1", "main/1", "spare/0", "spare/0", "spare/0"] {
            #expect(try channel(path).reserve(now: .now))
        }
        _ = try rows("disable spare")
        _ = try rows("disable main/1")
        #expect(try rows("plan disable main/0 cut").last == "daemon sessions_cut 1 0")
        #expect(try rows("plan disable main/1 cut").last == "daemon sessions_cut 2 0")
        #expect(try rows("plan remove spare cut").last == "daemon sessions_cut 3 0")
        _ = try daemon.reply(to: "begin")
        _ = try daemon.reply(to: "disable main/0")
        _ = try daemon.reply(to: "remove spare")
        #expect(
            try rows("plan commit cut").suffix(2)
                == ["daemon sessions_cut 3 0", "daemon sessions_kept 1 1"])
    }

    @Test("every command that changes something has a plan")
    func everyPlan() throws {
        for entry in CommandTable.entries where entry.mutates {
            #expect(entry.plan != nil, "\(entry.verb)")
        }
        #expect(try daemon.refusal("plan show channels").code == .usage)
        #expect(try daemon.refusal("plan").code == .usage)
        #expect(try daemon.refusal("plan nonsense").code == .usage)
    }

    @Test("how many clients move is said where each has its own channel")
    func moved() throws {
        _ = try rows("set main balance sticky")
        let line = try #require(try rows("plan disable main/0").first { $0.contains("moved") })
        let percent = try #require(line.split(separator: " ").last.flatMap { Int($0) })
        #expect((45...55).contains(percent), "\(line)")
    }

    // MARK: The file

    @Test("diff, save and reload agree about the file")
    func file() throws {
        #expect(try rows("diff").isEmpty)
        _ = try rows("set main/0 weight 6")
        _ = try rows("remove main/1")
        #expect(
            try rows("diff") == [
                "mail/main/1 channel 127.0.0.1:2 maxc=20 -", "mail/main/0 weight 1 6",
            ])
        #expect(
            try rows("reload") == [
                "mail/main/0 weight 6 1", "mail/main/1 channel - 127.0.0.1:2 maxc=20",
            ])
        #expect(try rows("diff").isEmpty)
        #expect(daemon.configuration == (try ConfigurationFile.parse(Self.file, name: "f")))
    }

    @Test("a bad file changes nothing and says why")
    func badFile() throws {
        daemon.fileContents = "services: [{listen: [x], channels: [y]}]"
        let refusal = try daemon.refusal("reload")
        #expect(refusal.code == .invalid)
        #expect(refusal.message.hasPrefix("test.yaml:1:"))
        #expect(refusal.message.hasSuffix("(and 1 more)"))
        #expect(daemon.topology.channels.count == 3)
        daemon.file = nil
        #expect(try daemon.refusal("reload").message.contains("without a file"))
        #expect(try daemon.refusal("save").message.contains("without a file"))
    }

    @Test("what takes a restart is named and left as it is")
    func restart() throws {
        daemon.fileContents =
            "workers: 3\ncontrol: {environment: PROD}\nprivileges: {user: root}\n" + Self.file
        #expect(
            try attribute("restart", of: "reload") == "control.environment,privileges.user,workers")
        #expect(daemon.configuration.workers == nil)
    }

    @Test("show config is a file that says the same")
    func showConfig() throws {
        _ = try rows("set main/0 weight 6")
        guard case .ok(_, let lines) = try daemon.reply(to: "show config") else {
            throw Missing("OK")
        }
        let text = lines.joined(separator: "\n")
        #expect(try ConfigurationFile.parse(text, name: "f") == daemon.configuration)
    }

    @Test("viewers and operators cannot change the topology")
    func roles() throws {
        let peer = proxyd.Peer(uid: 12345, pid: 1, program: "x", role: .operator)
        for line in ["set main/0 weight 2", "remove main", "reload", "shutdown", "begin\ncommit"] {
            let first = line.split(separator: "\n").map(String.init).last ?? ""
            guard case .error(let code, _) = try daemon.replies(to: first, peer: peer)[0] else {
                throw Missing("ERR for \(first)")
            }
            #expect(code == .forbidden)
        }
    }
}

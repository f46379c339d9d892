import Shared
import Testing

@testable import proxyd

@Suite("Events on the control socket", .timeLimit(.untilHung))
struct EventCommandTests {
    private func tell(_ daemon: FakeDaemon, _ count: Int, _ severity: Event.Severity = .info) {
        for _ in 0..<count {
            let number = daemon.events.last + 1
            daemon.emit(Event(severity, .state, of: .daemon, line: "line \(number)"))
        }
    }

    private func ids(_ reply: Reply?) -> [UInt64] {
        guard case .ok(_, let lines)? = reply, let table = Table(lines: lines) else { return [] }
        return EventSnapshot.all(in: table).map(\.id)
    }

    @Test(
        "show events tells the latest, or reads on",
        arguments: [
            ("show events", [1, 2, 3, 4, 5], "0"), ("show events limit 2", [4, 5], "0"),
            ("show events since 3", [4, 5], "0"), ("show events since 1 limit 2", [2, 3], "0"),
            ("show events since 9", [], "0"),
            ("show events where severity = error", [3], "0"),
            ("show events since 1 where id >= 3 limit 1", [3], "0"),
        ] as [(String, [UInt64], String)])
    func show(line: String, expected: [UInt64], gap: String) throws {
        let daemon = try FakeDaemon.make()
        tell(daemon, 2)
        tell(daemon, 1, .error)
        tell(daemon, 2)
        let (table, attributes) = try daemon.table(line)
        #expect(EventSnapshot.all(in: table).map(\.id) == expected)
        #expect(attributes["last"] == "5")
        #expect(attributes["gap"] == gap)
        #expect(
            table.columns.starts(with: [
                "id", "time_ms", "mono_ms", "severity", "subject", "kind", "from", "to", "cause",
                "actor",
            ]))
    }

    @Test("who reads on behind what has gone learns how much that was")
    func gap() throws {
        let daemon = try FakeDaemon.make()
        tell(daemon, EventRing.standardCapacity + 10)
        #expect(try daemon.table("show events since 4").attributes["gap"] == "6")
        #expect(try daemon.table("show events since 10").attributes["gap"] == "0")
        #expect(try daemon.table("show events").attributes["gap"] == "0")
    }

    @Test(
        "what is not understood is refused",
        arguments: [
            "show events since", "show events since x", "show events limit", "show events limit -1",
            "show events now", "show events where", "show events where colour = red",
            "show events where id", "events",
        ])
    func refused(line: String) throws {
        #expect([.usage, .unknown].contains(try FakeDaemon.make().refusal(line).code))
    }

    @Test("every change by a peer is an event with its actor, and says what the log says")
    func actors() throws {
        let daemon = try FakeDaemon.make()
        for line in [
            "disable main/a", "show services", "enable mail", "shed mail 1",
        ] { #expect(try daemon.replies(to: line).count == 1) }
        let events = daemon.events.entries(since: 0).entries.map(\.event)
        #expect(events.map(\.kind) == [.state, .state])
        #expect(events.allSatisfy { $0.actor == Actor(uid: 0, pid: 1, program: "test") })
        #expect(events[0].subject == .channel(daemon.topology.channels[0]))
        #expect((events[0].from, events[0].to) == ("up", "off"))
        #expect(events[0].line.hasSuffix("up → off: by 0:test[1]"))
    }

    @Test("a follower is told where it begins, then what happens, until the next line comes")
    func follow() throws {
        let stand = try ConnectionStand()
        tell(stand.daemon, 3)
        let first = try stand.replies(to: "events follow\n")
        #expect(first.map(ids) == [[]])
        tell(stand.daemon, 2)
        stand.connection.continueFollow()
        #expect(try stand.replies().map(ids) == [[4, 5]])
        stand.connection.continueFollow()
        #expect(try stand.replies().isEmpty)
        #expect(try stand.replies(to: "show services\n").count == 1)
        tell(stand.daemon, 1)
        stand.connection.continueFollow()
        #expect(try stand.replies().isEmpty)
    }

    @Test("a follower may begin in the past and choose")
    func chosen() throws {
        let stand = try ConnectionStand()
        tell(stand.daemon, 200)
        tell(stand.daemon, 1, .error)
        let replies = try stand.replies(
            to: "events follow since 5 where severity = error or id = 7\n")
        #expect(replies.flatMap(ids) == [7])
        stand.connection.continueFollow()
        #expect(try stand.replies().flatMap(ids) == [201])
        tell(stand.daemon, 500)
        tell(stand.daemon, 1, .error)
        stand.connection.continueFollow()
        #expect(try stand.replies().map(ids) == [[702]])
    }

    @Test(
        "a follower gets one reply per turn, however much has happened, and the next turn comes at once"
    )
    func turns() throws {
        let stand = try ConnectionStand()
        tell(stand.daemon, 1000)
        _ = try stand.replies(to: "events follow since 0\n")
        for turn in 1..<16 {
            #expect(try #require(stand.connection.nextDue) <= .now)
            stand.connection.continueFollow()
            let rows = try stand.replies().flatMap(ids)
            #expect(rows.count == min(EventFollow.mostAtOnce, 1000 - 64 * turn))
        }
        stand.connection.continueFollow()
        #expect(try stand.replies().isEmpty)
        #expect(stand.connection.nextDue == nil)
    }

    @Test("a follower that does not read costs no memory, and learns what it has missed")
    func slow() throws {
        let stand = try ConnectionStand()
        _ = try stand.replies(to: "events follow\n")
        let long = String(repeating: "x", count: 200)
        // Until the socket takes no more, and then far beyond what is kept.
        for _ in 0..<3 * EventRing.standardCapacity {
            stand.daemon.emit(Event(.info, .state, of: .daemon, because: long, line: long))
            stand.connection.continueFollow()
        }
        #expect(stand.connection.interest.contains(.writable))
        var rows: [EventSnapshot] = []
        while rows.last?.id != stand.daemon.events.last {
            for case .ok(_, let lines) in try stand.replies() {
                let table = try #require(Table(lines: lines))
                rows += EventSnapshot.all(in: table)
            }
            stand.serve()
            stand.connection.continueFollow()
        }
        let gaps = rows.filter { $0.kind == "gap" }
        #expect(gaps.count == 1)
        var expected: UInt64 = 1
        for row in rows {
            if row.kind == "gap" {
                #expect(row.from == String(expected))
                #expect(row.to == String(row.id))
            } else {
                #expect(row.id == expected)
            }
            expected = row.id + 1
        }
    }

    @Test("follow takes no limit, and ends with its connection")
    func ends() throws {
        let stand = try ConnectionStand()
        let refused = try stand.replies(to: "events follow limit 3\nevents follow\n")
        #expect(refused.count == 2)
        stand.client.endWrites()
        stand.serve()
        #expect(stand.connection.isFinished)
    }
}

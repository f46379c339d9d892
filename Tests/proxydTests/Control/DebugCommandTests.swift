import Shared
import Testing

@testable import proxyd

@Suite("debug")
struct DebugCommandTests {
    private let daemon: FakeDaemon

    init() throws {
        daemon = try FakeDaemon.make()
        let listener = try #require(daemon.topology.listeners.first)
        daemon.sessions = [
            .sample(4, of: listener), .sample(5, of: listener, worker: 1),
        ]
    }

    private func attribute(_ name: String, _ line: String) throws -> String? {
        guard case .ok(let attributes, _) = try daemon.reply(to: line) else { return nil }
        return attributes[name]
    }

    @Test("a session, an address, a network; and nothing again")
    func filters() throws {
        #expect(try attribute("sessions", "debug session 5") == "1")
        #expect(try attribute("sessions", "debug client 127.0.0.0/8 for 1m") == "2")
        #expect(try attribute("sessions", "debug client ::1") == "2")
        #expect(
            daemon.debugged.all.map(\.text) == [
                "session 5", "client 127.0.0.0/8", "client ::1",
            ])
        let table = try daemon.table("show debug").table
        #expect(table.rows.map { $0[0] } == ["session", "client", "client"])
        #expect(table.rows[1][1] == "127.0.0.0/8")
        #expect(table.rows[1][3] == "0:test[1]")
        #expect(try attribute("ended", "debug off") == "3")
        #expect(daemon.debugged.all.isEmpty)
    }

    @Test("asked for again it goes on for longer, and takes no second place")
    func again() throws {
        _ = try daemon.reply(to: "debug session 5 for 1s")
        _ = try daemon.reply(to: "debug session 5 for 1h")
        #expect(daemon.debugged.all.count == 1)
        var filters = daemon.debugged
        let early = filters.expire(now: Instant.now.advanced(by: .seconds(60)))
        #expect(early.isEmpty)
        let late = filters.expire(now: Instant.now.advanced(by: .seconds(3700)))
        #expect(late.count == 1)
        #expect(filters.traced.isEmpty)
    }

    @Test("there are so many and no more")
    func full() throws {
        for number in 0..<DebugFilters.most {
            #expect(try attribute("sessions", "debug client 10.0.0.\(number)") != nil)
        }
        #expect(try daemon.refusal("debug client 10.0.1.0/24").code == .busy)
        #expect(try attribute("sessions", "debug client 10.0.0.1") != nil)
    }

    @Test(
        "what is neither a session nor a client nor a time is refused",
        arguments: [
            ("debug session", Reply.ErrorCode.usage), ("debug session x", .usage),
            ("debug session 99", .notFound), ("debug client", .usage),
            ("debug client example.org", .usage), ("debug client 10.0.0.0/33", .usage),
            ("debug client 10.0.0.1 for", .usage), ("debug client 10.0.0.1 for 2d", .usage),
            ("debug client 10.0.0.1 or 1m", .usage), ("debug off now", .usage),
            ("show debug x", .usage), ("log reopen x", .usage),
        ])
    func refused(line: String, code: Reply.ErrorCode) throws {
        #expect(try daemon.refusal(line).code == code)
        #expect(daemon.debugged.all.isEmpty)
    }

    @Test("log reopen tells how many files there are, or what went wrong")
    func reopen() throws {
        daemon.reopened = (2, nil)
        #expect(try attribute("reopened", "log reopen") == "2")
        daemon.reopened = (1, "cannot open /l: no")
        let refusal = try daemon.refusal("log reopen")
        #expect(refusal.code == .invalid)
        #expect(refusal.message == "cannot open /l: no; lines go into the old file")
    }
}

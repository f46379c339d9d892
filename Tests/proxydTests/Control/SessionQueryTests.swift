import Shared
import Testing

@testable import proxyd

@Suite("Which sessions are asked for")
struct SessionQueryTests {
    private let daemon: FakeDaemon

    /// By id: client, age and bytes of their own, on two workers.
    init() throws {
        daemon = try FakeDaemon(
            Blueprint.topology([("mail", [("0", ["0", "1"])])]))
        let channels = daemon.topology.channels
        let sessions =
            [
                (1, "10.0.0.9:5", channels[0], 900, 70, 0),
                (2, "10.0.0.10:5", nil, 50, 1_000_000, 0),
                (10, "10.0.0.1:5", channels[1], 31_000, 5, 0),
                (9, "192.0.2.1:5", channels[0], 40_000, 80_000, 1),
            ] as [(UInt64, String, Channel?, UInt64, UInt64, Int)]
        daemon.sessions = sessions.map { id, client, channel, age, bytes, worker in
            var record = SessionRecord.sample(
                id, of: daemon.topology.listeners[0], channel: channel, worker: worker)
            if let client = try? Endpoint(client) { record.client = client }
            record.age = age * 1_000_000
            record.inward.idle = age * 1_000_000
            record.outward.idle = age * 1_000_000
            record.inward.byteCount = bytes
            return record
        }
        var slow = TCPInfo()
        slow.rtt = 90_000
        slow.retransmitted = 3
        daemon.legs[9] = ConnectionInfo(client: slow, channel: TCPInfo(), channelPort: 4711)
    }

    private func select(_ line: String) throws -> (ids: String, matched: Int) {
        let (table, attributes) = try daemon.table("show sessions " + line)
        let ids = table.rows.map { $0[0] }.joined(separator: " ")
        return (ids, attributes["matched"].flatMap { Int($0) } ?? -1)
    }

    @Test(
        "filtered, sorted, and cut to a window",
        arguments: [
            ("", "1 2 10 9", 4), ("where id = 9", "9", 1), ("where idle_ms > 30s", "10 9", 2),
            ("where in_bytes >= 1M", "2", 1), ("where client ~ 10.0.", "1 2 10", 3),
            ("where channel = mail/0/0 and age_ms > 1s", "9", 1),
            ("where channel = mail/0/1 or id = 2", "2 10", 2), ("where channel = -", "2", 1),
            ("where not phase = relay", "", 0), ("sort id", "1 2 9 10", 4),
            ("sort -id", "10 9 2 1", 4), ("sort client", "10 1 2 9", 4),
            ("sort -age_ms", "9 10 1 2", 4), ("limit 2", "1 2", 4), ("offset 3", "9", 4),
            ("sort -id limit 1 offset 1", "9", 4), ("offset 9", "", 4), ("limit 0", "", 4),
            ("where id > 1 sort id limit 2", "2 9", 3), ("limit 1 where id > 1", "2", 3),
            ("where client = sort sort id", "", 0), ("where client ~ 10.0.0.8/31", "1", 1),
            ("where client ~ 10.0.0.0/8 and age > 10s", "10", 1),
            ("where idle > 30s sort age", "10 9", 2), ("where in >= 1M", "2", 1),
            ("where in > 60KiB sort -in limit 1", "2", 2), ("sort channel", "1 9 10 2", 4),
            ("sort -channel", "10 1 9 2", 4), ("where rtt > 5ms", "", 0),
            ("where last = - limit 1", "1", 4),
        ])
    func select(line: String, ids: String, matched: Int) throws {
        let selection = try select(line)
        #expect(selection.ids == ids)
        #expect(selection.matched == matched)
    }

    @Test(
        "a mistake says what was expected",
        arguments: [
            ("novel", "is not expected here"), ("where", "the condition is empty"),
            ("where novel = 1", "no field “novel”"), ("where id", "followed by nothing"),
            ("where id =", "a value belongs there"), ("where age_ms > soon", "is not a duration"),
            ("where (id = 1", "not closed"), ("sort", "by which field?"),
            ("sort novel", "no field “novel”; there are: id client"), ("sort -", "no field “”"),
            ("where idle > 30", "“30” for “idle” has no unit; write 30s"),
            ("where id = 1 where id = 2", "is unexpected"), ("preview", "is not expected here"),
            ("limit", "limit takes a number"), ("limit -1", "limit takes a number"),
            ("limit x", "limit takes a number"), ("offset 1.5", "offset takes a number"),
            ("limit 99999999999999999999", "limit takes a number"),
        ])
    func mistakes(line: String, message: String) throws {
        let words = try Request(line: Array(line.utf8)).words
        let mistake = #expect(throws: SessionQuery.ParseError.self) {
            try SessionQuery(words: words)
        }
        #expect(mistake?.message.contains(message) == true, "\(mistake?.message ?? "")")
    }

    @Test(
        "the kernel is asked about the window only, unless it decides what is in it",
        arguments: [
            ("sort -age limit 1", true), ("where age > 1s sort -age limit 1", true),
            ("where client_retrans > 2 limit 1", false), ("sort rtt limit 1", false),
            ("where not blame = idle limit 1", false), ("", false),
        ])
    func legs(line: String, isAskedLater: Bool) throws {
        let table = try daemon.table("show sessions " + line).table
        var places = 0
        for case .examine(let some, _) in daemon.commands { places += some.count }
        #expect(places == (isAskedLater ? 1 : 0))
        for case .scan(let scan, _, _) in daemon.commands {
            #expect(scan.wantsLegs == !isAskedLater)
        }
        guard isAskedLater, let column = table.index(of: "client_retrans") else { return }
        #expect(table.rows.map { $0[column] } == ["3"])
        #expect(table.rows.map { $0[column - 4] } == ["4711"])
    }

    @Test("a session that ends before the kernel is asked is shown without what that knows")
    func ended() throws {
        let table = try daemon.table("show sessions where id = 1 limit 1").table
        let column = try #require(table.index(of: "client_rtt_us"))
        #expect(table.rows.map { $0[column] } == ["-"])
    }

    @Test(
        "kill sessions ends those that match, and says how many",
        arguments: [
            ("where age > 10s", "9 10"), ("where client ~ 10.0.0.0/8 and in < 1k", "1 10"),
            ("where id = 77", ""),
        ])
    func kill(line: String, ids: String) throws {
        let preview = try daemon.table("kill sessions \(line) preview")
        #expect(preview.attributes["cut"] == "0")
        #expect(daemon.cutSessions.isEmpty)
        guard case .ok(let attributes, let lines) = try daemon.reply(to: "kill sessions \(line)")
        else { throw Missing("OK") }
        let cut = daemon.cutSessions.sorted()
        #expect(cut.map { String($0) }.joined(separator: " ") == ids)
        #expect(lines.isEmpty)
        #expect(attributes["cut"] == String(cut.count))
        #expect(attributes["total"] == "4")
        #expect(preview.attributes["matched"] == attributes["matched"])
        #expect(Set(preview.table.rows.map { $0[0] }) == Set(cut.map { String($0) }))
    }

    @Test(
        "kill sessions takes a condition, and nothing else",
        arguments: [
            "", "preview", "where", "where id", "where id = 1 limit 5", "id = 1", "where idle > 5",
            "where id = 1 preview x",
        ])
    func killMistakes(line: String) throws {
        #expect(try daemon.refusal("kill sessions \(line)").code == .usage)
        #expect(daemon.cutSessions.isEmpty)
    }

    @Test("a session in detail: what lists tell, and more")
    func detail() throws {
        var record = daemon.sessions[3]
        record.legs = daemon.legs[9]
        daemon.sessions[3] = record
        let table = try daemon.table("show session 9").table
        let values = Dictionary(uniqueKeysWithValues: table.rows.map { ($0[0], $0[1]) })
        #expect(table.columns == ["field", "value"])
        #expect(table.rows.map { $0[0] }.starts(with: SessionField.names))
        #expect(values["client"] == "192.0.2.1:5")
        #expect(values["channel_tcp"] == "established")
        #expect(values["client_rtt_us"] == "90000")
        #expect(values["in_waits_for"] == "client")
        #expect(values["deadline_ms"] == "-")
        #expect(try daemon.refusal("show session 8").code == .notFound)
        #expect(try daemon.refusal("show session").code == .usage)
    }
}

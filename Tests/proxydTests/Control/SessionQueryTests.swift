import Shared
import Testing

@testable import proxyd

@Suite("Which sessions are asked for")
struct SessionQueryTests {
    /// Rows by id: client, age and bytes of their own.
    static let rows: [[String]] = [
        (1, "10.0.0.9:5", "mail/0/0", 900, 70), (2, "10.0.0.10:5", nil, 50, 1_000_000),
        (10, "10.0.0.1:5", "mail/0/1", 31_000, 5), (9, "192.0.2.1:5", "mail/0/0", 40_000, 80_000),
    ].map { id, client, channel, age, bytes in
        SessionSnapshot(
            id: id, client: client, listener: "mail/0", channel: channel, phase: .relay,
            ageMilliseconds: age, idleMilliseconds: age, inBytes: bytes, outBytes: 0, worker: 0,
            inMode: "copy", outMode: "copy", retries: 0
        ).row
    }

    private func select(_ line: String) throws -> (ids: String, matched: Int) {
        let query = try SessionQuery(words: Request(line: Array(line.utf8)).words)
        let selection = query.select(from: Self.rows)
        return (selection.rows.map { $0[0] }.joined(separator: " "), selection.matched)
    }

    @Test(
        "filtered, sorted, and cut to a window",
        arguments: [
            ("", "1 2 10 9", 4), ("where id = 9", "9", 1), ("where idle_ms > 30s", "10 9", 2),
            ("where in_bytes >= 1M", "2", 1), ("where client ~ 10.0.", "1 2 10", 3),
            ("where channel = mail/0/0 and age_ms > 1s", "9", 1),
            ("where channel = mail/0/1 or id = 2", "2 10", 2), ("where channel = -", "2", 1),
            ("where not phase = relay", "", 0), ("sort id", "1 2 9 10", 4),
            ("sort -id", "10 9 2 1", 4), ("sort client", "2 10 1 9", 4),
            ("sort -age_ms", "9 10 1 2", 4), ("limit 2", "1 2", 4), ("offset 3", "9", 4),
            ("sort -id limit 1 offset 1", "9", 4), ("offset 9", "", 4), ("limit 0", "", 4),
            ("where id > 1 sort id limit 2", "2 9", 3), ("limit 1 where id > 1", "2", 3),
            ("where client = sort sort id", "", 0),
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
            ("where id =", "a value belongs there"), ("where age_ms > soon", "is no time"),
            ("where (id = 1", "not closed"), ("sort", "by which field?"),
            ("sort novel", "no field “novel”; there are: id client"), ("sort -", "no field “”"),
            ("limit", "limit takes a number"), ("limit -1", "limit takes a number"),
            ("limit x", "limit takes a number"), ("offset 1.5", "offset takes a number"),
            ("limit 99999999999999999999", "limit takes a number"),
        ])
    func mistakes(line: String, message: String) throws {
        let words = try Request(line: Array(line.utf8)).words
        let mistake = #expect(throws: SessionQuery.Mistake.self) { try SessionQuery(words: words) }
        #expect(mistake?.message.contains(message) == true, "\(mistake?.message ?? "")")
    }
}

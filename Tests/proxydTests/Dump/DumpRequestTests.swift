import Shared
import Testing

@testable import proxyd

@Suite("What a dump is asked for")
struct DumpWishTests {
    private func wish(_ line: String) throws -> DumpRequest {
        try DumpRequest(words: line.split(separator: " ").map(String.init))
    }

    @Test("a session, or the next that match; options in any order")
    func wishes() throws {
        #expect(try wish("4711").target == .session(4711))
        #expect(try wish("4711").format == .text)
        #expect(try wish("4711 hex").format == .hex)
        let fields = SessionSnapshot.columns
        let filter = try Filter(words: ["client", "~", "10."], fields: fields)
        #expect(try wish("where client ~ 10.").target == .matching(filter))
        #expect(try wish("where client ~ 10.").sessions == 1)
        let full = try wish("where client ~ 10. pcapng sessions 5 limit 64k for 30s")
        #expect(full.target == .matching(filter))
        #expect(full.format == .pcapng)
        #expect(full.sessions == 5)
        #expect(full.limit == 64_000)
        #expect(full.duration == .seconds(30))
    }

    @Test(
        "what cannot be understood is told",
        arguments: [
            ("", "dump ID|where"), ("x", "invalid session “x”"),
            ("where", "the condition is empty"),
            ("where novel = 1", "no field “novel”"), ("1 novel", "“novel” is not expected"),
            ("1 limit", "limit takes a size"), ("1 limit 0", "limit takes a size"),
            ("1 for", "for takes a time"), ("1 for 2d", "for takes a time"),
            ("1 sessions 2", "sessions N belongs to where"),
            ("where id > 1 sessions 0", "sessions takes a number"),
            ("where id > 1 sessions 1001", "sessions takes a number"),
        ])
    func mistakes(line: String, message: String) {
        let mistake = #expect(throws: DumpRequest.ParseError.self) { try wish(line) }
        #expect(mistake?.message.hasPrefix(message) == true, "\(mistake?.message ?? "")")
    }
}

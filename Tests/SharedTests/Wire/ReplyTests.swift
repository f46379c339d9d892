import Testing

@testable import Shared

@Suite("Replies")
struct ReplyTests {
    static let replies: [Reply] = [
        .ok(attributes: [], lines: []),
        .ok(
            attributes: [.init("generation", "7"), .init("host", "a b\"c\\"), .init("none", "")],
            lines: ["path\tstate", "0/0\tup", ""]),
        .error(.notFound, message: "no channel “x y”"),
        .error(.busy, message: ""),
        .ok(attributes: [.init("cut", "1")], lines: ["ä"]),
    ]

    private func read(_ chunks: [[UInt8]]) throws -> [Reply] {
        var reader = ReplyReader()
        var replies: [Reply] = []
        for chunk in chunks {
            reader.append(chunk)
            while let reply = try reader.next() { replies.append(reply) }
        }
        return replies
    }

    @Test("replies are the same wherever the bytes are split")
    func splitEverywhere() throws {
        let bytes = Self.replies.flatMap(\.encoded)
        for first in 0...bytes.count {
            #expect(try read([Array(bytes[..<first]), Array(bytes[first...])]) == Self.replies)
        }
        #expect(try read(bytes.map { [$0] }) == Self.replies)
    }

    @Test(
        "another protocol is noticed at once",
        arguments: [
            "", "HTTP/1.1 200 OK", "OK", "OK x", "OK -1", "OK 10000001", "OK 1 word", "ERR", "ok 1",
            "OK 1 \"a=b",
        ])
    func garbage(line: String) {
        #expect(throws: ReplyReader.Malformed(line: line)) {
            try read([Array((line + "\n").utf8)])
        }
    }

    @Test("a head without end is noticed too")
    func endless() {
        #expect(throws: ReplyReader.Malformed.self) {
            try read([[UInt8](repeating: 0x4F, count: 70_000)])
        }
    }

    @Test("an error's message stays on its line, and a later version's code is an error")
    func errors() throws {
        let reply = Reply.error(.invalid, message: "a\nb\r\nOK 0")
        #expect(String(decoding: reply.encoded, as: UTF8.self) == "ERR invalid a b OK 0\n")
        #expect(try read([Array("ERR novel x\n".utf8)]) == [.error(.internal, message: "x")])
    }

    @Test("attributes are found by name")
    func attributes() {
        let attributes = [Reply.Attribute("a", "1"), .init("b", "2"), .init("a", "3")]
        #expect(attributes["a"] == "1")
        #expect(attributes["c"] == nil)
    }
}

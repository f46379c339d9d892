import Shared
import Testing

@testable import proxyd

@Suite("Dumps for people")
struct DumpTextTests {
    private static func lines(_ events: [TapRecord.Event], _ format: DumpFormat) -> [String] {
        var writer = DumpWriter(format, wallOffset: 0)
        var lines: [String] = []
        for event in events {
            writer.write(TapRecord(id: 7, seen: .zero, event: event), into: &lines)
        }
        return lines
    }

    static let began = TapRecord.Event.began(
        TapFacts(
            client: .local(51_022), accepted: .local(80), connecting: .local(40_000),
            channel: .local(9), channelPath: "mail/0/1", inBytes: 0, outBytes: 0,
            isFromStart: true))
    static let beginning = "# session 7 127.0.0.1:51022 → mail/0/1 127.0.0.1:9"

    @Test(
        "text is what balance prints: \\XX for what is not printable, a new line behind a line feed",
        arguments: [
            ("abc", ["abc"]), ("", [""]), ("a\\b", ["a\\\\b"]), ("a\nb", ["a\\0A", "b"]),
            ("a\r\n", ["a\\0D\\0A", ""]), ("\u{0}\u{7F}é ~", ["\\00\\7F\\C3\\A9 ~"]),
            (String(repeating: "x", count: 80), [String(repeating: "x", count: 80)]),
            (String(repeating: "x", count: 81), [String(repeating: "x", count: 81), ""]),
            (String(repeating: "x", count: 82), [String(repeating: "x", count: 81), "x"]),
            (
                String(repeating: "\u{1}", count: 28),
                [String(repeating: "\\01", count: 27), "\\01"]
            ),
        ])
    func text(bytes: String, expected: [String]) {
        var lines: [String] = []
        TextDump.append(bytes.utf8, to: &lines)
        #expect(lines == expected)
    }

    @Test("both directions, their ends and the session's, in the order of events")
    func conversation() {
        let lines = Self.lines(
            [
                Self.began, .moved(.client, Array("GET /\r\n".utf8)),
                .moved(.channel, Array("200".utf8)), .gap(.channel, byteCount: 1234, moves: 2),
                .ended(.client), .closed(.done, .neither),
            ], .text)
        #expect(
            lines == [
                Self.beginning, "-> 7", "GET /\\0D\\0A", "", "-< 3", "200",
                "# 1234 bytes from the channel not shown", "-> 0", "",
                "# session 7 closed: -- done",
            ])
    }

    @Test("a session that was running says how far it had come")
    func running() {
        guard case .began(var facts) = Self.began else { return }
        (facts.inBytes, facts.outBytes, facts.isFromStart) = (5, 70, false)
        #expect(
            Self.lines([.began(facts)], .text) == [Self.beginning + ", after 5 bytes in and 70 out"]
        )
    }

    @Test("bytes of another session are announced")
    func sessions() {
        var note = DumpNote()
        let bytes = TapRecord.Event.moved(.client, [1])
        let ids: [UInt64] = [1, 1, 2, 1]
        let lines = ids.map { note.lines(for: TapRecord(id: $0, seen: .zero, event: bytes)) }
        #expect(lines == [["# session 1"], [], ["# session 2"], ["# session 1"]])
    }

    @Test(
        "a line of hex is as hexdump -C has it",
        arguments: [
            (
                "GET / HTTP/1.1\r\n", 16,
                "00000010  47 45 54 20 2f 20 48 54  54 50 2f 31 2e 31 0d 0a  |GET / HTTP/1.1..|"
            ),
            (
                "a", 0,
                "00000000  61                                                |a|"
            ),
            (
                "123456789", 0xFFFF_FFF0,
                "fffffff0  31 32 33 34 35 36 37 38  39                       |123456789|"
            ),
            (
                "é", 0x1_0000_0000,
                "0000000100000000  c3 a9                                             |..|"
            ),
        ] as [(String, UInt64, String)])
    func hex(bytes: String, offset: UInt64, expected: String) {
        #expect(HexDump.line(Array(bytes.utf8)[...], at: offset) == expected)
    }

    @Test("offsets run on per direction, over what is not shown too")
    func offsets() {
        let lines = Self.lines(
            [
                Self.began, .moved(.client, Array(repeating: 65, count: 17)),
                .moved(.channel, [66]), .gap(.client, byteCount: 15, moves: 1),
                .moved(.client, [67]),
            ], .hex)
        #expect(
            lines.filter { !$0.hasPrefix("#") && !$0.hasPrefix("-") }.map { $0.prefix(12) } == [
                "00000000  41", "00000010  41", "00000000  42", "00000020  43",
            ])
    }

    @Test(
        "Base64 is that of RFC 4648",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"), ("ÿ>?", "w78+Pw=="),
        ])
    func base64(text: String, expected: String) {
        #expect(Base64.text(Array(text.utf8)) == expected)
        #expect(Base64.bytes(expected) == Array(text.utf8))
    }

    @Test(
        "what is no Base64 is refused", arguments: ["Z", "Zg=", "Zg=a", "Zm9v\n", "====", "Zm-v"])
    func malformed(text: String) { #expect(Base64.bytes(text) == nil) }
}

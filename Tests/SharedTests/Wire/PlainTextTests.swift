import Shared
import Testing

@Suite("Text of others")
struct PlainTextTests {
    @Test(
        "nothing that moves a cursor, turns the writing round or forges a line is left",
        arguments: [
            ("plain ü 🙂", "plain ü 🙂"), ("\u{1B}[2Jx", "?[2Jx"), ("a\u{7F}b\u{9B}c", "a?b?c"),
            ("\u{202E}txt\u{202C}", "?txt?"), ("\u{2066}a\u{2069}", "?a?"),
            ("a\u{2028}b\u{2029}c\nd\te", "a?b?c?d?e"),
        ])
    func cleaned(text: String, expected: String) {
        #expect(PlainText.cleaned(text) == expected)
        #expect(JSONString.quoted(text).unicodeScalars.allSatisfy { !PlainText.isUnsafe($0) })
    }

    @Test("one of them may be kept")
    func kept() {
        #expect(PlainText.cleaned("a\tb\u{1B}", keeping: ["\t"]) == "a\tb?")
    }

    @Test(
        "a field of CSV is quoted where it must be, and is not a formula",
        arguments: [
            ("plain", "plain"), ("a,b", "\"a,b\""), ("say \"x\"", "\"say \"\"x\"\"\""),
            ("=1+1", "'=1+1"), ("@SUM(A1)", "'@SUM(A1)"), ("+a", "'+a"), ("-a", "'-a"),
            ("-", "-"), ("-12", "-12"), ("-1.5", "-1.5"), ("+7", "+7"), ("-1.2.3", "'-1.2.3"),
            ("\t=1", "'\t=1"), ("\r=1", "\"'\r=1\""),
            ("=HYPERLINK(\"a\",1)", "\"'=HYPERLINK(\"\"a\"\",1)\""),
            ("a\nb", "\"a\nb\""), ("\u{1B}[2J\u{202E}", "?[2J?"), ("", ""),
        ])
    func csv(text: String, expected: String) {
        #expect(PlainText.csvField(text) == expected)
    }

    @Test("below /tmp only the user's own directory is trusted")
    func directories() {
        func distrust(_ path: String, _ owner: UInt32, _ mode: UInt32) -> Bool {
            RuntimeDirectory.distrust(of: path, uid: 1000, owner: owner, mode: mode) != nil
        }
        #expect(!distrust("/tmp/proxyd-1000", 1000, 0o040700))
        #expect(distrust("/tmp/proxyd-1000", 1001, 0o040700))
        #expect(distrust("/tmp/proxyd-1000", 0, 0o040700))
        #expect(distrust("/tmp/proxyd-1000", 1000, 0o040777))
        #expect(distrust("/tmp/proxyd-1000", 1000, 0o040720))
        #expect(distrust("/tmp/proxyd-1000", 1000, 0o120777))
        #expect(!distrust("/run/user/1000/proxyd", 1000, 0o040755))
    }
}

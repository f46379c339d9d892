import Shared
import Testing

@testable import proxyd

@Suite("Regular expressions")
struct PreparedRegexTests {
    private func isFound(_ pattern: String, _ text: String) throws -> Bool {
        try PreparedRegex(pattern).isFound(in: Array(text.utf8))
    }

    @Test(
        "what is found",
        arguments: [
            ("^220 ", "220 hello"), ("a|b", "xb"), ("[*+?]{2}", "x+*"), ("\\*\\*\\*", "***"),
            ("(ab)c+", "abcc"), ("a+?", "a"), ("(?:ab)+$", "abab"), ("role:(x|y)", "role:y"),
            ("^b", "a\r\nb"), ("a$", "a\r\nb"), ("\\r$", "a\r\nb"),
            ("[[:digit:]]+-[^a-c]", "x17-d"),
            ("[]a]", "]"), ("[a-]", "-"), ("a{2,3}b", "xaab"), ("a{0}b", "b"), ("{", "{"),
            ("a{,2}b", "b"), ("x{a", "x{a"), ("\\x41\\u0042\\u{43}", "ABC"),
            ("\\bfoo\\b", "a foo b"),
            ("o\\Bo", "foo"), ("(?i)HeLo[x-z]", "hElOY"), ("(?<name>a)b", "ab"),
            ("\\d\\w\\s", "1_ "),
            ("\\D\\W\\S", "x-y"), ("\\Aa.c\\z", "aéc"), ("é", "é"), ("^$", ""), ("a||b", "x"),
            ("(a*)*b", "aab"), ("((a+)b)*$", "ababx"), ("(|)(|)(|)b", "b"),
        ])
    func found(pattern: String, text: String) throws { #expect(try isFound(pattern, text)) }

    @Test(
        "what is not",
        arguments: [
            ("^b", "ab"), ("a$", "ab"), ("a.c", "a\nc"), ("a{3}", "aa"), ("[^a-c]", "abc"),
            ("\\bLO", "HELO"), ("(?i)[a-c]", "XyZ"), ("a{2,3}$", "a"), ("\\.", "x"),
            ("\\Ab", "a\nb"), ("\\x41", "a"),
        ])
    func notFound(pattern: String, text: String) throws { #expect(try !isFound(pattern, text)) }

    @Test(
        "what is not supported is named, with the remedy",
        arguments: [
            ("", "is empty"), ("(", "“(” is not closed"), ("a)", "“)” without “(”"),
            ("[a", "“[” is not closed"), ("*a", "has nothing to repeat"),
            ("a++", "gives nothing back"),
            ("(a)\\1", "refers to one of its groups"), ("(?=a)", "not supported"),
            ("(?<!a)b", "not supported"), ("(?>a)", "not supported"), ("a\\", "it ends with"),
            ("\\q", "unknown escape"), ("[z-a]", "invalid range"), ("[[:no:]]", "unknown class"),
            ("a{3,2}", "invalid repetition"), ("a{300}", "invalid repetition"),
            ("\\x4", "invalid code"), ("(a{200}){200}", "too large"), ("(?<na", "not closed"),
            (String(repeating: "a", count: 201), "more than 200 bytes"),
        ])
    func refused(pattern: String, expected: String) {
        let error = #expect(throws: ValueError.self) { _ = try PreparedRegex(pattern) }
        #expect(error?.problem.contains(expected) == true, "\(error?.problem ?? "")")
    }

    /// These took 220 ms and more for 255 bytes, some for ever, in a matcher that goes back.
    @Test(
        "no text and no pattern make it slow",
        arguments: [
            ("(a*)*b", "a"), ("(a|a)*b", "a"), (".*.*.*.*x", "a"), (".*foo.*bar", "foo"),
            ("([a-z]*[0-9]*)*!", "a1"), ("(a{1,12}){1,12}b", "a"), ("^.*user=.*admin", "user="),
        ])
    func linear(pattern: String, filling: String) throws {
        let regex = try PreparedRegex(pattern)
        let text = Array(String(repeating: filling, count: 255).utf8.prefix(255))
        let start = ContinuousClock.now
        for count in stride(from: 15, through: text.count, by: 16) {
            _ = regex.isFound(inGrowing: Array(text.prefix(count)))
        }
        // Sixteen searches, in a debug build on a busy machine.
        #expect(ContinuousClock.now - start < .seconds(5))
    }
}

import Testing

@testable import proxyd

@Suite("The name that a TLS client asks for")
struct ServerNameTests {
    @Test(
        "a host's name, in small letters",
        arguments: [
            ("www.Example.com", "www.example.com"), ("a_b-c.d", "a_b-c.d"), ("x.", "x"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ])
    func good(text: String, expected: String) {
        #expect(ServerName.read(Array(text.utf8)) == expected)
    }

    @Test(
        "anything else is not a name",
        arguments: [
            "", ".", "a b", "\u{1B}]0;pwn\u{7}", "a\nb", "a\tb", "a\"q", "bücher.example", "a/b",
            "=1", "\u{202E}x", String(repeating: "a", count: 254),
        ])
    func bad(text: String) { #expect(ServerName.read(Array(text.utf8)) == nil) }
}

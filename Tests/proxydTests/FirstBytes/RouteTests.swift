import Shared
import Testing

@testable import proxyd

@Suite("Routes by what clients say first")
struct RouteTests {
    private static func file(_ routes: String) -> String {
        """
        services:
        - name: s
          listen: [{ address: "127.0.0.1:7000", route: \(routes) }]
          groups: [{ name: web, channels: ["10.0.0.1:80"] }, { name: mail, channels: ["10.0.0.2:80"] }]
        - { name: other, listen: ["127.0.0.1:7001"], channels: ["10.0.0.3:80"] }
        """
    }

    private func table(_ routes: String) throws -> RouteTable {
        let configuration = try ConfigurationFile.parse(Self.file(routes), name: "f")
        let other = Service(configuration.services[1], serial: 1, listeners: [], groups: [])
        return try #require(
            RouteTable(configuration.services[0].listeners[0].route, among: [other]))
    }

    private func word(_ table: RouteTable, _ bytes: [UInt8]) -> String {
        switch table.decide(bytes, ClientHello.read(bytes)) {
        case .target(.group(let name)): name
        case .target(.service(let service)): service.name
        case .undecided: "?"
        case .none: "-"
        }
    }

    @Test(
        "the first rule that fits",
        arguments: [
            ("a.example.com", [], "web"), ("b.a.example.com", [], "web"),
            ("example.com", [], "mail"),
            ("example.org", ["h2"], "other"), ("example.org", ["x", "h2"], "other"),
            ("example.org", ["http/1.1"], "mail"), (nil, [], "mail"), (nil, ["h2"], "mail"),
        ] as [(String?, [String], String)])
    func names(name: String?, alpn: [String], expected: String) throws {
        let table = try table(
            "[{sni: \"*.example.com\", group: web}, {sni: [example.org, x], alpn: h2, service: other}, {default: mail}]"
        )
        let bytes = HelloBytes.make(serverName: name, alpn: alpn)
        #expect(word(table, bytes) == expected)
        for count in 1..<bytes.count { #expect(word(table, Array(bytes.prefix(count))) == "?") }
    }

    @Test(
        "several protocols on one port",
        arguments: [
            ("SSH-2.0-OpenSSH_9.2\r\n", "other"), ("GET / HTTP/1.0\r\n", "web"),
            ("PRI * HTTP/2.0", "web"),
            ("PROXY TCP4 ", "web"), ("* BYE\n", "mail"), ("* BY", "?"), ("S", "?"), ("SSX", "?"),
            ("SSX\n", "-"), ("G", "?"), ("GETX", "?"), ("GETX\n", "-"),
        ])
    func protocols(text: String, expected: String) throws {
        let table = try table(
            """
            [{first-bytes: ssh, service: other}, {first-bytes: http, group: web}, {first-bytes: tls, group: web},
             {first-bytes: proxy, group: web}, {first-bytes: "regex:^[*] [A-Z]+$", group: mail}]
            """)
        #expect(word(table, Array(text.utf8)) == expected)
    }

    @Test(
        "what a regular expression says is the same however the bytes are cut",
        arguments: [
            ("^HELO", "HELO x\nHELO y\n", true), ("^EHLO", "HELO x\nEHLO y\n", false),
            ("x$", "HELO x\r\n", true), ("x\\r$", "HELO x\r\n", true), ("LO", "HELO", true),
            ("\\bLO", "HELO\n", false), ("é", "é\n", false), ("\u{C3}", "é\n", true),
            ("z", String(repeating: "y", count: 256) + "z", false),
        ])
    func cut(pattern: String, text: String, expected: Bool) throws {
        let regex = try PreparedRegex(pattern)
        let bytes = Array(text.utf8)
        #expect(regex.isFound(inGrowing: bytes) == expected)
        for count in 0..<bytes.count {
            let found = regex.isFound(inGrowing: Array(bytes.prefix(count)))
            #expect(found == nil || found == expected, "after \(count) bytes")
        }
    }

    @Test("TLS is known by its first six bytes")
    func tls() throws {
        let table = try table("[{first-bytes: tls, group: web}, {default: mail}]")
        let bytes = HelloBytes.make(serverName: "x", padding: 3000)
        #expect(word(table, Array(bytes.prefix(5))) == "?")
        #expect(word(table, Array(bytes.prefix(6))) == "web")
        #expect(word(table, bytes) == "web")
        #expect(word(table, [0x15, 3]) == "mail")
        #expect(word(table, [0x16, 3, 1, 0, 5, 2]) == "mail")
    }

    @Test("names of clients that speak no TLS are none")
    func plain() throws {
        let table = try table("[{sni: x.example, group: web}]")
        #expect(word(table, Array("hello".utf8)) == "-")
        #expect(word(table, HelloBytes.make(serverName: "x.example")) == "web")
        #expect(word(table, HelloBytes.make(serverName: "y.example")) == "-")
        #expect(word(table, HelloBytes.make(serverName: "a b")) == "-")
    }

    @Test(
        "mistakes",
        arguments: [
            ("[{sni: x}]", "a rule of “route” leads nowhere; write one of"),
            (
                "[{sni: x, group: web, service: other}]",
                "a rule of “route” has “group” and “service”"
            ),
            (
                "[{sni: x, default: web}]",
                "“default” is for everybody, and the rule has “sni”; write group: web"
            ),
            (
                "[{sni: x, group: wob}]",
                "“route” leads to group “wob”, which the service does not have; did you mean “web”?"
            ),
            (
                "[{sni: x, service: nothing}]",
                "“route” leads to service “nothing”, which there is not"
            ),
            ("[{default: web}, {sni: x, group: mail}]", "this rule of “route” fits everybody"),
            ("[{sni: \"*.\", group: web}]", "“sni”: invalid server name “*.”"),
            ("[{sni: \"a b\", group: web}]", "“sni”: invalid server name “a b”"),
            ("[{alpn: \"\", group: web}]", "“alpn”: invalid protocol “”"),
            (
                "[{first-bytes: gopher, group: web}]",
                "“first-bytes” is “gopher”, which is unknown; write tls"
            ),
            (
                "[{first-bytes: \"regex:(a)\\\\1\", group: web}]",
                "it refers to one of its groups; write it without a reference"
            ),
            (
                "[{snj: x, group: web}]",
                "unknown key “snj” in a rule of “route”; did you mean “sni”?"
            ),
            ("x", "“route” is a text, not a list"),
        ])
    func mistakes(routes: String, expected: String) {
        let error = #expect(throws: ConfigurationErrors.self) {
            try ConfigurationFile.parse(Self.file(routes), name: "f")
        }
        let text = error?.errors.map(\.description).joined(separator: "\n") ?? ""
        #expect(text.contains(expected), "\(text)")
    }

    @Test("a server name is a hash key: equal names go alike, whoever asks")
    func hashKey() {
        func key(_ name: String?, _ client: UInt32) -> UInt64 {
            ClientKey(
                source: .ip(.v4(client), port: 1), destination: .unix(path: ""), serverName: name
            ).hash(.serverName, seed: 7)
        }
        #expect(key("a.example", 1) == key("a.example", 2))
        #expect(key("a.example", 1) != key("b.example", 1))
        #expect(key(nil, 1) != key(nil, 2))
    }
}

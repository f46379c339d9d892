import Shared
import Testing

@testable import proxyd

@Suite("Access rules, sources and socket options in the file")
struct AccessReaderTests {
    private func service(_ line: String, listener: String = "") throws -> ServiceConfiguration {
        let text = """
            services:
            - listen: [{ address: "127.0.0.1:7000", \(listener) }]
              channels: ["10.0.0.1:80"]
              \(line)
            """
        return try ConfigurationFile.parse(text, name: "f").services[0]
    }

    @Test(
        "a rule can be a map or a line, and all of them one line",
        arguments: [
            ("[{allow: 10.0.0.0/8}, {deny: all}]", "allow 10.0.0.0/8, deny all"),
            ("[allow 10.0.0.0/8, deny all]", "allow 10.0.0.0/8, deny all"),
            ("allow 10.0.0.0/8, deny all", "allow 10.0.0.0/8, deny all"),
            (
                "[{deny: [10.0.0.7, \"2001:db8::/32\"], action: reset}]",
                "deny 10.0.0.7 2001:db8::/32 reset"
            ),
            ("[{deny: unix, action: drop}]", "deny unix drop"),
            ("[{deny: all, action: tarpit}]", "deny all tarpit 10s"),
            ("[deny all tarpit 1500ms]", "deny all tarpit 1500ms"),
        ])
    func forms(text: String, expected: String) throws {
        #expect(try service("access: \(text)").access.text == expected)
        #expect(
            try service("", listener: "access: \(text.hasPrefix("[") ? text : "\"\(text)\"")")
                .listeners[0].access.text == expected)
    }

    @Test(
        "mistakes",
        arguments: [
            ("access: [{}]", "a rule of “access” neither allows nor denies; write one of"),
            (
                "access: [{allow: all, deny: all}]",
                "a rule of “access” has “allow” and “deny”; write"
            ),
            ("access: [{allow: 10.0.0.0/33}]", "invalid network “10.0.0.0/33”; write it as"),
            ("access: [{allow: [all, 10.0.0.1]}]", "“all” stands among networks; give it"),
            ("access: [{allow: all, action: close}]", "“action” says what a denied client meets"),
            (
                "access: [{deny: all, action: laugh}]",
                "“action” is “laugh”, which is unknown; write"
            ),
            ("access: permit all", "invalid access rule “permit all”; write it as"),
            ("access: deny reset", "“deny reset” says not whom it means; add a network"),
            ("access: [{deny-file: bad.txt}]", "“bad.txt” is not an allowed path for “access”"),
            ("access: [{deny-file: /nowhere/x}]", "/nowhere/x cannot be read; make it"),
            ("access: [{alow: all}]", "unknown key “alow” in a rule of “access”; did you mean"),
            (
                "source: 10.0.0.1:80",
                "“source”: invalid source address “10.0.0.1:80”"
            ),
            ("source: [client, 10.0.0.1]", "“source”: invalid source address “client”"),
            ("source: 0.0.0.0", "“source”: invalid source address “0.0.0.0”"),
            ("source: 10.0.0.1 10.0.0.1", "“source” has 10.0.0.1 twice; keep one of them"),
            ("source: \"2001:db8::1\"", "no address of “source” is of the family of 10.0.0.1:80"),
            ("timeouts: {client-hello: soon}", "“client-hello”: invalid duration “soon”"),
        ])
    func diagnostics(line: String, expected: String) {
        let error = #expect(throws: ConfigurationErrors.self) { try service(line) }
        let text = error?.errors.map(\.description).joined(separator: "\n") ?? ""
        #expect(text.contains(expected), "\(text)")
    }

    @Test(
        "mistakes of a listener",
        arguments: [
            ("wait-for-bytes: 40000", "“wait-for-bytes” is 40000, which is out of range"),
            ("wait-for-bytes: many", "“wait-for-bytes”: invalid number “many”"),
            (
                "proxy-protocol: maybe",
                "“proxy-protocol” is “maybe” for a listener, which is unknown"
            ),
            ("proxy-protocol: accept-from", "“proxy-protocol” is “accept-from” for a listener"),
            ("proxy-protocol: {accept-from: [here]}", "invalid network “here”"),
            ("proxy-protocol: {}", "“proxy-protocol” says nothing; write require"),
            ("socket: {dscp: 64}", "“dscp” is 64, which is out of range"),
            ("socket: {interface: a/b}", "“interface”: invalid network interface “a/b”"),
            (
                "socket: {congestion: \"CUBIC!\"}",
                "“congestion”: invalid congestion control “CUBIC!”"
            ),
            ("socket: {defer-accept: 10ms}", "“defer-accept” is 10ms, which is too short"),
            ("socket: {keepalive: 1}", "unknown key “keepalive” in a listener's socket"),
        ])
    func listenerMistakes(line: String, expected: String) {
        let error = #expect(throws: ConfigurationErrors.self) { try service("", listener: line) }
        let text = error?.errors.map(\.description).joined(separator: "\n") ?? ""
        #expect(text.contains(expected), "\(text)")
    }

    @Test(
        "what a channel is told of a client",
        arguments: [
            ("v1", "v1"), ("v2", "v2"), ("[v2, crc32c, unique-id]", "v2 unique-id crc32c"),
            ("v2 sni alpn client-certificate", "v2 sni alpn client-certificate"),
        ])
    func told(text: String, expected: String) throws {
        let group = try ConfigurationFile.parse(
            """
            services:
            - listen: ["127.0.0.1:7000"]
              groups:
              - proxy-protocol: \(text)
                channels: ["10.0.0.1:80", { address: "10.0.0.2:80", proxy-protocol: never }]
            """, name: "f"
        ).services[0].groups[0]
        #expect(group.ownProxyProtocol?.text == expected)
        #expect(group.channels.map { $0.proxyProtocol == nil } == [false, true])
    }

    @Test(
        "what a channel cannot be told",
        arguments: [
            ("v3", "“proxy-protocol” is “v3” for a channel, which is unknown"),
            ("v1 sni", "“proxy-protocol” is “v1 sni” for a channel, which is unknown"),
            ("v2 age", "“proxy-protocol” is to tell of “age”, which is unknown"),
        ])
    func untold(text: String, expected: String) {
        let error = #expect(throws: ConfigurationErrors.self) {
            try ConfigurationFile.parse(
                """
                services:
                - listen: ["127.0.0.1:7000"]
                  channels: [{ address: "10.0.0.2:80", proxy-protocol: \(text) }]
                """, name: "f")
        }
        #expect(error?.errors.first?.problem == expected)
    }

    @Test("the nearest source and socket count: a channel's, its group's, its service's")
    func nearest() throws {
        let configuration = try ConfigurationFile.parse(
            """
            services:
            - listen: ["127.0.0.1:7000"]
              source: 10.0.0.1
              groups:
              - channels: ["10.1.0.1:80", { address: "10.1.0.2:80", source: client, socket: {dscp: 8} }]
                socket: { mark: 7 }
              - { source: 10.0.0.2, channels: ["10.1.0.3:80", "unix:/run/x"] }
            """, name: "f")
        let channels = configuration.services[0].groups.flatMap(\.channels)
        #expect(channels.map { $0.source?.text } == ["10.0.0.1", "client", "10.0.0.2", nil])
        #expect(channels.map { $0.socket?.mark } == [7, nil, nil, nil])
        #expect(channels.map { $0.socket?.dscp } == [nil, 8, nil, nil])
    }

    @Test("a file has a network per line and comments, and a mistake is told with its line")
    func file() throws {
        let networks = try NetworkFile.networks(
            in: Array("# bad ones\n10.0.0.0/8\n\n 192.0.2.7  # one\r\n2001:db8::/32".utf8), of: "f")
        #expect(networks.map(\.text) == ["10.0.0.0/8", "192.0.2.7", "2001:db8::/32"])
        let error = #expect(throws: ValueError.self) {
            try NetworkFile.networks(in: Array("10.0.0.1\n10.0.0.1 10.0.0.2\n".utf8), of: "/f")
        }
        #expect(error?.problem == "/f, line 2: not a network")
    }

    @Test("a file that holds something else now is a change, though the rules are the same")
    func changedFile() throws {
        let folder = try TestFolder()
        func configuration(_ text: String) throws -> Configuration {
            try folder.write(text, to: "bad")
            return try ConfigurationFile.parse(
                """
                services:
                - listen: ["127.0.0.1:7000"]
                  channels: ["10.0.0.1:80"]
                  access: [{ deny-file: \(folder.file("bad")) }]
                """, name: "f")
        }
        let before = try configuration("10.0.0.1\n")
        #expect(ConfigurationDifference(from: before, to: try configuration("10.0.0.1\n")).isEmpty)
        let rows = ConfigurationDifference(
            from: before, to: try configuration("10.0.0.1\n10.0.0.2")
        )
        .rows
        #expect(rows.map(\.field) == ["access"])
        #expect(rows.first?.to == "\(folder.file("bad")): 2 networks")
    }
}

import Shared
import Testing

@testable import proxyd

@Suite("Native command line")
struct NativeCommandLineTests {
    private func diagnostics(_ line: NativeCommandLine) -> [String] {
        do {
            _ = try line.configuration()
            return []
        } catch {
            return error.errors.map(\.description)
        }
    }

    @Test("the example of the design")
    func example() throws {
        let line = NativeCommandLine(
            listen: ["127.0.0.1:8080", "[::1]:8080"],
            operands: [
                "127.0.0.1:9001", "127.0.0.1:9002:16", "!", "[::1]:9003", "unix:/run/x.sock",
                "localhost::16",
            ],
            connectTimeout: "2", idleTimeout: "10m", halfClosedTimeout: "never", deadPeer: "30s",
            grace: "5", whenEmpty: "hold 10s", workers: "2", maxSessions: "100",
            control: "/run/c.sock",
            environment: "PROD")
        func channel(_ name: String, _ address: String, maxc: Int? = nil) throws
            -> ChannelConfiguration
        {
            ChannelConfiguration(
                name: name, endpoint: try Endpoint(address),
                settings: ChannelSettings(maxc: maxc))
        }
        let expected = Configuration(
            settings: DaemonSettings(
                control: ControlConfiguration(path: "/run/c.sock", environment: "PROD"),
                workers: 2, maxSessions: 100),
            services: [
                ServiceConfiguration(
                    name: "0",
                    settings: ServiceSettings(
                        timeouts: Timeouts(
                            connect: .seconds(2), idle: .seconds(600), halfClosed: nil,
                            deadPeer: .seconds(30)),
                        grace: .seconds(5)),
                    listeners: [
                        ListenerConfiguration(
                            name: "0", endpoint: try Endpoint("127.0.0.1:8080"),
                            settings: ListenerSettings(whenEmpty: .hold(.seconds(10)))),
                        ListenerConfiguration(
                            name: "1", endpoint: try Endpoint("[::1]:8080"),
                            settings: ListenerSettings(whenEmpty: .hold(.seconds(10)))),
                    ],
                    groups: [
                        GroupConfiguration(
                            name: "0",
                            channels: [
                                try channel("0", "127.0.0.1:9001"),
                                try channel("1", "127.0.0.1:9002", maxc: 16),
                            ]),
                        GroupConfiguration(
                            name: "1",
                            channels: [
                                try channel("0", "[::1]:9003"),
                                try channel("1", "unix:/run/x.sock"),
                                try channel("2", "localhost:8080", maxc: 16),
                            ]),
                    ])
            ])
        #expect(try line.configuration() == expected)
    }

    @Test("without options it means what an almost empty file means")
    func defaults() throws {
        let line = NativeCommandLine(listen: ["*:1"], operands: ["a:1"])
        let file = "services: [{listen: ['*:1'], channels: [a:1]}]"
        #expect(try line.configuration() == ConfigurationFile.parse(file, name: "f"))
    }

    @Test(
        "an operand is a host, a port and a limit",
        arguments: [
            ("a", "a:7", nil), ("a:", "a:7", nil), ("a:9", "a:9", nil), ("a:9:3", "a:9", 3),
            ("localhost::3", "localhost:7", 3), ("[::1]", "[::1]:7", nil),
            ("[::1]:9", "[::1]:9", nil),
            ("[::1]:9:3", "[::1]:9", 3), ("[::1]::3", "[::1]:7", 3), ("1.2.3.4::3", "1.2.3.4:7", 3),
            ("unix:/x:1:2", "unix:/x:1:2", nil), ("/x", "unix:/x", nil),
        ] as [(String, String, Int?)])
    func operands(text: String, address: String, maxc: Int?) throws {
        let operand = try ChannelOperand(text, defaultPort: 7)
        #expect(operand.endpoint.description == address)
        #expect(operand.maxc == maxc)
    }

    @Test(
        "a mistake in an operand",
        arguments: [
            ("a", "“a” names no port; write it as a:PORT"),
            ("80", "“80” names no address; write it as HOST:80"),
            ("a:0", "“a:0” has port 0, which cannot be listened on; write a port from 1 to 65535"),
            ("a:1:0", "MAXC is 0, which is out of range; write a whole number from 1 to 10000000"),
            ("a:1:x", "MAXC: invalid number “x”; write a whole number from 1 to 10000000"),
            ("a:1:2:3", "invalid channel “a:1:2:3”; write it as HOST, HOST:PORT or HOST:PORT:MAXC"),
            ("::1", "“::1” is an IPv6 address without brackets; write it as [::1]:PORT"),
            (
                "[::1",
                "“[” is neither an address nor a host name; write it as 10.0.0.1:143, [2001:db8::1]:143, host:143 or unix:/path"
            ),
            ("[::1]9", "invalid channel “[::1]9”; write it as HOST, HOST:PORT or HOST:PORT:MAXC"),
            (
                "db::16",
                "“db::16” is an IPv6 address without brackets; write it as [db::16]:PORT, or the host as db:PORT:16"
            ),
            (
                "",
                "the address is empty; write it as 10.0.0.1:143, [2001:db8::1]:143, host:143 or unix:/path"
            ),
            ("!", "the group is empty; give it a channel"),
            ("%", "the group is empty; give it a channel"),
        ])
    func operandMistakes(text: String, expected: String) {
        // A socket has no port to take over.
        let operands =
            ["!", "%"].contains(text) ? [text, "b:1"] : [text, "!", "b:1"]
        let line = NativeCommandLine(listen: ["/run/x"], operands: operands)
        #expect(diagnostics(line) == ["operand 1: " + expected])
    }

    @Test("“%” ends a group whose clients are hashed, “!” one with turns")
    func separators() throws {
        let operands = ["a:1", "%", "b:1", "!", "c:1", "%"]
        let groups = try NativeCommandLine(listen: ["*:1"], operands: operands).configuration()
            .services[0].groups
        #expect(groups.map(\.balance.policy) == [.hash, .roundRobin, .hash])
        #expect(groups.allSatisfy { !$0.balance.failover })
    }

    @Test("every mistake is located at its option, in order")
    func options() {
        let line = NativeCommandLine(
            listen: ["80", "*:80", "*:80"], operands: ["a:1", "!", "!"], connectTimeout: "0",
            idleTimeout: "x", halfClosedTimeout: "x", deadPeer: "25d", grace: "never",
            whenEmpty: "x", workers: "0", maxSessions: "0", control: "", environment: "")
        #expect(
            diagnostics(line) == [
                "--connect-timeout: the value is 0, which is too short; write a time above zero",
                "--idle-timeout: invalid duration “x”; write 500ms, 5s, 10m or 2h",
                "--half-closed-timeout: invalid duration “x”; write 500ms, 5s, 10m or 2h",
                "--dead-peer: the value is 25d, which is too long; write at most 24d00h",
                "--grace: the value cannot be never; write a time of at most 365d",
                "--when-empty: the value is “x”, which is unknown; write close, reset, refuse or hold 10s",
                "--workers: the value is 0, which is out of range; write a whole number from 1 to 256, or auto",
                "--max-sessions: the value is 0, which is out of range; write a whole number from 1 to 10000000",
                "--control: the value cannot be a Unix socket's path; write 1 to 107 bytes",
                "--environment: the value is empty, too long or has control characters; write 1 to 64 bytes of text",
                "-l: “80” names no address; write it as *:80",
                "-l: 0.0.0.0:80 is listened on twice; it was taken at -l; keep one",
                "operand 3: the group is empty; give it a channel",
            ])
    }

    @Test("no channel at all")
    func none() {
        #expect(
            diagnostics(NativeCommandLine(listen: ["*:80"]))
                == ["run: no channel is given; write them after “--”, as in -- 10.0.0.1:143"])
    }

    @Test("a closing ! is no further group")
    func closing() throws {
        let line = NativeCommandLine(listen: ["*:80"], operands: ["a:1", "!"])
        #expect(try line.configuration().services.first?.groups.count == 1)
    }

    @Test("options beside a file win over it")
    func overrides() throws {
        var configuration = Configuration(
            settings: DaemonSettings(
                control: ControlConfiguration(path: "/a", environment: "A"), workers: 1,
                maxSessions: 1))
        try NativeCommandLine().apply(to: &configuration)
        #expect(configuration.workers == 1)
        #expect(configuration.control.path == "/a")
        try NativeCommandLine(workers: "auto", maxSessions: "2", control: "/b", environment: "B")
            .apply(to: &configuration)
        #expect(
            configuration
                == Configuration(
                    settings: DaemonSettings(
                        control: ControlConfiguration(path: "/b", environment: "B"), workers: nil,
                        maxSessions: 2)))
    }
}

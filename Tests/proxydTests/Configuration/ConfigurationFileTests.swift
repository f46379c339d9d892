import Shared
import Testing

@testable import proxyd

@Suite("Configuration file")
struct ConfigurationFileTests {
    @Test("the example of the design is read whole")
    func example() throws {
        let text = """
            control: { socket: /run/proxyd/control.sock, mode: "0660", group: proxy, environment: PROD }
            workers: 3
            max-sessions: 5000
            services:
              - name: mail
                listen: [ "0.0.0.0:143", "[::]:143", { unix: /run/mail.sock, mode: "0660" },
                          { address: "*:993", name: tls-to-be, when-empty: { hold: 10s }, backlog: 7,
                            max-sessions: 9 } ]
                timeouts: { connect: 500ms, idle: 10m, half-closed: 1m, dead-peer: 30 }
                grace: 90
                when-empty: reset
                groups:
                  - name: main
                    balance: round-robin
                    channels: [ "10.0.1.10:143", { address: "10.0.1.11:143", weight: 2, maxc: 400, label: b } ]
                  - channels: [ "[2001:db8::25]:143", { unix: /run/spare, name: spare } ]
              - listen: [ /run/web.sock ]
                channels: [ db1:80 ]
            """
        let reset = ListenerSettings(whenEmpty: .reset)
        let expected = Configuration(
            settings: DaemonSettings(
                control: ControlConfiguration(
                    path: "/run/proxyd/control.sock", mode: 0o660, group: "proxy",
                    environment: "PROD"),
                workers: 3, maxSessions: 5000),
            services: [
                ServiceConfiguration(
                    name: "mail",
                    settings: ServiceSettings(
                        timeouts: Timeouts(
                            connect: .milliseconds(500), idle: .seconds(600),
                            halfClosed: .seconds(60), deadPeer: .seconds(30)),
                        grace: .seconds(90), whenEmpty: .reset),
                    listeners: [
                        ListenerConfiguration(
                            name: "0", endpoint: .ip(.anyV4, port: 143), settings: reset),
                        ListenerConfiguration(
                            name: "1", endpoint: .ip(.anyV6, port: 143), settings: reset),
                        ListenerConfiguration(
                            name: "2", endpoint: .unix(path: "/run/mail.sock"),
                            settings: ListenerSettings(mode: 0o660, whenEmpty: .reset)),
                        ListenerConfiguration(
                            name: "tls-to-be", endpoint: .ip(.anyV4, port: 993),
                            settings: ListenerSettings(
                                whenEmpty: .hold(.seconds(10)), backlog: 7, maxSessions: 9)),
                    ],
                    groups: [
                        GroupConfiguration(
                            name: "main",
                            channels: [
                                ChannelConfiguration(
                                    name: "0", endpoint: .ip(.v4(0x0A00_010A), port: 143)),
                                ChannelConfiguration(
                                    name: "1", endpoint: .ip(.v4(0x0A00_010B), port: 143),
                                    settings: ChannelSettings(weight: 2, maxc: 400, label: "b")),
                            ]),
                        GroupConfiguration(
                            name: "1",
                            channels: [
                                ChannelConfiguration(
                                    name: "0", endpoint: try Endpoint("[2001:db8::25]:143")),
                                ChannelConfiguration(
                                    name: "spare", endpoint: .unix(path: "/run/spare")),
                            ]),
                    ]),
                ServiceConfiguration(
                    name: "1",
                    listeners: [
                        ListenerConfiguration(name: "0", endpoint: .unix(path: "/run/web.sock"))
                    ],
                    groups: [
                        GroupConfiguration(
                            name: "0",
                            channels: [
                                ChannelConfiguration(name: "0", endpoint: .name("db1", port: 80))
                            ])
                    ]),
            ])
        #expect(try ConfigurationFile.parse(text, name: "f") == expected)
        #expect(expected.summary == "2 services, 5 listeners, 3 groups, 5 channels")
    }

    /// A good service with one more line.
    private func service(_ line: String) throws -> ServiceConfiguration {
        let text = "services:\n- listen: ['*:1']\n  channels: [a:1]\n  \(line)\n"
        return try #require(try ConfigurationFile.parse(text, name: "f").services.first)
    }

    @Test(
        "0 and never mean none where there may be none", arguments: ["0", "never", "0s", "\"0\""])
    func never(text: String) throws {
        let timeouts = try service(
            "timeouts: {idle: \(text), half-closed: \(text), dead-peer: \(text)}"
        ).timeouts
        #expect(timeouts == Timeouts(halfClosed: nil))
    }

    @Test(
        "what a client meets when nothing can serve",
        arguments: [
            ("close", WhenEmpty.close), ("reset", .reset), ("refuse", .refuse),
            ("hold 10s", .hold(.seconds(10))), ("\"hold 500ms\"", .hold(.milliseconds(500))),
            ("{hold: 10}", .hold(.seconds(10))), ("\n    hold: 2m", .hold(.seconds(120))),
        ])
    func whenEmpty(text: String, expected: WhenEmpty) throws {
        #expect(try service("when-empty: \(text)").listeners.first?.whenEmpty == expected)
    }

    @Test("a grace of zero is one, auto workers are none given")
    func zeros() throws {
        #expect(try service("grace: 0").grace == .zero)
        let text = "workers: auto\nservices: [{listen: ['*:0', '*:0'], channels: [a:1]}]"
        let configuration = try ConfigurationFile.parse(text, name: "f")
        #expect(configuration.workers == nil)
        #expect(configuration.services.first?.listeners.count == 2, "port 0 is not a duplicate")
    }

    @Test("an index is a good name for what stands there")
    func indexNames() throws {
        let text =
            "services: [{name: 0, listen: ['*:1'], channels: [a:1, {address: 'b:1', name: 1}]}]"
        let service = try #require(try ConfigurationFile.parse(text, name: "f").services.first)
        #expect(service.groups.first?.channels.map(\.name) == ["0", "1"])
    }

    @Test("anchors, aliases and merges stand for what they name; own keys win")
    func aliases() throws {
        let text = """
            services:
              - listen: ["*:1"]
                timeouts: &slow { idle: 1h, connect: 9s }
                channels: &both [ &one { address: "a:1", weight: 3, maxc: 2 }, "b:1" ]
              - listen: ["*:2"]
                timeouts: { <<: *slow, connect: 1s }
                groups: [ { channels: *both }, { channels: [ { <<: [*one], maxc: 5 } ] } ]
            """
        let service = try #require(try ConfigurationFile.parse(text, name: "f").services.last)
        #expect(service.timeouts.idle == .seconds(3600))
        #expect(service.timeouts.connect == .seconds(1))
        #expect(service.groups.first?.channels.count == 2)
        let merged = try #require(service.groups.last?.channels.first)
        #expect(
            merged
                == ChannelConfiguration(
                    name: "0", endpoint: .name("a", port: 1),
                    settings: ChannelSettings(weight: 3, maxc: 5)))
    }

    @Test("a byte order mark, CRLF and comments change nothing")
    func decoration() throws {
        let text = "\u{FEFF}# hello\r\nservices:\r\n- listen: ['*:1']\r\n  channels: [a:1]\r\n"
        #expect(try ConfigurationFile.parse(text, name: "f").services.count == 1)
        #expect(throws: ConfigurationErrors.self) {
            try ConfigurationFile.parse("\u{FEFF}x: 1", name: "f")
        }
    }

    @Test("a file that cannot be read says so")
    func unreadable() {
        let error = #expect(throws: ConfigurationErrors.self) {
            try ConfigurationFile.load(path: "/nonexistent/proxyd.yaml")
        }
        #expect(error?.isUnreadable == true)
        #expect(
            error?.errors.map(\.description)
                == ["/nonexistent/proxyd.yaml: cannot be read: No such file or directory"])
    }

    @Test("a file without end is refused, not read")
    func endless() {
        let error = #expect(throws: ConfigurationErrors.self) {
            try ConfigurationFile.load(path: "/dev/zero")
        }
        #expect(error?.errors.first?.problem == "the file has more than 4 MiB")
    }
}

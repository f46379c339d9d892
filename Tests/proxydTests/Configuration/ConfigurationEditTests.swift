import Shared
import Testing

@testable import proxyd

/// A file with a bit of everything that `set`, `create` and `remove` can meet.
let editedFile = """
    services:
      - name: mail
        listen: ["127.0.0.1:7143", {unix: /run/mail.sock, name: local, mode: "0660"}]
        timeouts: {idle: 10m}
        groups:
          - name: main
            channels: ["10.0.0.1:143", {address: "10.0.0.2:143", weight: 2, name: b}, "10.0.0.3:143"]
          - name: spare
            balance: {policy: hash, failover: true}
            channels: ["10.0.0.4:143"]
    """

@Suite("Changes of the configuration")
struct ConfigurationEditTests {
    private let before: Configuration

    init() throws { before = try ConfigurationFile.parse(editedFile, name: "f") }

    private func apply(_ lines: [String]) throws -> Configuration {
        var transaction = Transaction()
        for line in lines { try transaction.append(.edit(try Self.edit(line))) }
        return try transaction.apply(to: before)
    }

    private static func edit(_ line: String) throws -> ConfigurationEdit {
        let words = try Request(line: Array(line.utf8)).words
        let verbs: [ConfigurationEdit.Verb] = [
            .createListener, .createGroup, .createService, .removeListener, .setListener, .create,
            .remove, .set,
        ]
        for verb in verbs {
            let parts = verb.rawValue.split(separator: " ").map(String.init)
            guard words.starts(with: parts) else { continue }
            return ConfigurationEdit(verb: verb, words: Array(words.dropFirst(parts.count)))
        }
        throw Missing("an edit in “\(line)”")
    }

    private func rows(_ lines: [String]) throws -> [String] {
        ConfigurationDifference(from: before, to: try apply(lines)).rows.map {
            "\($0.path) \($0.field): \($0.from ?? "-") → \($0.to ?? "-")"
        }
    }

    @Test(
        "a change tells from what to what",
        arguments: [
            ("set mail/main/b weight 5", ["mail/main/b weight: 2 → 5"]),
            ("set main/b weight 5", ["mail/main/b weight: 2 → 5"]),
            ("set main/0 maxc 10", ["mail/main/0 maxc: - → 10"]),
            ("set main/b weight default", ["mail/main/b weight: 2 → 1"]),
            ("set main/b label \"two words\"", ["mail/main/b label: - → two words"]),
            (
                "set main/0 address 10.0.0.9:144",
                ["mail/main/0 address: 10.0.0.1:143 → 10.0.0.9:144"]
            ),
            ("set main/0 weight 1", []),
            ("set spare balance sticky", ["mail/spare balance: hash failover=true → sticky"]),
            (
                "set spare balance hash key=source+port",
                ["mail/spare balance: hash failover=true → hash key=source+port"]
            ),
            (
                "set spare balance.failover -",
                ["mail/spare balance: hash failover=true → hash"]
            ),
            ("set mail on-remove drain 30s", ["mail on-remove: keep → drain 30s"]),
            ("set mail on-remove cut", ["mail on-remove: keep → cut"]),
            ("set main max-sessions 7", ["mail/main max-sessions: - → 7"]),
            ("set mail timeouts.idle 5m", ["mail timeouts.idle: 10m → 5m"]),
            ("set mail timeouts.idle never", ["mail timeouts.idle: 10m → never"]),
            (
                "set mail per-source.max 3",
                [
                    "mail per-source.max: - → 3", "mail per-source.prefix4: - → 32",
                    "mail per-source.prefix6: - → 64",
                ]
            ),
            (
                "set mail when-empty hold 5s",
                [
                    "mail when-empty: close → hold 5s", "mail/0 when-empty: close → hold 5s",
                    "mail/local when-empty: close → hold 5s",
                ]
            ),
            ("set listener mail/local when-empty reset", ["mail/local when-empty: close → reset"]),
            (
                "set listener mail/0 on-bind-failure retry 2s",
                ["mail/0 on-bind-failure: fail → retry 2s"]
            ),
            ("set mail overload refuse", ["mail overload: close → refuse"]),
            ("set listener 0 rate 10/s", ["mail/0 rate: - → 10/s", "mail/0 burst: - → 10"]),
            ("create main 10.0.0.7:143", ["mail/main/3 channel: - → 10.0.0.7:143"]),
            (
                "create mail/spare 10.0.0.7:143 weight=3 name=x enabled=false",
                ["mail/spare/x channel: - → 10.0.0.7:143 name=x weight=3 enabled=false"]
            ),
            (
                "create listener mail [::1]:7144 max-sessions=4",
                ["mail/2 listener: - → [::1]:7144 max-sessions=4"]
            ),
            (
                "create group mail/last 10.0.0.8:143 balance=least-connections",
                [
                    "mail/last group: - → 10.0.0.8:143 balance=least-connections",
                    "mail/last/0 channel: - → 10.0.0.8:143",
                ]
            ),
            (
                "create service web listen=127.0.0.1:7180 listen=127.0.0.1:7181 10.0.0.8:80 grace=5s",
                [
                    "web service: - → listen=127.0.0.1:7180 listen=127.0.0.1:7181 10.0.0.8:80",
                    "web grace: 1m → 5s", "web/0 listener: - → 127.0.0.1:7180",
                    "web/1 listener: - → 127.0.0.1:7181", "web/0 group: - → 10.0.0.8:80",
                    "web/0/0 channel: - → 10.0.0.8:80",
                ]
            ),
            ("remove main/0", ["mail/main/0 channel: 10.0.0.1:143 → -"]),
            ("remove mail/main/b", ["mail/main/b channel: 10.0.0.2:143 name=b weight=2 → -"]),
            (
                "remove spare",
                ["mail/spare group: 10.0.0.4:143 balance.policy=hash balance.failover=true → -"]
            ),
            (
                "remove listener mail/local",
                ["mail/local listener: unix:/run/mail.sock mode=0660 → -"]
            ),
        ])
    func change(line: String, expected: [String]) throws {
        #expect(try rows([line]) == expected)
    }

    @Test(
        "a mistake says what is wrong",
        arguments: [
            ("set main/0 wieght 3", "usage: “wieght” cannot be set there; did you mean “weight”?"),
            (
                "set main/0 weight heavy",
                "invalid: “weight”: invalid number “heavy”; write a whole number from 0 to 10000"
            ),
            ("set main/9 weight 1", "not-found: no channel, group or service “main/9”"),
            (
                "set main/0 name x",
                "usage: “name” cannot be set there; there are: address, weight, maxc, label, probe, probes, source, socket, proxy-protocol"
            ),
            ("set main/0", "usage: write set PATH KEY VALUE…"),
            (
                "set main slow-start 5s extra",
                "invalid: “slow-start”: invalid duration “5s extra”; write 500ms, 5s, 10m or 2h"
            ),
            (
                "set spare slow-start 5s",
                "invalid: mail/spare: “slow-start” has no effect with hash, which sends each client to its own channel; remove it, or choose another policy"
            ),
            (
                "set mail queue.size 5",
                "invalid: “queue” has no effect without overload: queue; add overload: queue"
            ),
            (
                "set main balance first key=source",
                "invalid: “key” means nothing to first; remove it"
            ),
            ("set main balance. 1", "usage: invalid key “balance.”"),
            ("create nowhere 10.0.0.1:1", "not-found: no group “nowhere”"),
            (
                "create main 10.0.0.1",
                "invalid: “10.0.0.1” names no port; write it as 10.0.0.1:PORT"
            ),
            (
                "create main 10.0.0.1:1 10.0.0.2:1",
                "usage: write create GROUP ADDRESS [KEY=VALUE …]"
            ),
            (
                "create main 10.0.0.1:1 name=b",
                "invalid: 10.0.0.1:1: two of the channels of this group are called “b”; the first is at mail/main/b; give one of them another name"
            ),
            (
                "create main 10.0.0.1:1 tls=yes",
                "invalid: “tls” cannot be set while things run; write it into the file, and reload"
            ),
            (
                "set main/0 tls.ca /x",
                "invalid: “tls” cannot be set while things run; write it into the file, and reload"
            ),
            (
                "set listener mail/0 tls.passphrase geheim",
                "invalid: “tls” cannot be set while things run; write it into the file, and reload"
            ),
            (
                "create listener mail 127.0.0.1:7143",
                "invalid: 127.0.0.1:7143: 127.0.0.1:7143 is listened on twice; it was taken at mail/0; keep one"
            ),
            (
                "create group other/x 10.0.0.1:1",
                "not-found: no service “other”; write SERVICE/NAME"
            ),
            ("create group mail/x", "invalid: mail/x: the group is empty; give it a channel"),
            (
                "create service web 10.0.0.1:1",
                "invalid: web: the service listens nowhere; add an address under “listen”"
            ),
            (
                "remove mail",
                "invalid: the configuration: there is no service; add one under “services”"
            ),
            ("remove spare/0", "invalid: mail/spare: the group is empty; give it a channel"),
            ("remove main/0 now", "usage: write remove PATH"),
            ("remove listener mail/9", "not-found: no listener “mail/9”"),
        ])
    func mistake(line: String, expected: String) throws {
        do throws(ConfigurationEdit.Failure) {
            var transaction = Transaction()
            guard let edit = try? Self.edit(line) else { throw .init(.internal, "no edit") }
            try transaction.append(.edit(edit))
            _ = try transaction.apply(to: before)
            Issue.record("“\(line)” was taken")
        } catch {
            #expect("\(error.code.rawValue): \(error.message)" == expected)
        }
    }

    @Test("several lines are judged together")
    func together() throws {
        let lines = [
            "create service web listen=127.0.0.1:7180", "create group web/a 10.1.0.1:80",
            "create web/a 10.1.0.2:80", "set web/a/1 weight 4", "remove web/a/0",
        ]
        let web = try #require(try apply(lines).services.last)
        #expect(web.groups[0].channels.map(\.name) == ["1"])
        #expect(web.groups[0].channels[0].weight == 4)
        #expect(throws: ConfigurationEdit.Failure.self) { try apply(Array(lines.prefix(1))) }
    }

    @Test("who had no name keeps its number when others go, and nobody else gets it")
    func numbers() throws {
        let after = try apply(["remove main/0", "create main 10.0.0.8:143"])
        #expect(after.services[0].groups[0].channels.map(\.name) == ["b", "2", "3"])
        let draft = ConfigurationDraft(of: after)
        #expect(ThingPath(draft: draft).things(at: "main/2") == [.channel(0, 0, 1)])
        #expect(ThingPath(draft: draft).things(at: "main/1").isEmpty)
        #expect(ThingPath(draft: draft).things(at: "main/0") == [.channel(0, 0, 0)])
    }
}

@Suite("The configuration, written")
struct ConfigurationTextTests {
    static let texts = [
        editedFile,
        """
        control: {socket: /tmp/x.sock, mode: "0660", group: root, environment: "null", admins: root,
                  operators: ["@root", 1001], viewers: ["@4", "7"], idle: never}
        workers: 3
        max-sessions: 5000
        privileges: {user: root, group: 7, chroot: /var/empty, keep-bind: true}
        metrics: {listen: {unix: /run/m, mode: "0640"}, statsd: {address: "127.0.0.1:8125", interval: 20s, prefix: x}}
        services:
          - listen: [{address: "*:80", when-empty: refuse, backlog: 7, max-sessions: 8, rate: 100/m, burst: 5,
                      access: "deny 10.0.0.7 reset, allow all", wait-for-bytes: 6,
                      route: [{sni: ["*.a.example", b.example], alpn: h2, group: p}, {first-bytes: ssh, service: "0"},
                              {first-bytes: "regex:^[A-Z]+ ", group: p}, {default: p}],
                      proxy-protocol: {accept-from: [10.0.0.0/8, unix]},
                      tls: {certificate: /c.pem, key: /k.pem, passphrase: "of: the # key", names: ["*.a.example", b.example],
                            staple: /s.der, min-version: 1.3, ciphers: "ECDHE+AESGCM:!aNULL", ciphersuites: TLS_AES_128_GCM_SHA256,
                            curves: "X25519:P-256", alpn: [h2, http/1.1], client-certificate: required, client-ca: /ca.pem,
                            crl: /crl.pem, ticket-lifetime: 1h, handshake-timeout: 3s, max-handshakes: 7,
                            unknown-name: refuse, require-close-notify: yes}},
                     {address: "*:81", tls: {certificates: [/a.pem, {certificate: /b.pem, passphrase: b, names: b.example}],
                                             tickets: no, max-version: 1.2, client-certificate: optional, client-ca: /x}},
                     {address: "*:82",
                      socket: {interface: eth0, mark: 7, dscp: 46, mptcp: yes, congestion: cubic, fast-open: yes,
                               defer-accept: 3s, keepalive-idle: 30s, keepalive-interval: 5s, keepalive-count: 3}}]
            grace: 5s
            grace-max: 20s
            failures: 3
            autodisable: true
            panic: true
            resolve: never
            when-empty: hold 1500ms
            on-remove: drain 90s
            max-sessions: 10
            per-source: {max: 3, rate: 10, prefix4: 24, prefix6: 48}
            overload: queue
            queue: {size: 5, timeout: 3s}
            timeouts: {connect: 250ms, idle: 1d, half-closed: 90s, dead-peer: 30s, client-hello: never}
            access: [{allow: [10.0.0.0/8, "::1"]}, {deny: all, action: tarpit 20s}, deny unix drop]
            source: [10.0.0.1, "2001:db8::7"]
            probe: {kind: connect, interval: 1s}
            probes: any
            groups:
              - socket: {dscp: 8}
                proxy-protocol: v1
                tls: {ca: /ca.pem, crl: /crl.pem, name: db.example, sni: client, alpn: client, certificate: /me.pem,
                      key: /me.key, passphrase-file: /pass, min-version: 1.3, curves: X25519, require-close-notify: yes}
                source: client
                channels: [db1:80, {unix: /run/a b, label: "- odd: \\"label\\"", enabled: no, tls: no},
                           {address: "db2:80", tls: yes}, {address: "db3:80", tls: {verify: no, sni: none, alpn: [h2]}},
                           {address: "db4:80", tls: {sni: x.example, certificate: /me.pem, passphrase-env: PASS,
                                                     ciphers: HIGH, ciphersuites: TLS_AES_256_GCM_SHA384}}]
                slow-start: 30s
                rebalance: 100
              - name: p
                balance: primary
                election: {check: /bin/true, triggers: /etc/t, prefer: previous, failback: auto,
                           on-change: close, while-electing: refuse, max-backoff: 5s}
                channels:
                  - {address: "[::1]:5432", name: "7", weight: 0, maxc: 9, probe: none, socket: {mark: 9},
                     proxy-protocol: [v2, unique-id, sni, alpn, client-certificate, crc32c]}
                  - address: 10.0.0.2:5432
                    probes: all
                    probe:
                      - kind: send-expect
                        steps: [{send: "hex:0d0a"}, {expect: "hex:0aff"}, {expect: "regex:^a.c$"},
                                {send: "\\\\x68ex:\\\\r\\\\n\\\\t\\\\\\\\ä"}]
                      - {kind: http, method: HEAD, path: /x, host: h, status: [200, 301-302], port: 81}
                      - {kind: script, command: /bin/false, timeout: 5s, rise: 1, fall: 9}
                      - {kind: redis-master, address: 10.0.0.9}
                      - {kind: postgres-primary, user: u, tls: yes}
                      - {kind: tls, port: 8443}
                      - {kind: http, tls: no}
              - balance: {policy: maglev, key: sni, max-load: 1.25, seed: 42}
                channels: ["10.0.0.1:1"]
        """,
    ]

    @Test("what is written is read back as it was", arguments: texts)
    func roundTrip(text: String) throws {
        let configuration = try ConfigurationFile.parse(text, name: "f")
        let written = ConfigurationText.yaml(configuration)
        #expect(try ConfigurationFile.parse(written, name: "g") == configuration, "\(written)")
    }

    @Test("a change of one thing leaves everything else as it is", arguments: texts)
    func draft(text: String) throws {
        let configuration = try ConfigurationFile.parse(text, name: "f")
        #expect(try Transaction().apply(to: configuration) == configuration)
    }

    @Test("what was changed is written and read back, too")
    func afterChanges() throws {
        let before = try ConfigurationFile.parse(editedFile, name: "f")
        var transaction = Transaction()
        try transaction.append(
            .edit(ConfigurationEdit(verb: .remove, words: ["mail/main/0"])))
        try transaction.append(
            .edit(ConfigurationEdit(verb: .set, words: ["mail", "probe", "connect"])))
        let after = try transaction.apply(to: before)
        #expect(after.services[0].groups[0].channels[0].probes.probes.count == 1)
        let written = ConfigurationText.yaml(after)
        #expect(try ConfigurationFile.parse(written, name: "g") == after, "\(written)")
    }

    @Test("only what differs from the defaults is written")
    func short() throws {
        let text = """
            services:
            - name: s
              listen:
              - address: "127.0.0.1:80"
              groups:
              - channels:
                - address: "10.0.0.1:80"

            """
        let configuration = try ConfigurationFile.parse(text, name: "f")
        #expect(ConfigurationText.yaml(configuration) == text)
    }
}

@Suite("A file beside what runs")
struct AlignmentTests {
    private func channels(_ list: String) throws -> Configuration {
        try ConfigurationFile.parse(
            "services: [{name: s, listen: [\"127.0.0.1:1\"], channels: [\(list)]}]", name: "f")
    }

    @Test(
        "who has no name is known by its address",
        arguments: [
            ("a:1, b:1, c:1", "a:1, c:1", ["0", "2"]),
            ("a:1, b:1, c:1", "c:1, a:1", ["2", "0"]),
            ("a:1, b:1", "a:1, x:1, b:1", ["0", "2", "1"]),
            ("a:1, b:1", "a:1, x:1", ["0", "1"]),
            ("a:1, a:1", "a:1", ["0"]),
            ("a:1, b:1", "a:1, {address: \"b:1\", name: b}", ["0", "b"]),
            ("{address: \"a:1\", name: x}, b:1", "b:1, {address: \"a:1\", name: x}", ["1", "x"]),
        ])
    func names(running: String, file: String, expected: [String]) throws {
        let aligned = Alignment.aligned(try channels(file), to: try channels(running))
        #expect(aligned.services[0].groups[0].channels.map(\.name) == expected)
    }

    @Test("the order of those that stay is a difference of its own")
    func order() throws {
        let running = try channels("a:1, b:1")
        let aligned = Alignment.aligned(try channels("b:1, a:1"), to: running)
        #expect(
            ConfigurationDifference(from: running, to: aligned).rows == [
                .init(kind: .group, path: "s/0", field: "channels", from: "0 1", to: "1 0")
            ])
    }
}

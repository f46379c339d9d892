import Shared
import Testing

@testable import proxyd

@Suite("TLS in the configuration file")
struct TLSReaderTests {
    private static func listening(_ tls: String) -> String {
        "services: [{listen: [{address: \"*:1\", tls: \n\(tls)\n}], channels: [\"a:1\"]}]"
    }

    private static func listener(_ tls: String) throws -> TLSListenerConfiguration {
        let configuration = try ConfigurationFile.parse(listening(tls), name: "f")
        return try #require(configuration.services[0].listeners[0].tls)
    }

    private static func diagnostics(_ text: String) -> [String] {
        do throws(ConfigurationErrors) {
            _ = try ConfigurationFile.parse(text, name: "f")
            return []
        } catch {
            return error.errors.map(\.description)
        }
    }

    @Test("a certificate alone has everything else by default")
    func shortest() throws {
        let tls = try Self.listener("{certificate: /c.pem}")
        #expect(
            tls
                == TLSListenerConfiguration(
                    certificates: [CertificateConfiguration(certificate: "/c.pem")]))
        #expect(tls.versions == TLSVersions(least: .v12, most: .v13))
        #expect(tls.tickets && tls.clientCertificate == .none)
    }

    @Test("every key of a listener is read")
    func whole() throws {
        let tls = try Self.listener(
            """
            {certificate: /c.pem, key: /k.pem, passphrase: geheim, names: [WWW.Example.com, "*.example.org"],
             staple: /s.der, min-version: 1.2, max-version: "1.3", ciphers: HIGH, ciphersuites: TLS_AES_128_GCM_SHA256,
             curves: X25519, alpn: [h2, http/1.1], client-certificate: optional, client-ca: /ca.pem, crl: /crl.pem,
             tickets: yes, ticket-lifetime: 6h, handshake-timeout: 3s, max-handshakes: 100, unknown-name: refuse,
             require-close-notify: yes}
            """)
        var expected = TLSListenerConfiguration()
        expected.certificates = [
            CertificateConfiguration(
                certificate: "/c.pem", key: "/k.pem", passphrase: .text(Secret("geheim")),
                names: ["www.example.com", "*.example.org"], staple: "/s.der")
        ]
        expected.ciphers = TLSCiphers(
            ciphers: "HIGH", suites: "TLS_AES_128_GCM_SHA256", curves: "X25519")
        expected.alpn = ["h2", "http/1.1"]
        expected.clientCertificate = .optional
        expected.clientCA = "/ca.pem"
        expected.revoked = "/crl.pem"
        expected.ticketLifetime = .seconds(6 * 3600)
        expected.handshakeTimeout = .seconds(3)
        expected.maxHandshakes = 100
        expected.unknownName = .refuse
        expected.requiresCloseNotify = true
        #expect(tls == expected)
    }

    @Test(
        "several certificates, with or without keys of their own",
        arguments: [
            "{certificate: [/a.pem, /b.pem]}", "{certificates: [/a.pem, /b.pem]}",
            "{certificates: [{certificate: /a.pem}, /b.pem]}",
        ])
    func several(text: String) throws {
        #expect(try Self.listener(text).certificates.map(\.certificate) == ["/a.pem", "/b.pem"])
    }

    @Test("a passphrase comes from the file, from another one, or from the environment")
    func passphrases() throws {
        let tls = try Self.listener(
            """
            {certificates: [{certificate: /a, passphrase: x}, {certificate: /b, passphrase-file: /p},
                            {certificate: /c, passphrase-env: PASS_1, names: c.example}]}
            """)
        #expect(
            tls.certificates.map(\.passphrase) == [
                .text(Secret("x")), .file("/p"), .environment("PASS_1"),
            ])
        #expect(tls.certificates.last?.names == ["c.example"])
    }

    /// In a listener, on a line of its own: column 1 of line 2.
    @Test(
        "mistakes of a listener",
        arguments: [
            (
                "yes",
                "2:1: “tls” of a listener is a text, and a certificate is needed; write tls: {certificate: /path/of/certificate.pem}"
            ),
            (
                "{alpn: h2}",
                "2:1: “tls” of a listener has no certificate; add certificate: /path/of/certificate.pem"
            ),
            ("{cert: /c}", "2:2: unknown key “cert” in a listener's tls; "),
            (
                "{certifcate: /c}",
                "2:2: unknown key “certifcate” in a listener's tls; did you mean “certificate”?"
            ),
            (
                "{certificate: c.pem}",
                "2:15: “certificate”: invalid path “c.pem”; begin it with “/”"
            ),
            (
                "{certificate: /c, certificates: [/d]}",
                "2:33: “tls” has “certificate” and “certificates”; put all of them into “certificates”"
            ),
            ("{certificates: []}", "2:16: “certificates” has 0 certificates; write 1 to 1000"),
            (
                "{certificates: [/a, /b], key: /k}",
                "2:31: “key” is of one certificate, and there is a list of them; write it into the list, beside its certificate"
            ),
            (
                "{certificates: [{key: /k}]}",
                "2:17: a certificate has no file; add certificate: /path/of/certificate.pem"
            ),
            (
                "{certificate: /c, passphrase: geheim, passphrase-file: /p}",
                "2:56: a key has “passphrase” and “passphrase-file”; keep one of the two"
            ),
            (
                "{certificate: /c, passphrase: (hidden)}",
                "2:31: “passphrase” is (hidden), which stands for one that was not shown; write the passphrase itself, or use passphrase-file"
            ),
            (
                "{certificate: /c, passphrase-env: \"ge heim\"}",
                "2:35: “passphrase-env” names no variable of the environment; write it as PROXYD_PASSPHRASE"
            ),
            (
                "{certificate: /c, names: [\"a.*.example\"]}",
                "2:27: “names”: invalid server name “a.*.example”; write www.example.com, or *.example.com for every name below it"
            ),
            (
                "{certificate: /c, names: 10.0.0.1}",
                "2:26: “names” has “10.0.0.1”, but clients ask for names only, not for addresses; leave it out"
            ),
            (
                "{certificate: /c, names: [a.example, A.example]}",
                "2:26: “names” has “a.example” twice; keep one of them"
            ),
            (
                "{certificate: /c, min-version: 1.1}",
                "2:32: “min-version” is “1.1”, which is broken and not spoken; write 1.2 or 1.3"
            ),
            (
                "{certificate: /c, max-version: TLSv1.3}",
                "2:32: “max-version”: invalid TLS version “TLSv1.3”; write 1.2 or 1.3"
            ),
            (
                "{certificate: /c, min-version: 1.3, max-version: 1.2}",
                "2:32: “min-version” is 1.3, and “max-version” 1.2; no version is left; swap them, or leave one out"
            ),
            (
                "{certificate: /c, ciphers: \"A B\"}",
                "2:28: “ciphers” is empty, too long or has spaces; write names with “:” between them"
            ),
            (
                "{certificate: /c, alpn: [\"\"]}",
                "2:26: “alpn”: invalid protocol “”; write h2 or http/1.1"
            ),
            (
                "{certificate: /c, alpn: [h2, h2]}",
                "2:25: “alpn” has “h2” twice; keep one of them"
            ),
            (
                "{certificate: /c, client-certificate: maybe}",
                "2:39: “client-certificate” is “maybe”, which is unknown; write none, optional or required"
            ),
            (
                "{certificate: /c, client-certificate: required}",
                "2:39: “client-certificate” is required, but not whose are good; add client-ca: /path/of/authorities.pem"
            ),
            (
                "{certificate: /c, client-ca: /ca}",
                "2:30: “client-ca” is about certificates of clients, and none is asked for; add client-certificate: required, or optional"
            ),
            (
                "{certificate: /c, tickets: no, ticket-lifetime: 1h}",
                "2:49: “ticket-lifetime” means nothing without tickets; remove it, or tickets: no"
            ),
            (
                "{certificate: /c, ticket-lifetime: 8d}",
                "2:36: “ticket-lifetime” is 8d, which is too long; write at most 7"
            ),
            (
                "{certificate: /c, max-handshakes: 0}",
                "2:35: “max-handshakes” is 0, which is out of range"
            ),
        ])
    func listenerMistakes(tls: String, expected: String) {
        let diagnostics = Self.diagnostics(Self.listening(tls))
        #expect(diagnostics.count == 1, "\(diagnostics)")
        #expect(diagnostics.first?.hasPrefix("f:" + expected) == true, "\(diagnostics)")
        #expect(!diagnostics.contains { $0.contains("heim") }, "a secret is told: \(diagnostics)")
    }

    // MARK: Channels

    private static func connecting(_ tls: String) -> String {
        "services: [{listen: [\"*:1\"], channels: [{address: \"a:1\", tls: \n\(tls)\n}]}]"
    }

    @Test("a channel has its own, its group's, or none")
    func inherited() throws {
        let text = """
            services:
            - listen: ["*:1"]
              groups:
              - tls: {ca: /ca.pem}
                channels: ["a:1", {address: "b:1", tls: no}, {address: "c:1", tls: yes},
                           {address: "d:1", tls: {verify: no}}]
              - channels: ["e:1"]
            """
        let groups = try ConfigurationFile.parse(text, name: "f").services[0].groups
        let own = TLSChannelConfiguration()
        var unverified = own
        unverified.verifies = false
        var ofGroup = own
        ofGroup.ca = "/ca.pem"
        #expect(groups[0].channels.map(\.tls) == [ofGroup, nil, own, unverified])
        #expect(groups[0].channels.map(\.ownTLS) == [nil, .no, .yes(own), .yes(unverified)])
        #expect(groups[1].channels.map(\.tls) == [nil])
    }

    @Test("every key of a channel is read")
    func channel() throws {
        let text = Self.connecting(
            """
            {verify: yes, ca: /ca, crl: /crl, name: DB.example, sni: other.example, alpn: [h2], certificate: /me,
             key: /k, passphrase-env: P, min-version: 1.3, ciphersuites: TLS_AES_256_GCM_SHA384, require-close-notify: on}
            """)
        let read = try ConfigurationFile.parse(text, name: "f").services[0].groups[0].channels[0]
        var expected = TLSChannelConfiguration()
        (expected.ca, expected.revoked, expected.name) = ("/ca", "/crl", "db.example")
        expected.serverName = .name("other.example")
        expected.alpn = .list(["h2"])
        expected.certificate = CertificateConfiguration(
            certificate: "/me", key: "/k", passphrase: .environment("P"))
        expected.versions.least = .v13
        expected.ciphers.suites = "TLS_AES_256_GCM_SHA384"
        expected.requiresCloseNotify = true
        #expect(read.tls == expected)
    }

    @Test(
        "what is asked for and offered",
        arguments: [
            ("{sni: none}", TLSChannelConfiguration(serverName: .none)),
            ("{sni: client}", TLSChannelConfiguration(serverName: .client)),
            ("{alpn: client}", TLSChannelConfiguration(alpn: .client)),
            ("{alpn: h2}", TLSChannelConfiguration(alpn: .list(["h2"]))),
            ("{name: 10.0.0.1}", TLSChannelConfiguration(name: "10.0.0.1")),
            ("{name: \"2001:DB8::1\"}", TLSChannelConfiguration(name: "2001:db8::1")),
            ("{}", TLSChannelConfiguration()),
        ])
    func choices(tls: String, expected: TLSChannelConfiguration) throws {
        let read = try ConfigurationFile.parse(Self.connecting(tls), name: "f")
        #expect(read.services[0].groups[0].channels[0].tls == expected)
    }

    @Test(
        "mistakes of a channel",
        arguments: [
            (
                "maybe",
                "2:1: “tls” is “maybe”, which says neither; write yes, no, or a map, as in {ca: /path}"
            ),
            ("[]", "2:1: “tls” is a list, not a single value"),
            (
                "{verify: no, ca: /ca}",
                "2:18: “ca” says which certificates are good, and with verify: no all are; remove one of the two"
            ),
            ("{key: /k}", "2:7: “key” is there without a certificate; add certificate: "),
            (
                "{name: \"*.example\"}",
                "2:8: “name”: invalid host name “*.example”; write it as www.example.com"
            ),
            (
                "{sni: 10.0.0.1}",
                "2:7: “sni” is “10.0.0.1”, and addresses are not asked for by name; write none, client, or a host name"
            ),
            (
                "{names: a.example}",
                "2:2: unknown key “names” in a channel's tls; did you mean “name”?"
            ),
            (
                "{tickets: no}",
                "2:2: unknown key “tickets” in a channel's tls; it belongs in a listener's tls"
            ),
        ])
    func channelMistakes(tls: String, expected: String) {
        let diagnostics = Self.diagnostics(Self.connecting(tls))
        #expect(diagnostics.count == 1, "\(diagnostics)")
        #expect(diagnostics.first?.hasPrefix("f:" + expected) == true, "\(diagnostics)")
    }

    @Test("a Unix socket's certificate needs a name to be for")
    func unix() {
        func text(_ tls: String) -> String {
            "services: [{listen: [\"*:1\"], groups: [{tls: \(tls), channels: [{unix: /run/x}]}]}]"
        }
        #expect(
            Self.diagnostics(text("yes")) == [
                "f:1:61: unix:/run/x has no name that its certificate could be for; add “name” to its “tls”, or verify: no"
            ])
        #expect(Self.diagnostics(text("{name: x.example}")).isEmpty)
        #expect(Self.diagnostics(text("{verify: no}")).isEmpty)
    }

    // MARK: Secrets

    private static func configuration(_ passphrase: String) throws -> Configuration {
        try ConfigurationFile.parse(
            """
            services:
            - name: s
              listen: [{address: "*:1", tls: {certificate: /c, passphrase: \(passphrase)}},
                       {address: "*:2", tls: {certificates: [/a, {certificate: /b, passphrase: \(passphrase)}]}}]
              groups: [{tls: {certificate: /me, passphrase: \(passphrase)},
                        channels: ["a:1", {address: "b:1", tls: {certificate: /me, passphrase: \(passphrase)}}]}]
            """, name: "f")
    }

    @Test("people never see a passphrase; the file that is read again has it")
    func hidden() throws {
        let configuration = try Self.configuration("geheim")
        let shown = ConfigurationText.shown(configuration)
        #expect(!shown.contains("geheim"))
        #expect(shown.split(separator: "(hidden)", omittingEmptySubsequences: false).count == 5)
        let saved = ConfigurationText.yaml(configuration)
        #expect(!saved.contains("!secret"))
        #expect(try ConfigurationFile.parse(saved, name: "g") == configuration)
        var dumped = ""
        dump(configuration, to: &dumped)
        #expect(!dumped.contains("geheim"))
        #expect(!"\(configuration)".contains("geheim"))
        #expect(!String(reflecting: configuration).contains("geheim"))
    }

    @Test("another passphrase is a difference, and neither is told")
    func difference() throws {
        let (old, new) = (try Self.configuration("geheim"), try Self.configuration("vertraulich"))
        let rows = ConfigurationDifference(from: old, to: new).rows
        #expect(
            rows.map { "\($0.path) \($0.field): \($0.from ?? "-") → \($0.to ?? "-")" } == [
                "s/0 tls.passphrase: (hidden) → (hidden), another one",
                "s/1 tls.certificates: [{certificate: /a}, {certificate: /b, passphrase: (hidden)}] → "
                    + "[{certificate: /a}, {certificate: /b, passphrase: (hidden)}], another one",
                "s/0 tls.passphrase: (hidden) → (hidden), another one",
                "s/0/1 tls.passphrase: (hidden) → (hidden), another one",
            ])
        #expect(ConfigurationDifference(from: old, to: old).isEmpty)
    }

    @Test("what comes and goes is told without it, too")
    func createdAndRemoved() throws {
        let bare = try ConfigurationFile.parse(
            "services: [{name: x, listen: [\"*:9\"], channels: [\"a:1\"]}]", name: "f")
        let whole = try Self.configuration("geheim")
        for rows in [
            ConfigurationDifference(from: bare, to: whole).rows,
            ConfigurationDifference(from: whole, to: bare).rows,
        ] {
            #expect(!rows.isEmpty)
            #expect(!"\(rows)".contains("geheim"))
        }
    }

    @Test("what is set beside a passphrase leaves it as it is")
    func setBeside() throws {
        var expected = try Self.configuration("geheim")
        var transaction = Transaction()
        for (verb, words) in [
            (ConfigurationEdit.Verb.setListener, ["s/0", "backlog", "7"]),
            (.set, ["s/0", "max-sessions", "9"]), (.set, ["s/0/1", "weight", "3"]),
        ] {
            try transaction.append(.edit(ConfigurationEdit(verb: verb, words: words)))
        }
        let changed = try transaction.apply(to: expected)
        expected.services[0].listeners[0].backlog = 7
        expected.services[0].groups[0].maxSessions = 9
        expected.services[0].groups[0].channels[1].weight = 3
        #expect(changed == expected)
    }

    @Test("TLS that is switched on is a difference")
    func switchedOn() throws {
        func channel(_ keys: String) throws -> Configuration {
            try ConfigurationFile.parse(
                "services: [{name: s, listen: [\"*:1\"], channels: [{address: \"a:1\"\(keys)}]}]",
                name: "f")
        }
        let rows = ConfigurationDifference(from: try channel(""), to: try channel(", tls: yes"))
            .rows
        #expect(rows.contains { $0.field == "tls.verify" && $0.from == nil && $0.to == "true" })
    }
}

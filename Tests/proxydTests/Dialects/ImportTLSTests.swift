import Shared
import Testing

@testable import proxyd

/// What HAProxy's and nginx's files say of TLS, and of where it leads.
@Suite("imports of TLS")
struct ImportTLSTests {
    private static func plan(
        _ dialect: DialectName, _ text: String, kinds: [String: HostEnvironment.Kind] = [:],
        files: [String] = []
    ) throws -> DialectPlan {
        var more: [String: String] = ["f": text]
        for file in files { more[file] = "" }
        var hostEnvironment = HostEnvironment.with(more)
        hostEnvironment.kind = {
            kinds[$0] ?? (files.contains($0) ? .file(isExecutable: false) : nil)
        }
        return try DialectCall(dialect, ["f"]).plan(in: hostEnvironment)
    }

    private static func told(_ plan: DialectPlan) -> [String] {
        plan.notes.map { "\($0.subject): \($0.text)" }
    }

    // MARK: HAProxy

    private static func haproxy(
        bind: String = "", server: String = "", global: String = "", files: [String] = [],
        kinds: [String: HostEnvironment.Kind] = [:]
    ) throws -> (plan: DialectPlan, service: ServiceConfiguration?) {
        let text = """
            global
             \(global)
            listen l
             bind :443 \(bind)
             bind :80
             server a db.example:1 \(server)
             server b 10.0.0.2:1
            """
        let plan = try plan(.haproxy, text, kinds: kinds, files: files)
        return (plan, plan.configuration.services.first)
    }

    @Test("HAProxy: bind … ssl with everything that it knows")
    func bind() throws {
        let (plan, service) = try Self.haproxy(
            bind: """
                ssl crt a.pem crt /b.pem alpn h2,http/1.1 ca-file ca.pem verify required crl-file /crl.pem \
                ciphers HIGH ciphersuites TLS_AES_128_GCM_SHA256 curves X25519 ssl-min-ver TLSv1.3 strict-sni \
                no-sslv3 no-tls-tickets
                """, global: "crt-base /etc/c\n ca-base /etc/a",
            files: ["/etc/c/a.pem.key", "/b.pem.ocsp"])
        let listeners = try #require(service?.listeners)
        let tls = try #require(listeners[0].tls)
        #expect(
            tls.certificates == [
                CertificateConfiguration(certificate: "/etc/c/a.pem", key: "/etc/c/a.pem.key"),
                CertificateConfiguration(certificate: "/b.pem", staple: "/b.pem.ocsp"),
            ])
        #expect(tls.alpn == ["h2", "http/1.1"])
        #expect(tls.clientCertificate == .required)
        #expect((tls.clientCA, tls.revoked) == ("/etc/a/ca.pem", "/crl.pem"))
        #expect(
            tls.ciphers
                == TLSCiphers(ciphers: "HIGH", suites: "TLS_AES_128_GCM_SHA256", curves: "X25519"))
        #expect(tls.versions == TLSVersions(least: .v13, most: .v13))
        #expect(tls.unknownName == .refuse)
        #expect(!tls.tickets)
        #expect(listeners[1].tls == nil)
        #expect(plan.notes.isEmpty, "\(plan.notes)")
    }

    @Test("HAProxy: what global says counts where a line says nothing")
    func defaults() throws {
        let global = """
            ssl-default-bind-ciphers HIGH
             ssl-default-bind-options ssl-min-ver TLSv1.3 no-tls-tickets prefer-client-ciphers
             ssl-default-server-ciphersuites TLS_AES_256_GCM_SHA384
             ssl-server-verify none
            """
        let (plan, service) = try Self.haproxy(
            bind: "ssl crt /c.pem ciphers LOW", server: "ssl", global: global)
        let tls = try #require(service?.listeners[0].tls)
        #expect(tls.ciphers.ciphers == "LOW")
        #expect(tls.versions.least == .v13)
        #expect(!tls.tickets)
        let channel = try #require(service?.groups[0].channels[0].tls)
        #expect(!channel.verifies)
        #expect(channel.ciphers.suites == "TLS_AES_256_GCM_SHA384")
        #expect(Self.told(plan).contains { $0.contains("prefer-client-ciphers: not carried over") })
    }

    @Test("HAProxy: a folder is the certificates that are in it")
    func folder() throws {
        let (_, service) = try Self.haproxy(
            bind: "ssl crt /c/", files: ["/c/a.pem", "/c/a.pem.key", "/c/b.pem", "/c/b.pem.ocsp"],
            kinds: ["/c/": .folder])
        #expect(
            service?.listeners[0].tls?.certificates == [
                CertificateConfiguration(certificate: "/c/a.pem", key: "/c/a.pem.key"),
                CertificateConfiguration(certificate: "/c/b.pem", staple: "/c/b.pem.ocsp"),
            ])
    }

    @Test(
        "HAProxy: a list of certificates with their names",
        arguments: [
            ("/a.pem\n# x\n\nb.pem x.example *.x.example\n/c.pem *", nil),
            ("/a.pem [alpn h2]", "has “[…]” or “!” (/a.pem)"),
            ("/a.pem !x.example", "has “[…]”"), ("/a.pem a.*.b", "a malformed name"),
            ("", "no certificate"),
        ] as [(String, String?)])
    func list(text: String, problem: String?) throws {
        let file =
            "global\n crt-base /base\nlisten l\n bind :1 ssl crt-list /l\n bind :2\n server a 1.1.1.1:1"
        let plan = try DialectCall(.haproxy, ["f"]).plan(in: .with(["f": file, "/l": text]))
        let tls = plan.configuration.services[0].listeners[0].tls
        guard let problem else {
            #expect(
                tls?.certificates == [
                    CertificateConfiguration(certificate: "/a.pem"),
                    CertificateConfiguration(
                        certificate: "/base/b.pem", names: ["x.example", "*.x.example"]),
                    CertificateConfiguration(certificate: "/c.pem"),
                ])
            return
        }
        #expect(tls == nil)
        #expect(Self.told(plan).contains { $0.contains(problem) }, "\(Self.told(plan))")
    }

    @Test(
        "HAProxy: what cannot be as it says is left out, and never in the clear",
        arguments: [
            ("ssl", "no certificate"), ("ssl crt-list /none", "crt-list /none cannot"),
            ("ssl crt /c verify required", "no ca-file"),
            ("ssl crt /c ssl-max-ver TLSv1.1", "an older one"), ("ssl crt @x/y", "is not a file"),
            ("ssl crt /c force-tlsv10", "an older one"),
            ("ssl crt /c ssl-min-ver TLSv1.3 ssl-max-ver TLSv1.2", "no version of TLS is left"),
        ])
    func notInTheClear(bind: String, words: String) throws {
        let (plan, service) = try Self.haproxy(bind: bind)
        #expect(service?.listeners.map { "\($0.endpoint)" } == ["0.0.0.0:80"])
        let told = Self.told(plan)
        #expect(
            told.contains {
                $0.hasPrefix("f:4: ") && $0.contains(words) && $0.hasSuffix("in the clear")
            }, "\(told)")
    }

    @Test(
        "HAProxy: server … ssl",
        arguments: [
            ("ssl verify none", TLSChannelConfiguration(verifies: false)),
            ("ssl verify none ca-file /ca", TLSChannelConfiguration(verifies: false)),
            (
                "ssl verify required ca-file /ca verifyhost x.example",
                TLSChannelConfiguration(ca: "/ca", name: "x.example")
            ),
            (
                "ssl verify required ca-file @system-ca sni str(y.example) alpn h2",
                TLSChannelConfiguration(
                    name: "y.example", serverName: .name("y.example"), alpn: .list(["h2"]))
            ),
            (
                "ssl verify none sni req.ssl_sni crt /me.pem",
                TLSChannelConfiguration(
                    verifies: false, serverName: .client,
                    certificate: CertificateConfiguration(certificate: "/me.pem"))
            ),
            ("ssl", TLSChannelConfiguration()),
        ])
    func server(words: String, expected: TLSChannelConfiguration) throws {
        let (plan, service) = try Self.haproxy(server: words)
        #expect(service?.groups[0].channels.map(\.tls) == [expected, nil])
        let isTold = Self.told(plan).contains { $0.contains("has to be for the host of") }
        #expect(isTold == (expected.verifies && expected.name == nil))
    }

    @Test("HAProxy: a server that cannot have its TLS is left out")
    func serverLeftOut() throws {
        let (plan, service) = try Self.haproxy(server: "ssl sni rand")
        #expect(service?.groups[0].channels.map(\.name) == ["b"])
        #expect(Self.told(plan).contains { $0.contains("sni rand is not understood; it is left") })
    }

    @Test(
        "HAProxy: what checks do",
        arguments: [
            ("ssl verify none check", nil), ("ssl verify none check port 81", false),
            ("ssl verify none check port 81 check-ssl", true), ("check check-ssl", true),
            ("check", nil),
        ] as [(String, Bool?)])
    func checks(words: String, expected: Bool?) throws {
        let (_, service) = try Self.haproxy(server: words)
        let probe = try #require(service?.groups[0].channels[0].probes.probes.first)
        #expect(probe.usesTLS == expected)
    }

    private static let routed = """
        defaults
         mode tcp
        frontend f
         bind :443
         tcp-request inspect-delay 3s
         tcp-request content accept if { req_ssl_hello_type 1 }
         acl is_a req_ssl_sni -i A.example
         acl is_a req.ssl_sni -m end .a.example
         acl h2 req.ssl_alpn h2
         acl office src 10.0.0.0/8
         use_backend a if is_a h2
         use_backend b if { req.ssl_sni,lower b.example } or { ssl_fc_sni_end b.example }
         use_backend c if office
         default_backend d
        backend a
         server s 10.0.0.1:443
        backend b
         server s 10.0.0.2:443
         server t 10.0.0.3:443 backup
        backend c
         server s 10.0.0.4:443
        backend d
         server s 10.0.0.5:443
        """

    @Test("HAProxy: use_backend by server name is a route")
    func routes() throws {
        let plan = try Self.plan(.haproxy, Self.routed)
        let service = plan.configuration.services[0]
        #expect(service.groups.map(\.name) == ["a", "b", "d"])
        #expect(service.timeouts.clientHello == .seconds(3))
        #expect(
            service.listeners[0].route == [
                RouteRule(
                    conditions: [.serverName(["a.example"]), .alpn(["h2"])], target: .group("a")),
                RouteRule(
                    conditions: [.serverName(["*.a.example"]), .alpn(["h2"])], target: .group("a")),
                RouteRule(conditions: [.serverName(["b.example"])], target: .group("b")),
                RouteRule(
                    conditions: [.serverName(["b.example", "*.b.example"])], target: .group("b")),
                RouteRule(target: .group("d")),
            ])
        let told = Self.told(plan)
        for line in [
            "f:6: tcp-request content accept if { req_ssl_hello_type 1 }: not needed",
            "f:10: acl office src 10.0.0.0/8: not carried over",
            "f:13: use_backend c if office: not carried over: its clients go where",
            "f:17: backup servers of b: a route leads to one group",
        ] {
            #expect(told.contains { $0.hasPrefix(line) }, "\(line) in \(told)")
        }
    }

    @Test("HAProxy: without a default those whom no rule fits are closed, as there")
    func withoutDefault() throws {
        let text = """
            frontend f
             bind :443
             use_backend a if { req_ssl_sni a.example }
            backend a
             server s 10.0.0.1:443
            """
        let service = try Self.plan(.haproxy, text).configuration.services[0]
        #expect(
            service.listeners[0].route == [
                RouteRule(conditions: [.serverName(["a.example"])], target: .group("a"))
            ])
    }

    @Test(
        "HAProxy: conditions that are not understood are told",
        arguments: [
            "if !is_a", "unless is_a", "if { req_ssl_sni -m beg a }", "if { req_ssl_sni -f /x }",
            "if { req_ssl_sni a b*c }", "if nothing", "if", "if is_a or", "if { req_ssl_sni a",
            "if { req_ssl_sni -m }",
        ])
    func conditions(words: String) throws {
        let text = """
            frontend f
             bind :443
             acl is_a req_ssl_sni a.example
             use_backend a \(words)
             default_backend a
            backend a
             server s 10.0.0.1:443
            """
        let plan = try Self.plan(.haproxy, text)
        #expect(plan.configuration.services[0].listeners[0].route.isEmpty)
        #expect(Self.told(plan).contains { $0.hasPrefix("f:4: use_backend a \(words): not carr") })
    }

    // MARK: nginx

    private static func nginx(_ server: String, _ stream: String = "") throws -> (
        plan: DialectPlan, service: ServiceConfiguration
    ) {
        let text =
            "stream { \(stream)\n upstream up { server 10.0.0.1:1; }\n server { listen 80; proxy_pass up; \n\(server)\n} }"
        let plan = try plan(.nginx, text)
        return (plan, plan.configuration.services[0])
    }

    @Test("nginx: listen … ssl with everything that it knows")
    func nginxListen() throws {
        let (plan, service) = try Self.nginx(
            """
            listen 443 ssl; ssl_certificate c/a.pem; ssl_certificate_key c/a.key; ssl_certificate /b.pem;
            ssl_certificate_key /b.key; ssl_password_file /pass; ssl_protocols TLSv1.1 TLSv1.2; ssl_ciphers HIGH;
            ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256; ssl_ecdh_curve X25519:prime256v1; ssl_alpn h2 imap;
            ssl_client_certificate /ca.pem; ssl_verify_client optional; ssl_crl /crl.pem; ssl_session_tickets on;
            ssl_session_timeout 1h; ssl_handshake_timeout 5s; ssl_prefer_server_ciphers on; ssl_dhparam /dh;
            """, "ssl_certificate /z.pem; ssl_certificate_key /z.key;")
        #expect(service.listeners.map { $0.tls != nil } == [false, true])
        let tls = try #require(service.listeners[1].tls)
        #expect(
            tls.certificates == [
                CertificateConfiguration(
                    certificate: "/here/./c/a.pem", key: "/here/./c/a.key",
                    passphrase: .file("/pass")),
                CertificateConfiguration(
                    certificate: "/b.pem", key: "/b.key", passphrase: .file("/pass")),
            ])
        #expect(tls.versions == TLSVersions(least: .v12, most: .v12))
        #expect(
            tls.ciphers
                == TLSCiphers(
                    ciphers: "HIGH", suites: "TLS_AES_128_GCM_SHA256", curves: "X25519:prime256v1"))
        #expect(tls.alpn == ["h2", "imap"])
        #expect(tls.clientCertificate == .optional)
        #expect((tls.clientCA, tls.revoked) == ("/ca.pem", "/crl.pem"))
        #expect(tls.ticketLifetime == .seconds(3600))
        #expect(tls.handshakeTimeout == .seconds(5))
        let told = Self.told(plan)
        for words in [
            "ssl_prefer_server_ciphers on;: not needed", "ssl_dhparam /dh;: not carried over",
            "nothing older",
        ] {
            #expect(told.contains { $0.contains(words) }, "\(words) in \(told)")
        }
    }

    @Test(
        "nginx: a listener that cannot have its TLS is left out",
        arguments: [
            ("", "no ssl_certificate"), ("ssl_certificate /a;", "needs an ssl_certificate_key"),
            ("ssl_certificate $x; ssl_certificate_key /k;", "is not a file"),
            ("ssl_certificate /a; ssl_certificate_key engine:x;", "is not a file"),
            (
                "ssl_certificate /a; ssl_certificate_key /k; ssl_verify_client on;",
                "no ssl_client_certificate"
            ),
            (
                "ssl_certificate /a; ssl_certificate_key /k; ssl_protocols TLSv1;",
                "TLS 1.2 and 1.3 are spoken"
            ),
        ])
    func nginxNotInTheClear(lines: String, words: String) throws {
        let (plan, service) = try Self.nginx("listen 443 ssl; " + lines)
        #expect(service.listeners.map { "\($0.endpoint)" } == ["0.0.0.0:80"])
        let told = Self.told(plan)
        #expect(
            told.contains { $0.contains(words) && $0.hasSuffix("in the clear") }, "\(told)")
    }

    @Test(
        "nginx: proxy_ssl",
        arguments: [
            (
                "proxy_ssl on;",
                TLSChannelConfiguration(verifies: false, name: "up", serverName: .none)
            ),
            (
                "proxy_ssl on; proxy_ssl_verify on; proxy_ssl_trusted_certificate /ca; proxy_ssl_name x.example; proxy_ssl_server_name on;",
                TLSChannelConfiguration(ca: "/ca", name: "x.example")
            ),
            (
                "proxy_ssl on; proxy_ssl_certificate /me; proxy_ssl_certificate_key /k; proxy_ssl_alpn h2; proxy_ssl_protocols TLSv1.3;",
                TLSChannelConfiguration(
                    verifies: false, name: "up", serverName: .none, alpn: .list(["h2"]),
                    certificate: CertificateConfiguration(certificate: "/me", key: "/k"),
                    versions: TLSVersions(least: .v13, most: .v13))
            ),
            (
                "proxy_ssl on; proxy_ssl_name $ssl_preread_server_name; proxy_ssl_server_name on;",
                TLSChannelConfiguration(verifies: false, serverName: .client)
            ),
            ("proxy_ssl off; proxy_ssl_verify on;", nil),
        ] as [(String, TLSChannelConfiguration?)])
    func nginxChannels(lines: String, expected: TLSChannelConfiguration?) throws {
        let (plan, service) = try Self.nginx(lines)
        #expect(service.groups[0].channels.map(\.tls) == [expected])
        let isTold = Self.told(plan).contains { $0.contains("certificates are not verified") }
        #expect(isTold == (expected?.verifies == false))
    }

    @Test("nginx: a map of server names is a route")
    func nginxMap() throws {
        let text = """
            stream {
              map $ssl_preread_server_name $name {
                hostnames;
                .wild.example wide;
                *.deep.wild.example deep;
                a.example web;
                www.* web;
                ~^x web;
                b.example 10.0.0.9:443;
                default web;
              }
              upstream web { server 10.0.0.1:443 fail_timeout=20s; server 10.0.0.7:443 backup; }
              upstream wide { server 10.0.0.2:443; }
              upstream deep { server 10.0.0.3:443; }
              server { listen 443; ssl_preread on; preread_timeout 7s; proxy_pass $name; }
            }
            """
        let plan = try Self.plan(.nginx, text)
        let service = plan.configuration.services[0]
        #expect(service.groups.map(\.name) == ["web", "10.0.0.9-443", "deep", "wide"])
        #expect(service.timeouts.clientHello == .seconds(7))
        #expect(service.grace == .seconds(20))
        #expect(
            service.listeners[0].route == [
                RouteRule(conditions: [.serverName(["a.example"])], target: .group("web")),
                RouteRule(conditions: [.serverName(["b.example"])], target: .group("10.0.0.9-443")),
                RouteRule(
                    conditions: [.serverName(["*.deep.wild.example"])], target: .group("deep")),
                RouteRule(
                    conditions: [.serverName(["wild.example", "*.wild.example"])],
                    target: .group("wide")),
                RouteRule(target: .group("web")),
            ])
        let told = Self.told(plan)
        for words in [
            "f:7: www.* web;: not carried over", "f:8: ~^x web;: not carried over",
            "ssl_preread on;: not needed", "backup servers of web: a route leads",
        ] {
            #expect(told.contains { $0.contains(words) }, "\(words) in \(told)")
        }
    }

    @Test("nginx: a map of protocols is a route, too; a name of an address is its own")
    func nginxProtocols() throws {
        let text = """
            stream {
              map $ssl_preread_alpn_protocols $to { ~\\bacme-tls/1\\b 10.0.0.1:1; default 10.0.0.2:1; }
              server { listen 443; ssl_preread on; proxy_ssl on; proxy_ssl_verify on; proxy_pass $to; }
            }
            """
        let service = try Self.plan(.nginx, text).configuration.services[0]
        #expect(
            service.listeners[0].route == [
                RouteRule(conditions: [.alpn(["acme-tls/1"])], target: .group("10.0.0.1-1")),
                RouteRule(target: .group("10.0.0.2-1")),
            ])
        #expect(service.groups.map { $0.channels[0].tls?.name } == [nil, nil])
    }

    @Test(
        "the translation is read back as it was",
        arguments: [
            (DialectName.haproxy, routed),
            (
                .haproxy,
                "listen l\n bind :1 ssl crt /c verify optional ca-file /ca\n server a 10.0.0.1:1 ssl verify none check check-ssl"
            ),
            (
                .nginx,
                "stream { server { listen 1 ssl; ssl_certificate /a; ssl_certificate_key /b; proxy_ssl on; proxy_pass 1.1.1.1:1; } }"
            ),
        ])
    func translation(dialect: DialectName, text: String) throws {
        #expect(try DialectCall(dialect, ["f"]).translationIsSame(in: .with(["f": text])))
    }
}

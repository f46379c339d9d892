import Foundation
import Shared
import TestAuthority
import Testing

extension EndToEnd {
    /// Channels that speak TLS: who is believed, what is asked for, and what is said of those who fail.
    @Suite("TLS channels", .tags(.realProgram), .enabled(if: Program.exist("openssl")))
    struct TLSChannelTests {
        let authority: TestAuthority
        let directory: TemporaryDirectory

        init() throws {
            authority = try TestAuthority()
            directory = try TemporaryDirectory()
        }

        @Test(
            "a channel that is not who it should be gets no session; the next one does, and the log says why"
        )
        func refused() throws {
            let stranger = try TestAuthority("Stranger")
            let revoked = try authority.server("revoked")
            try authority.revoke(revoked)
            let cases = [
                (
                    "expired", try authority.server("expired", isExpired: true),
                    "certificate has expired"
                ),
                (
                    "name", try authority.issue("name", for: ["10.9.9.9", "other.example"]),
                    "IP address mismatch"
                ),
                (
                    "self", try authority.issueSelfSigned("self", for: ["127.0.0.1"]),
                    "self-signed certificate"
                ),
                (
                    "unknown", try stranger.server("unknown"),
                    "unable to get local issuer certificate"
                ),
                ("revoked", revoked, "certificate revoked"),
            ]
            let good = try TLSPeerServer(authority.server("good"), in: directory)
            let bad = try cases.map { try TLSPeerServer($0.1, in: directory) }
            let plain = try LocalChannel.letter("220 mail ESMTP\r\n")
            let names = cases.map(\.0) + ["plain", "good"]
            let endpoints = bad.map(\.endpoint) + [plain.endpoint, good.endpoint]
            let channels = zip(names, endpoints)
                .map { "    - { name: \($0), address: \"\($1)\" }" }.joined(separator: "\n")
            try withDaemon(
                """
                - name: s
                  listen: ["127.0.0.1:0"]
                  grace: 60s
                  groups:
                  - name: g
                    balance: first
                    tls: { ca: \(authority.certificate), crl: \(try authority.revocations()) }
                    channels:
                \(channels)
                """
            ) { daemon in
                let client = try daemon.client()
                #expect(try TLSPeerServer.exchange("hello", over: client) == "olleh")
                for (name, _, words) in cases + [("plain", revoked, "it is not TLS")] {
                    let kind = name == "plain" ? "tls" : "certificate"
                    let detail = try daemon.ask("show channel s/g/\(name)").lines
                    #expect(
                        detail.contains {
                            $0.contains("cause=\"\(kind): \(words)\"")
                                || $0.contains("\(kind): \(words)")
                        },
                        "\(name): \(detail.filter { $0.hasPrefix("error") })")
                    try daemon.waitForLine("failed: \(kind): \(words)")
                    #expect(
                        try daemon.channels().first { $0.path == "s/g/\(name)" }?.state == .grace)
                }
                client.close()
            }
        }

        /// HAProxy, which answers with what it was asked for.
        private func teller(
            _ certificate: TestAuthority.Issued
        ) throws -> (program: Program, port: UInt16) {
            let port = try Program.freePort()
            let file = try directory.haproxy(
                """
                frontend f
                    bind 127.0.0.1:\(port) ssl crt \(certificate.both) alpn h2,http/1.1
                    http-request return status 200 content-type text/plain lf-string "sni=%[ssl_fc_sni] alpn=%[ssl_fc_alpn]"
                """, to: "teller.cfg")
            let program = try Program(["haproxy", "-db", "-f", file], in: directory)
            try eventually("HAProxy listens") {
                (try? Socket.connected(to: Endpoint("127.0.0.1:\(port)"))) != nil
            }
            return (program, port)
        }

        @Test(
            "verify: no believes everybody, and asks for the name all the same",
            .enabled(if: Program.exist("haproxy", "curl")))
        func believes() throws {
            let (program, port) = try teller(
                authority.issueSelfSigned("self", for: ["x.example"]))
            try withDaemon(
                """
                - listen: ["127.0.0.1:0", "127.0.0.1:0"]
                  groups: [{ tls: { verify: no }, channels: ["localhost:\(port)"] }]
                - listen: ["127.0.0.1:0"]
                  groups: [{ tls: { verify: no, sni: none }, channels: ["localhost:\(port)"] }]
                - listen: ["127.0.0.1:0"]
                  groups: [{ tls: { verify: no, sni: b.example, alpn: [http/1.1] }, channels: ["127.0.0.1:\(port)"] }]
                """
            ) { daemon in
                for (index, answer) in [
                    (0, "sni=localhost alpn="), (2, "sni= alpn="),
                    (3, "sni=b.example alpn=http/1.1"),
                ] {
                    let url = "http://127.0.0.1:\(try daemon.port(index))/"
                    let said = try Program.run(
                        ["curl", "--silent", "--show-error", "--max-time", "20", url], in: directory
                    )
                    #expect(said == answer)
                }
            }
            _ = try program.stop(with: SIGKILL)
        }

        @Test("a channel that wants to know who we are", arguments: ["1.2", "1.3"])
        func ownCertificate(version: String) throws {
            let server = try TLSPeerServer(
                authority.server("server"),
                ["-rev", "-Verify", "3", "-verify_return_error", "-CAfile", authority.certificate],
                in: directory)
            let own = try authority.issue("own", passphrase: "open sesame")
            let secret = try directory.write("open sesame\n", to: "secret")
            let tls = "ca: \(authority.certificate), max-version: \(version)"
            try withDaemon(
                """
                - name: s
                  listen: ["127.0.0.1:0", "127.0.0.1:0"]
                  groups:
                  - name: g
                    balance: first
                    channels:
                    - { name: nobody, address: "\(server.endpoint)", tls: { \(tls) } }
                    - name: known
                      address: "\(server.endpoint)"
                      tls: { \(tls), certificate: \(own.certificate), key: \(own.key), passphrase-file: \(secret) }
                """
            ) { daemon in
                let client = try daemon.client()
                let answer = (try? TLSPeerServer.exchange("hello", over: client)) ?? ""
                client.close()
                let detail = try eventually("an error in its detail") {
                    try daemon.ask("show channel s/g/nobody").lines.first {
                        $0.hasPrefix("error_1")
                    }
                }
                // TLS 1.3 has it that we have agreed before we are told.
                #expect(answer == (version == "1.2" ? "olleh" : ""))
                #expect(
                    detail.contains(
                        version == "1.2"
                            ? "tls: sslv3 alert handshake failure"
                            : "tls: tlsv13 alert certificate required"), "\(detail)")
                try daemon.ask("disable s/g/nobody")
                let next = try daemon.client()
                #expect(try TLSPeerServer.exchange("hello", over: next) == "olleh")
                next.close()
            }
        }

        @Test(
            "the client's name and protocol are passed on where that is asked for",
            .enabled(if: Program.exist("haproxy", "curl")))
        func passedOn() throws {
            let (program, port) = try teller(authority.server("server", for: ["a.example"]))
            let listener = try authority.server("listener", for: ["*.w.example"])
            try withDaemon(
                """
                - listen: [{ address: "127.0.0.1:0", tls: { certificate: \(listener.both), alpn: [http/1.1] } }]
                  groups:
                  - tls: { ca: \(authority.certificate), name: a.example, sni: client, alpn: client }
                    channels: ["127.0.0.1:\(port)"]
                """
            ) { daemon in
                let ours = try daemon.port()
                for name in ["one.w.example", "two.w.example"] {
                    let said = try Program.run(
                        [
                            "curl", "--silent", "--show-error", "--cacert", authority.certificate,
                            "--connect-to", "\(name):443:127.0.0.1:\(ours)", "--max-time", "20",
                            "https://\(name)/",
                        ], in: directory)
                    #expect(said == "sni=\(name) alpn=http/1.1")
                }
            }
            _ = try program.stop(with: SIGKILL)
        }

        @Test("probes agree on TLS as their channel does, or say that they cannot")
        func probes() throws {
            let pace = "interval: 50ms, fast-interval: 20ms, timeout: 20s"
            let good = try TLSPeerServer(
                authority.server("good"), ["-www"], in: directory)
            let bad = try TLSPeerServer(
                authority.server("bad", isExpired: true), ["-www"], in: directory)
            let plain = try LocalChannel { connection in
                _ = try connection.receive()
                try connection.send("HTTP/1.0 200 OK\r\n\r\n")
            }
            try withDaemon(
                """
                - name: s
                  listen: ["127.0.0.1:0"]
                  groups:
                  - name: g
                    tls: { ca: \(authority.certificate) }
                    channels:
                    - { name: tls, address: "\(good.endpoint)", probe: { kind: tls, \(pace) } }
                    - { name: http, address: "\(good.endpoint)", probe: { kind: http, path: /, \(pace) } }
                    - { name: expired, address: "\(bad.endpoint)", probe: { kind: tls, \(pace) } }
                    - { name: no, address: "\(plain.endpoint)", probe: { kind: http, path: /, tls: no, \(pace) } }
                    - { name: plain, address: "\(plain.endpoint)", probe: { kind: http, path: /, \(pace) } }
                """
            ) { daemon in
                func verdict(_ name: String) throws -> [String] {
                    let table = try #require(
                        Table(lines: try daemon.ask("probe s/g/\(name)").lines))
                    return Array(try #require(table.rows.first)[2...3])
                }
                #expect(try verdict("tls") == ["good", "ok: TLS"])
                #expect(try verdict("http")[0] == "good")
                #expect(
                    try verdict("expired") == ["bad", "TLS handshake: certificate has expired"])
                #expect(try verdict("no")[0] == "good")
                #expect(try verdict("plain") == ["bad", "TLS handshake: it is not TLS"])
                try daemon.waitForChannel(2) { $0.state == .down }
                try daemon.waitForLine(
                    "is down: probe tls: TLS handshake: certificate has expired")
            }
        }

        @Test(
            "real servers: HAProxy and nginx with their own TLS behind ours",
            .enabled(if: Program.exist("haproxy", "nginx", "curl")))
        func realServers() throws {
            let server = try authority.server("server", for: ["a.example"])
            let (front, back) = (try Program.freePort(), try Program.freePort())
            let haproxyFile = try directory.haproxy(
                """
                frontend f
                    bind 127.0.0.1:\(front) accept-proxy ssl crt \(server.both) alpn http/1.1
                    http-request return status 200 content-type text/plain lf-string "haproxy %[fc_pp_authority] %[ssl_fc_sni] %[src] %[ssl_fc_alpn]"
                """)
            let nginxFile = try directory.nginx(
                """
                listen 127.0.0.1:\(back) ssl proxy_protocol;
                ssl_certificate \(server.certificate);
                ssl_certificate_key \(server.key);
                location / { return 200 "nginx $ssl_server_name $proxy_protocol_addr"; }
                """)
            let haproxy = try Program(["haproxy", "-db", "-f", haproxyFile], in: directory)
            let nginx = try Program(["nginx", "-c", nginxFile], in: directory)
            for port in [front, back] {
                try eventually("somebody listens on \(port)") {
                    (try? Socket.connected(to: Endpoint("127.0.0.1:\(port)"))) != nil
                }
            }
            let channelTLS =
                "tls: { ca: \(authority.certificate), name: a.example, alpn: [http/1.1] }"
            func service(_ name: String, _ port: UInt16) -> String {
                """
                - name: \(name)
                  listen: [{ address: "127.0.0.1:0", tls: { certificate: \(server.both) } }]
                  groups: [{ proxy-protocol: v2 sni crc32c, \(channelTLS), channels: ["127.0.0.1:\(port)"], probe: { kind: http, path: /, interval: 50ms } }]
                """
            }
            try withDaemon(service("h", front) + "\n" + service("n", back)) { daemon in
                func get(_ port: UInt16) throws -> String {
                    try Program.run(
                        [
                            "curl", "--silent", "--show-error", "--cacert", authority.certificate,
                            "--connect-to", "a.example:443:127.0.0.1:\(port)", "--max-time", "20",
                            "https://a.example/",
                        ], in: directory)
                }
                #expect(
                    try get(daemon.port(0)) == "haproxy a.example a.example 127.0.0.1 http/1.1")
                #expect(try get(daemon.port(1)) == "nginx a.example 127.0.0.1")
                try eventually("their probes are good") {
                    let counts = try daemon.metric("proxyd_channel_probes_total")
                    return counts.values.filter { $0 > 1 }.count >= 2
                }
                #expect(try daemon.channels().allSatisfy { $0.state == .up })
            }
            for server in [haproxy, nginx] { _ = try server.stop(with: SIGKILL) }
        }
    }
}

import Foundation
import Shared
import TestAuthority
import Testing

extension EndToEnd {
    /// Clients that speak TLS: what they are shown, and what is told of them.
    @Suite("TLS listeners", .tags(.realProgram), .enabled(if: Program.exist("openssl", "curl")))
    struct TLSListenerTests {
        let authority: TestAuthority
        let directory: TemporaryDirectory

        init() throws {
            authority = try TestAuthority()
            directory = try TemporaryDirectory()
        }

        private func listener(_ tls: String, _ more: String = "") -> String {
            "[{ address: \"127.0.0.1:0\", tls: { \(tls) }\(more) }]"
        }

        @Test("a certificate for every name, another one or none for nobody's name")
        func names() throws {
            let first = try authority.server("first")
            let second = try authority.issue("second", for: ["b.example", "*.w.example"])
            let channel = try LocalChannel.letter("A")
            let certificates =
                "certificates: [{ certificate: \(first.certificate), key: \(first.key) }, \(second.both)]"
            let services = """
                - name: s
                  listen:
                  - { name: any, address: "127.0.0.1:0", tls: { \(certificates) } }
                  - { name: none, address: "127.0.0.1:0", tls: { \(certificates), unknown-name: refuse } }
                  channels: ["\(channel.endpoint)"]
                """
            try withDaemon(services) { daemon in
                let (any, none) = (try daemon.port(0), try daemon.port(1))
                func shown(_ port: UInt16, _ name: String?) throws -> String? {
                    try TLSPeerClient.shown(port, name, in: directory)
                }
                #expect(try shown(any, "b.example") == "second")
                #expect(try shown(any, "x.w.example") == "second")
                #expect(try shown(any, "nobody.example") == "first")
                #expect(try shown(any, nil) == "first")
                #expect(try shown(none, "b.example") == "second")
                #expect(try shown(none, nil) == "first")
                let (output, status) = try TLSPeerClient.run(
                    none, ["-servername", "nobody.example"], in: directory)
                #expect(status != 0 && output.contains("unrecognized name"), "\(output)")
            }
        }

        @Test("ALPN of a fixed list, the staple, and nothing that clients may do later on")
        func offers() throws {
            let certificate = try authority.server("server")
            let staple = try authority.staple(for: certificate.certificate)
            let channel = try LocalChannel.echo()
            let tls =
                "certificate: \(certificate.both), staple: \(staple), alpn: [h2, http/1.1]"
            let services =
                "- { listen: \(listener(tls)), channels: [\"\(channel.endpoint)\"] }"
            try withDaemon(services) { daemon in
                let port = try daemon.port()
                func run(_ options: String...) throws -> (output: String, status: Int) {
                    try TLSPeerClient.run(
                        port, options + ["-CAfile", authority.certificate], in: directory)
                }
                let chosen = try run("-alpn", "http/1.1,h2", "-status")
                #expect(chosen.output.contains("ALPN protocol: h2"), "\(chosen.output)")
                #expect(chosen.output.contains("OCSP Response Status: successful"))
                #expect(chosen.output.contains("Cert Status: good"))
                #expect(chosen.output.contains("Verify return code: 0 (ok)"))
                let none = try run()
                #expect(none.output.contains("No ALPN negotiated"))
                let other = try run("-alpn", "smtp")
                #expect(other.status != 0)
                #expect(other.output.contains("no application protocol"), "\(other.output)")

                let renewing = try TLSTalkingClient(port, ["-tls1_2"], in: directory)
                try renewing.expect("Verify return code")
                try renewing.say("hello")
                try renewing.expect("hello")
                try renewing.say("R")
                try renewing.expect("no renegotiation")

                // The keys of a connection may change, on its own side and on both.
                let changing = try TLSTalkingClient(port, ["-tls1_3"], in: directory)
                try changing.expect("Verify return code")
                for (index, letter) in ["k", "K", "K", "k"].enumerated() {
                    try changing.say(letter)
                    try eventually("a change of keys") {
                        changing.program.errorsSoFar.components(separatedBy: "KEYUPDATE").count
                            == index + 2
                    }
                    try changing.say("after \(index)")
                    try changing.expect("after \(index)\n")
                }
                try changing.end()
                #expect(try changing.program.waitForEnd() == 0)
            }
        }

        @Test(
            "a client that comes again is known to all workers, and over a reload with another certificate",
            arguments: ["-tls1_2", "-tls1_3"])
        func comesAgain(version: String) throws {
            let certificate = try authority.server("server")
            let channel = try LocalChannel.farewell("A")
            let services =
                "- { listen: \(listener("certificate: \(certificate.both)")), channels: [\"\(channel.endpoint)\"] }"
            try withDaemon(services, workers: 2) { daemon in
                let port = try daemon.port()
                func come(_ options: String...) throws -> String {
                    let (output, status) = try TLSPeerClient.run(
                        port, [version, "-ign_eof"] + options, in: directory)
                    #expect(status == 0, "\(output)")
                    return output
                }
                let file = directory("session")
                #expect(try come("-sess_out", file).contains("\nNew, TLS"))
                for _ in 0..<4 {
                    #expect(try come("-sess_in", file, "-sess_out", file).contains("\nReused, TLS"))
                }
                _ = try authority.server("server", for: ["renewed.example"])
                #expect(try daemon.ask("reload").attributes["certificates"] == "0/0")
                #expect(try come("-sess_in", file).contains("\nReused, TLS"))
            }
        }

        @Test(
            "who a client is goes into the log and on to the channel", arguments: ["v1.2", "v1.3"])
        func identity(version: String) throws {
            let server = try authority.server("server", for: ["name.example"])
            let client = try authority.issue("client", subject: "/O=Org Inc/CN=client seven")
            let revoked = try authority.issue("revoked")
            try authority.revoke(revoked)
            let (channel, handover) = try LocalChannel.handingOver()
            let tls =
                "certificate: \(server.both), client-certificate: optional, client-ca: \(authority.certificate), crl: \(try authority.revocations()), alpn: [http/1.1]"
            let daemon = try LoggedDaemon(
                """
                - listen: \(listener(tls))
                  groups: [{ proxy-protocol: v2 client-certificate sni alpn, channels: ["\(channel.endpoint)"] }]
                """, log: "{ access: { target: LOG/access.log, format: json } }", in: directory)
            let port = try daemon.daemon.port()
            func curl(_ who: TestAuthority.Issued?) throws -> Program {
                let own = who.map { ["--cert", $0.certificate, "--key", $0.key] } ?? []
                return try Program(
                    [
                        "curl", "--silent", "--show-error", "--cacert", authority.certificate,
                        "--connect-to", "name.example:443:127.0.0.1:\(port)", "--tlsv1.2",
                        "--tls-max", String(version.dropFirst()), "--max-time", "20",
                        "https://name.example/",
                    ] + own, in: directory)
            }
            let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
            for (count, who) in [client, nil].enumerated() {
                let program = try curl(who)
                let connection = try handover.next()
                let header = try ProxyBytes.read(from: connection)
                _ = try connection.receive()
                try connection.send(answer)
                connection.shutDownWrites()
                #expect(try program.waitForEnd() == 0, "\(program.report)")
                #expect(program.output == "ok")
                #expect(header.values[0x01] == Array("http/1.1".utf8))
                #expect(header.values[0x02] == Array("name.example".utf8))
                let isKnown = who != nil
                let (bits, verified, inner) = try header.tls()
                #expect(bits & 1 == 1)
                #expect((bits & 6 != 0) == isKnown)
                #expect(verified == 0)
                #expect(inner[0x21] == Array("TLS\(version)".utf8))
                #expect(inner[0x22] == (isKnown ? Array("client seven".utf8) : nil))
                #expect(inner[0x23].map { String(decoding: $0, as: UTF8.self) }?.isEmpty == false)
                _ = try daemon.wait(for: count + 1)
            }
            let lines = try daemon.wait(for: 2)
            #expect(lines[0].contains("\"subject\":\"CN=client seven,O=Org Inc\""), "\(lines[0])")
            #expect(lines[0].contains("\"tls\":\"TLS\(version)\""), "\(lines[0])")
            #expect(lines[0].contains("\"sni\":\"name.example\""), "\(lines[0])")
            #expect(!lines[1].contains("client seven"))
            // One that was taken back is told so, and no channel hears of it.
            let program = try curl(revoked)
            #expect(try program.waitForEnd() != 0)
            #expect(program.errors.contains("revoked"), "\(program.errors)")
            #expect(try daemon.wait(for: 3)[2].contains("\"cause\":\"certificate\""))
            try daemon.daemon.waitForLine("failed: certificate revoked")
            try daemon.daemon.stop()
        }

        @Test("the extended format has one word for each")
        func extended() throws {
            let server = try authority.server("server")
            let client = try authority.issue("client", subject: "/O=Org Inc/CN=client seven")
            let channel = try LocalChannel.farewell("A")
            let tls =
                "certificate: \(server.both), client-certificate: required, client-ca: \(authority.certificate)"
            let daemon = try LoggedDaemon(
                "- { listen: \(listener(tls)), channels: [\"\(channel.endpoint)\"] }",
                log: "{ access: { target: LOG/access.log, format: extended } }", in: directory)
            let (output, status) = try TLSPeerClient.run(
                daemon.daemon.port(),
                ["-cert", client.certificate, "-key", client.key, "-quiet", "-tls1_2"],
                in: directory)
            #expect(status == 0 && output.contains("A"), "\(output)")
            let fields = try daemon.fields(1)[0]
            #expect(fields["tls"] == "TLSv1.2")
            #expect(fields["cipher"]?.hasPrefix("ECDHE-ECDSA-") == true)
            #expect(fields["subject"]?.contains("client") == true, "\(fields)")
            #expect(fields["subject"]?.contains("seven") == true, "\(fields)")
            try daemon.daemon.stop()
        }

        @Test("what was decrypted leads where routes say, and the name is a key")
        func routes() throws {
            let server = try authority.server("server", for: ["*.w.example"])
            let letters = try ["A", "B", "C", "D"].map { try LocalChannel.farewell($0) }
            let route =
                ", route: [{ sni: a.w.example, group: a }, { alpn: h2, group: b }, { first-bytes: http, group: c }, { first-bytes: \"regex:^x\", group: d }]"
            let tls = "certificate: \(server.both), alpn: [h2, http/1.1]"
            let groups = zip(["a", "b", "c", "d"], letters)
                .map { "  - { name: \($0), channels: [\"\($1.endpoint)\"] }" }
                .joined(separator: "\n")
            let hashed = try (0..<8).map { try LocalChannel.farewell("\($0)") }
            let services = """
                - name: routed
                  listen: \(listener(tls, route))
                  groups:
                \(groups)
                - name: hashed
                  listen: \(listener(tls))
                  groups:
                  - { balance: { policy: hash, key: sni }, channels: [\(hashed.map { "\"\($0.endpoint)\"" }.joined(separator: ", "))] }
                """
            try withDaemon(services) { daemon in
                let port = try daemon.port(0)
                func answer(_ options: String..., says: String = "") throws -> String {
                    try TLSPeerClient.received(port, options, input: says, in: directory)
                }
                #expect(try answer("-servername", "a.w.example") == "A")
                #expect(try answer("-servername", "b.w.example", "-alpn", "h2") == "B")
                #expect(
                    try answer("-servername", "b.w.example", says: "GET / HTTP/1.0\r\n\r\n") == "C")
                #expect(try answer("-noservername", says: "x") == "D")
                let other = try daemon.port(1)
                func choice(_ name: String) throws -> String {
                    try TLSPeerClient.received(other, ["-servername", name], in: directory)
                }
                var chosen: Set<String> = []
                for name in ["a", "b", "c", "d", "e", "f"] {
                    let first = try choice("\(name).w.example")
                    #expect(!first.isEmpty)
                    #expect(try choice("\(name).w.example") == first)
                    chosen.insert(first)
                }
                #expect(chosen.count > 1)
            }
        }
    }
}

/// What a proxy tells in front of everything else, in version 2, read by hand.
struct ProxyBytes {
    var values: [UInt8: [UInt8]] = [:]

    static func read(from connection: Socket) throws -> ProxyBytes {
        let head = try connection.receive(exactly: 16)
        let length = Int(head[14]) << 8 | Int(head[15])
        let rest = try connection.receive(exactly: length)
        return ProxyBytes(values: values(in: rest.dropFirst(12)))
    }

    private static func values(in bytes: ArraySlice<UInt8>) -> [UInt8: [UInt8]] {
        var values: [UInt8: [UInt8]] = [:]
        var rest = bytes
        while rest.count >= 3 {
            let start = rest.startIndex
            let count = Int(rest[start + 1]) << 8 | Int(rest[start + 2])
            values[rest[start]] = Array(rest[(start + 3)...].prefix(count))
            rest = rest.dropFirst(3 + count)
        }
        return values
    }

    /// PP2_TYPE_SSL
    func tls() throws -> (bits: UInt8, verified: Int, inner: [UInt8: [UInt8]]) {
        let bytes = try #require(values[0x20])
        try #require(bytes.count >= 5)
        return (
            bytes[0], bytes[1..<5].reduce(0) { $0 << 8 | Int($1) },
            Self.values(in: bytes[5...])
        )
    }
}

import Foundation
import Shared
import Testing

extension EndToEnd {
    /// Clients that are sent where their first bytes say.
    @Suite("routes")
    struct RouteTests {
        @Test("a client that came before a reload is let in and led by the old file, all through")
        func reloadedMeanwhile() throws {
            let letters = try ["A", "B"].map { try LocalChannel.letter($0) }
            let directory = try TemporaryDirectory()
            func services(_ listener: String) -> String {
                """
                - name: s
                  listen: [{ address: "127.0.0.1:0", \(listener) }]
                  groups:
                  - { name: a, channels: ["\(letters[0].endpoint)"] }
                  - { name: b, channels: ["\(letters[1].endpoint)"] }
                """
            }
            let daemon = try Daemon(
                services(
                    "proxy-protocol: require, access: [deny 10.0.0.2], wait-for-bytes: 2, route: [{first-bytes: ssh, group: a}]"
                ), in: directory)
            let early = try daemon.client()
            try eventually("it has come") { try daemon.sessions().count == 1 }
            let text = directory.read("proxyd.yaml")
                .replacing("proxy-protocol: require, ", with: "")
                .replacing("deny 10.0.0.2", with: "deny 10.0.0.1")
                .replacing("group: a}", with: "group: b}")
            try directory.write(text, to: "proxyd.yaml")
            #expect(try daemon.ask("reload").lines.count > 1)
            try early.send("PROXY TCP4 10.0.0.1 127.0.0.1 1 2\r\nSSH-2.0-x\r\n")
            early.shutDownWrites()
            #expect(try early.receiveAll().bytes == Array("A".utf8))
            let late = try daemon.client()
            try late.send("SSH-2.0-x\r\n")
            late.shutDownWrites()
            #expect(try late.receiveAll().bytes == Array("B".utf8))
            try daemon.stop()
        }

        @Test(
            "a route leads to groups and services, whose rules hold then, and is changed by reload")
        func routes() throws {
            let letters = try ["A", "B", "C"].map { try LocalChannel.letter($0) }
            let directory = try TemporaryDirectory()
            func services(_ route: String) -> String {
                """
                - name: s
                  listen: [{ address: "127.0.0.1:0", route: \(route) }]
                  timeouts: { client-hello: 1s }
                  groups:
                  - { name: a, channels: ["\(letters[0].endpoint)"] }
                  - { name: b, channels: ["\(letters[1].endpoint)"] }
                - { name: t, listen: ["127.0.0.1:0"], channels: ["\(letters[2].endpoint)"], max-sessions: 1 }
                """
            }
            let first =
                "[{first-bytes: ssh, service: t}, {first-bytes: http, group: b}, {first-bytes: \"regex:^x\", group: a}]"
            let daemon = try Daemon(services(first), in: directory)
            func answer(_ text: String) throws -> String {
                let client = try daemon.client()
                try client.send(text)
                client.shutDownWrites()
                return String(decoding: (try? client.receiveAll().bytes) ?? [], as: UTF8.self)
            }
            #expect(try answer("GET / HTTP/1.0\r\n") == "B")
            #expect(try answer("SSH-2.0-x\r\n") == "C")
            #expect(try answer("x") == "A")
            #expect(try answer("y\n") == "")
            #expect(try daemon.endings()["CH"] == 1)
            // Too little to say anything, and then too late.
            let silent = try daemon.client()
            try silent.send("GE")
            _ = try? silent.receiveAll()
            #expect(try daemon.endings()["cH"] == 1)
            // A service's own limits hold for whoever is led to it.
            let (one, two) = (try daemon.client(), try daemon.client())
            try one.send("SSH-2.0-x\r\n")
            #expect(try one.receive(exactly: 1) == Array("C".utf8))
            let held = try daemon.sessions().count
            try two.send("SSH-2.0-x\r\n")
            if held > 0 { #expect((try? two.receiveAll().bytes) ?? [] == []) }
            let text = directory.read("proxyd.yaml")
                .replacingOccurrences(of: "regex:^x\\\", group: a", with: "regex:^x\\\", group: b")
                .replacingOccurrences(of: "\"regex:^x\", group: a", with: "\"regex:^x\", group: b")
            _ = try directory.write(text, to: "proxyd.yaml")
            try daemon.ask("reload")
            #expect(try answer("x") == "B")
            try daemon.stop()
        }

        @Test(
            "real TLS clients are routed by name and protocol, and the channel's TLS is theirs",
            .tags(.realProgram), .enabled(if: Program.exist("openssl")))
        func openssl() throws {
            let directory = try TemporaryDirectory()
            try Program.run(
                [
                    "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", directory("k"), "-out",
                    directory("c"), "-subj", "/CN=server", "-days", "2",
                ], in: directory)
            var servers: [Program] = []
            var ports: [UInt16] = []
            for name in ["first", "second"] {
                let port = try Program.freePort()
                ports.append(port)
                servers.append(
                    try Program(
                        [
                            "openssl", "s_server", "-accept", "127.0.0.1:\(port)", "-cert",
                            directory("c"), "-key", directory("k"), "-quiet", "-alpn", name,
                            "-naccept", "50",
                        ], in: directory))
                try eventually("s_server listens") {
                    (try? Socket.connected(to: Endpoint("127.0.0.1:\(port)"))) != nil
                }
            }
            let services = """
                - listen:
                  - address: "127.0.0.1:0"
                    route:
                    - { sni: "*.first.example", group: one }
                    - { alpn: second, group: two }
                    - { sni: last.example, group: two }
                  groups:
                  - { name: one, channels: ["127.0.0.1:\(ports[0])"] }
                  - { name: two, channels: ["127.0.0.1:\(ports[1])"] }
                """
            let daemon = try LoggedDaemon(
                services, log: "{ access: { target: LOG/access.log, format: json } }")
            let port = try daemon.daemon.port()
            func spoken(_ options: String...) throws -> String {
                let output = try Program.run(
                    ["openssl", "s_client", "-connect", "127.0.0.1:\(port)"] + options, input: "")
                return output.split(separator: "\n").first { $0.hasPrefix("ALPN protocol") }
                    .map { String($0.split(separator: " ").last ?? "") } ?? "-"
            }
            let both = "first,second"
            #expect(try spoken("-servername", "a.first.example", "-alpn", both) == "first")
            #expect(try spoken("-servername", "b.example", "-alpn", both) == "second")
            #expect(try spoken("-servername", "last.example", "-alpn", "second") == "second")
            #expect(throws: (any Error).self) { try spoken("-servername", "nobody.example") }
            let lines = try daemon.wait(for: 4)
            // In the order in which they ended, which is when both ends had let go.
            #expect(lines.contains { $0.contains("\"sni\":\"a.first.example\"") }, "\(lines)")
            #expect(lines.contains { $0.contains("\"cause\":\"no route\"") }, "\(lines)")
            try daemon.daemon.stop()
            for server in servers { _ = try? server.stop(with: SIGKILL) }
        }
    }
}

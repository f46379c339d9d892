import Foundation
import Shared
import Testing

extension EndToEnd {
    /// The PROXY protocol with those that speak it best.
    @Suite("PROXY protocol", .tags(.realProgram), .enabled(if: Program.exist("haproxy", "nginx")))
    struct ProxyProtocolTests {
        @Test(
            "HAProxy tells us, and is told by us, in both versions",
            arguments: [
                ("send-proxy", "v1"), ("send-proxy-v2", "v2"),
                (
                    "send-proxy-v2 proxy-v2-options crc32c,unique-id,authority",
                    "v2 crc32c unique-id sni"
                ),
            ])
        func haproxy(sends: String, tells: String) throws {
            let directory = try TemporaryDirectory()
            let (front, back) = (try Program.freePort(), try Program.freePort())
            let channel = try LocalChannel.echo()
            let daemon = try LoggedDaemon(
                """
                - listen: [{ address: "127.0.0.1:0", proxy-protocol: require }]
                  groups: [{ proxy-protocol: \(tells), channels: ["127.0.0.1:\(back)"] }]
                """, log: "{ access: { target: LOG/access.log, format: json } }", in: directory)
            let ours = try daemon.daemon.port()
            let file = try directory.haproxy(
                mode: "tcp",
                """
                    unique-id-format %ci-%cp
                frontend outside
                    bind 127.0.0.1:\(front)
                    default_backend proxyd
                backend proxyd
                    server p 127.0.0.1:\(ours) \(sends) source 127.0.0.9
                frontend inside
                    bind 127.0.0.1:\(back) accept-proxy
                    tcp-request inspect-delay 5s
                    tcp-request content reject if !{ src 127.0.0.77 }
                    default_backend echo
                backend echo
                    server e \(channel.endpoint)
                """)
            let haproxy = try Program(["haproxy", "-db", "-f", file], in: directory)
            let client = try connected(to: front, from: "127.0.0.77", of: haproxy)
            try client.send("ping")
            #expect(try client.receive(exactly: 4) == Array("ping".utf8))
            client.close()
            let line = try daemon.wait(for: 1)[0]
            #expect(line.contains("\"client\":\"127.0.0.77:"), "\(line)")
            // Another client than the one that HAProxy lets in: it goes by what we have told.
            let other = try connected(to: front, from: "127.0.0.78", of: haproxy)
            try? other.send("ping")
            #expect(try other.receiveAll().bytes.isEmpty)
            _ = try haproxy.stop(with: SIGKILL)
            try daemon.daemon.stop()
        }

        /// HAProxy binds when it likes.
        private func connected(
            to port: UInt16, from source: String, of server: Program
        ) throws -> Socket {
            var result: Socket?
            try eventually("somebody listens on \(port)") {
                guard server.isRunning else { throw Program.Failed(description: server.report) }
                let socket = try Socket.bound(to: Endpoint("\(source):0"))
                guard (try? socket.connect(to: Endpoint("127.0.0.1:\(port)"))) != nil else {
                    return false
                }
                result = socket
                return true
            }
            return try #require(result)
        }

        @Test(
            "nginx takes the client's address from what we send it",
            arguments: ["v1", "v2 unique-id crc32c"])
        func nginx(tells: String) throws {
            let directory = try TemporaryDirectory()
            let port = try Program.freePort()
            let file = try directory.nginx(
                """
                listen 127.0.0.1:\(port) proxy_protocol;
                location / { return 200 "$proxy_protocol_addr $proxy_protocol_server_port\\n"; }
                """)
            let nginx = try Program(["nginx", "-c", file], in: directory)
            try eventually("nginx listens") {
                (try? Socket.connected(to: Endpoint("127.0.0.1:\(port)"))) != nil
            }
            try withDaemon(
                """
                - listen: ["127.0.0.1:0"]
                  channels:
                  - address: "127.0.0.1:\(port)"
                    proxy-protocol: \(tells)
                    probe: { kind: http, path: /, interval: 50ms, fast-interval: 50ms }
                """
            ) { daemon in
                let ours = try daemon.port()
                let client = try connected(to: ours, from: "127.0.0.77", of: daemon.program)
                try client.send("GET / HTTP/1.0\r\n\r\n")
                let answer = String(decoding: try client.receiveAll().bytes, as: UTF8.self)
                #expect(answer.hasSuffix("127.0.0.77 \(ours)\n"), "\(answer)")
                // Its checks introduce themselves, too: without a header nginx would answer 400.
                try eventually("its checks are good") {
                    try daemon.metric("proxyd_channel_probes_total").values.first ?? 0 > 2
                }
                #expect(try daemon.channels()[0].state == .up)
            }
            _ = try nginx.stop(with: SIGKILL)
        }
    }
}

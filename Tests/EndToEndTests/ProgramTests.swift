import Foundation
import Shared
import Testing

extension EndToEnd {
    /// Programs that people really put behind a proxy.
    @Suite("real programs", .tags(.realProgram))
    struct ProgramTests {
        private func service(to port: UInt16) -> String {
            "- { listen: [\"127.0.0.1:0\"], channels: [\"127.0.0.1:\(port)\"] }"
        }

        // MARK: nginx

        /// An nginx that serves one large file and a small answer; returns its port.
        private func startNginx(in directory: TemporaryDirectory, body: [UInt8]) throws -> UInt16 {
            let port = try Program.freePort()
            try Data(body).write(to: URL(fileURLWithPath: directory("body")))
            // Its workers run as nobody, and must get at the file.
            directory.open(mode: 0o755)
            try directory.write(
                """
                daemon off;
                pid \(directory("nginx.pid"));
                error_log stderr;
                worker_processes 1;
                events { worker_connections 1024; }
                http {
                    access_log off;
                    client_body_temp_path \(directory("client"));
                    proxy_temp_path \(directory("proxy"));
                    fastcgi_temp_path \(directory("fastcgi"));
                    uwsgi_temp_path \(directory("uwsgi"));
                    scgi_temp_path \(directory("scgi"));
                    server {
                        listen 127.0.0.1:\(port);
                        location /body { root \(directory.path); }
                        location / { return 200 "small\\n"; }
                    }
                }
                """, to: "nginx.conf")
            let nginx = try Program(
                ["nginx", "-p", directory.path, "-e", "stderr", "-c", directory("nginx.conf")],
                in: directory)
            try nginx.waitForPort(port)
            return port
        }

        @Test(
            "curl fetches a file from nginx", .enabled(if: Program.exist("nginx", "curl")),
            arguments: Relay.allCases)
        func curl(relay: Relay) throws {
            let directory = try TemporaryDirectory()
            let body =
                Array(Noise.bytes(of: 1, from: 0, count: 200_000))
                + Array(Noise.bytes(of: 2, from: 0, count: 200_001))
            let port = try startNginx(in: directory, body: body)
            try withDaemon(service(to: port), options: relay.options) { daemon in
                try Program.run([
                    "curl", "--silent", "--show-error", "--fail", "--max-time", "30", "--output",
                    directory("got"),
                    "http://127.0.0.1:\(daemon.port())/body",
                ])
                let got = try Data(contentsOf: URL(fileURLWithPath: directory("got")))
                #expect(Array(got) == body)
            }
        }

        @Test(
            "wrk sees no error", .enabled(if: Program.exist("nginx", "wrk")),
            arguments: [[], ["--header", "Connection: close"]])
        func wrk(headers: [String]) throws {
            let directory = try TemporaryDirectory()
            let port = try startNginx(in: directory, body: [])
            try withDaemon(service(to: port)) { daemon in
                let url = "http://127.0.0.1:\(try daemon.port())/"
                let said = try Program.run(
                    [
                        "wrk", "--threads", "2", "--connections", "32", "--duration", "2s",
                        "--timeout", "20s",
                    ]
                        + headers
                        + [url])
                #expect(!said.contains("Socket errors"), "\(said)")
                #expect(!said.contains("Non-2xx"), "\(said)")
                #expect(said.contains("requests in"))
                try daemon.waitUntilNoSessions()
            }
        }

        // MARK: Redis

        @Test(
            "redis-benchmark",
            .enabled(if: Program.exist("redis-server", "redis-benchmark", "redis-cli")))
        func redis() throws {
            let directory = try TemporaryDirectory()
            let port = try Program.freePort()
            let redis = try Program(
                [
                    "redis-server", "--port", "\(port)", "--bind", "127.0.0.1", "--save", "",
                    "--appendonly", "no", "--dir", directory.path,
                ],
                in: directory)
            try redis.waitForPort(port)
            try withDaemon(service(to: port)) { daemon in
                let proxied = String(try daemon.port())
                let said = try Program.run([
                    "redis-benchmark", "-h", "127.0.0.1", "-p", proxied, "-n", "5000", "-c", "20",
                    "-P", "4", "-d", "1000",
                    "-t", "set,get,lpush,lrange_100", "--csv",
                ])
                #expect(said.split(separator: "\n").count >= 4, "\(said)")
                let value = String(repeating: "long value ", count: 10_000)
                try Program.run(
                    ["redis-cli", "-h", "127.0.0.1", "-p", proxied, "-x", "set", "key"],
                    input: value)
                let got = try Program.run([
                    "redis-cli", "-h", "127.0.0.1", "-p", proxied, "--raw", "get", "key",
                ])
                #expect(got == value + "\n")
            }
        }

        // MARK: PostgreSQL

        @Test(
            "pgbench fills a database and works on it",
            .enabled(if: Program.exist("initdb", "postgres", "pgbench", "setpriv")))
        func postgres() throws {
            let directory = try TemporaryDirectory()
            directory.open(mode: 0o777)
            let port = try Program.freePort()
            // PostgreSQL refuses to run as root.
            let prefix = getuid() == 0 ? TroubleTests.asNobody : []
            let environment = ["HOME": directory.path, "LC_ALL": "C"]
            try Program.run(
                [
                    "initdb", "-D", directory("database"), "-U", "tester", "-A", "trust",
                    "--no-sync",
                ],
                prefix: prefix, in: directory, environment: environment)
            let postgres = try Program(
                [
                    "postgres", "-D", directory("database"), "-p", "\(port)", "-k", directory.path,
                    "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c",
                    "max_connections=30",
                ], prefix: prefix, in: directory, environment: environment)
            try postgres.waitForPort(port)
            try withDaemon(service(to: port)) { daemon in
                let common = [
                    "-h", "127.0.0.1", "-p", "\(try daemon.port())", "-U", "tester", "postgres",
                ]
                try eventually("PostgreSQL is ready") {
                    (try? Program.run(["pgbench", "-i", "-q"] + common, environment: environment))
                        != nil
                }
                let said = try Program.run(
                    ["pgbench", "-c", "8", "-j", "2", "-t", "50", "-n"] + common,
                    environment: environment)
                #expect(
                    said.contains("number of transactions actually processed: 400/400"), "\(said)")
                try daemon.waitUntilNoSessions()
            }
            // A fast shutdown: it does not wait for anybody.
            try postgres.stop(with: SIGINT)
        }

        // MARK: iperf3

        @Test(
            "iperf3, both directions", .enabled(if: Program.exist("iperf3")),
            arguments: [[], ["--reverse"], ["--bidir"]])
        func iperf3(direction: [String]) throws {
            let directory = try TemporaryDirectory()
            let port = try Program.freePort()
            let server = try Program(
                ["iperf3", "--server", "--bind", "127.0.0.1", "--port", "\(port)"], in: directory)
            try server.waitForPort(port)
            try withDaemon(service(to: port)) { daemon in
                // The server may still be putting away the connection that found it listening.
                let said: String = try eventually("iperf3 runs") {
                    try? Program.run(
                        [
                            "iperf3", "--client", "127.0.0.1", "--port", "\(daemon.port())",
                            "--time", "1", "--parallel", "4",
                        ]
                            + direction, within: .seconds(20))
                }
                #expect(said.contains("iperf Done."))
                try daemon.waitUntilNoSessions()
                let moved = try daemon.listeners()[0]
                #expect((direction.isEmpty ? moved.inBytes : moved.outBytes) > 10_000_000)
            }
        }
    }
}

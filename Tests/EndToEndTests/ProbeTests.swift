import Foundation
import Shared
import Testing

extension EndToEnd {
    /// Channels that are probed: what is found, and who is spared from it.
    @Suite("probes")
    struct ProbeTests {
        static let pace = "interval: 50ms, fast-interval: 20ms, timeout: 2s"

        private func service(_ probe: String, _ channels: [Endpoint]) -> String {
            let list = channels.map { "\"\($0)\"" }.joined(separator: ", ")
            return """
                - { listen: ["127.0.0.1:0"], channels: [\(list)], probe: \(probe) }
                """
        }

        /// What `probe PATH` says of a channel: `good` or `bad`, and the words.
        private func verdict(_ daemon: Daemon, _ path: String = "0/0") throws -> [String] {
            let lines = try daemon.ask("probe \(path)").lines
            let table = try #require(Table(lines: lines))
            #expect(table.columns == ["path", "probe", "result", "words", "ms"])
            return Array(try #require(table.rows.first)[2...3])
        }

        @Test("no client meets a channel that is down, and it comes back by itself")
        func downAndUp() throws {
            let dead = try Socket.bound()
            let alive = try LocalChannel.letter("B")
            let channels = try [dead.endpoint, alive.endpoint]
            let probe = "{ kind: connect, \(Self.pace) }"
            try withDaemon(service(probe, channels)) { daemon in
                try daemon.waitForChannel(0) { $0.state == .down }
                for _ in 0..<4 { #expect(try FailoverTests.letter(daemon) == "B") }
                let down = try daemon.channels()[0]
                #expect(down.failed == 0)
                #expect(down.total == 0)
                #expect(down.why == "probe connect: refused")
                #expect(down.by == "probe")
                #expect(down.probe == "refused")
                #expect(try verdict(daemon) == ["bad", "refused"])
                #expect(listen(dead.number, 64) == 0)
                try daemon.waitForChannel(0) { $0.state == .up }
                #expect(try daemon.channels()[0].probe == "ok")
                #expect(try verdict(daemon) == ["good", "ok"])
                try daemon.waitForLine("is down: probe connect: refused")
                try daemon.waitForLine("is back: probe: ok")
            }
        }

        @Test("a listener that refuses while all is down accepts again")
        func refuses() throws {
            let channel = try Socket.bound()
            let services = """
                - listen: [{ address: "127.0.0.1:0", when-empty: refuse }]
                  probe: { kind: connect, \(Self.pace) }
                  channels: ["\(try channel.endpoint)"]
                """
            try withDaemon(services) { daemon in
                try eventually("it refuses") { try daemon.listeners()[0].state == .refusing }
                #expect(listen(channel.number, 64) == 0)
                try eventually("it accepts") { try daemon.listeners()[0].state == .open }
                let client = try daemon.client()
                try client.send("x")
                // Probes come here, too, and say nothing.
                while try channel.accept().receive(atMost: 1).isEmpty {}
            }
        }

        @Test("a channel that flaps each time it is looked at is never flooded with log lines")
        func flapping() throws {
            let channel = try LocalChannel { try $0.send("-ERR\r\n") }
            let probe = """
                { kind: send-expect, \(Self.pace), rise: 1, fall: 1, \
                steps: [{ expect: "+OK" }] }
                """
            try withDaemon(service(probe, [channel.endpoint])) { daemon in
                try eventually("it was probed often") { channel.count > 10 }
                #expect(try daemon.channels()[0].state == .down)
                #expect(
                    try daemon.channels()[0].why
                        == "probe send-expect: expected “+OK”, got “-ERR\\r\\n”")
                try daemon.waitForLine("is down")
                let lines = daemon.program.errorsSoFar.split(separator: "\n")
                #expect(lines.count { $0.contains("is down") } == 1)
            }
        }

        @Test("a script decides, and leaves nothing behind")
        func script() throws {
            let directory = try TemporaryDirectory()
            let channel = try LocalChannel.letter("A")
            let path = try directory.write(
                """
                #!/bin/sh
                echo "$PROXYD_SERVICE $PROXYD_GROUP $PROXYD_CHANNEL $1" > \(directory("said"))
                test -e \(directory("healthy")) || { echo sick; exit 3; }
                """, to: "probe")
            #expect(unsafe chmod(path, 0o755) == 0)
            let probe = "{ kind: script, command: \(path), \(Self.pace) }"
            try withDaemon(service(probe, [channel.endpoint])) { daemon in
                try daemon.waitForChannel(0) { $0.state == .down }
                #expect(try daemon.channels()[0].why == "probe script: exit status 3: “sick”")
                // The next run writes it anew.
                try eventually("it has said so") {
                    directory.read("said") == "0 0 0 \(channel.endpoint)\n"
                }
                try directory.write("", to: "healthy")
                try daemon.waitForChannel(0) { $0.state == .up }
            }
        }

        // MARK: Real programs

        private func redis(_ options: [String] = []) throws -> Endpoint {
            let directory = try TemporaryDirectory()
            let port = try Program.freePort()
            let redis = try Program(
                [
                    "redis-server", "--port", "\(port)", "--bind", "127.0.0.1", "--save", "",
                    "--appendonly", "no", "--dir", directory.path,
                ] + options, in: directory)
            try redis.waitForPort(port)
            return .ip(.loopbackV4, port: port)
        }

        @Test(
            "of two Redis servers the master takes the sessions",
            .enabled(if: Program.exist("redis-server")), .tags(.realProgram))
        func redisMaster() throws {
            let master = try redis()
            let replica = try redis(["--replicaof", "127.0.0.1", "\(master.port)"])
            let closed = try redis(["--requirepass", "secret"])
            let probe = "{ kind: redis-master, \(Self.pace) }"
            try withDaemon(service(probe, [replica, master, closed])) { daemon in
                // While it gets its copy a replica answers otherwise.
                try daemon.waitForChannel(0) {
                    $0.state == .down && $0.probe?.contains("slave") == true
                }
                try daemon.waitForChannel(1) { $0.state == .up && $0.probe == "ok" }
                try daemon.waitForChannel(2) {
                    $0.state == .down && $0.probe?.contains("-NOAUTH") == true
                }
            }
        }

        @Test(
            "nginx is asked for a page", .enabled(if: Program.exist("nginx")), .tags(.realProgram))
        func nginx() throws {
            let directory = try TemporaryDirectory()
            let port = try Program.freePort()
            try directory.write(
                """
                daemon off;
                pid \(directory("nginx.pid"));
                error_log stderr;
                events { worker_connections 64; }
                http {
                    access_log off;
                    client_body_temp_path \(directory("client"));
                    proxy_temp_path \(directory("proxy"));
                    fastcgi_temp_path \(directory("fastcgi"));
                    uwsgi_temp_path \(directory("uwsgi"));
                    scgi_temp_path \(directory("scgi"));
                    server {
                        listen 127.0.0.1:\(port);
                        location /up { return 200 "all is well\\n"; }
                        location /sick { return 503 "sick\\n"; }
                    }
                }
                """, to: "nginx.conf")
            let nginx = try Program(
                ["nginx", "-p", directory.path, "-e", "stderr", "-c", directory("nginx.conf")],
                in: directory)
            try nginx.waitForPort(port)
            let services = """
                - listen: ["127.0.0.1:0"]
                  channels:
                  - { address: "127.0.0.1:\(port)", probe: { kind: http, path: /up, body: is well } }
                  - { address: "127.0.0.1:\(port)", probe: { kind: http, path: /sick } }
                  - { address: "127.0.0.1:\(port)", probe: { kind: http, path: /sick, status: 503 } }
                  - { address: "127.0.0.1:\(port)", probe: { kind: http, path: /up, body: ill } }
                  - address: "127.0.0.1:\(port)"
                    probe: { kind: http, method: HEAD, path: /up, host: www.example.org }
                """
            try withDaemon(services) { daemon in
                let expected = [
                    ["good", "ok: status 200"], ["bad", "status 503, not 200-399"],
                    ["good", "ok: status 503"], ["bad", "body has no “ill”"],
                    ["good", "ok: status 200"],
                ]
                for (index, verdict) in expected.enumerated() {
                    let got = try self.verdict(daemon, "0/\(index)")
                    #expect(got == verdict)
                }
            }
        }

        @Test(
            "PostgreSQL is asked whether it is the primary",
            .enabled(if: Program.exist("initdb", "postgres", "setpriv")), .tags(.realProgram))
        func postgres() throws {
            let directory = try TemporaryDirectory()
            directory.open(mode: 0o777)
            let port = try Program.freePort()
            // PostgreSQL refuses to run as root.
            let prefix = getuid() == 0 ? TroubleTests.asNobody : []
            let environment = ["HOME": directory.path, "LC_ALL": "C"]
            try Program.run(
                [
                    "initdb", "-D", directory("database"), "-U", "proxyd", "-A", "trust",
                    "--no-sync",
                ],
                prefix: prefix, in: directory, environment: environment)
            let postgres = try Program(
                [
                    "postgres", "-D", directory("database"), "-p", "\(port)", "-k",
                    directory.path, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off",
                ], prefix: prefix, in: directory, environment: environment)
            try postgres.waitForPort(port)
            let services = """
                - listen: ["127.0.0.1:0"]
                  channels:
                  - { address: "127.0.0.1:\(port)", probe: postgres-primary }
                  - { address: "127.0.0.1:\(port)", probe: { kind: postgres, user: nobody } }
                  - { address: "127.0.0.1:\(port)", probe: { kind: postgres-primary, user: nobody } }
                  - { address: "127.0.0.1:\(port)", probe: smtp }
                """
            try withDaemon(services) { daemon in
                try eventually("PostgreSQL is the primary") {
                    try verdict(daemon, "0/0") == ["good", "ok: primary"]
                }
                #expect(try verdict(daemon, "0/1") == ["good", "ok: 28000"])
                #expect(try verdict(daemon, "0/2")[0] == "bad")
                #expect(try verdict(daemon, "0/3")[0] == "bad")
            }
            try postgres.stop(with: SIGINT)
            #expect(!postgres.report.contains("PANIC"))
        }
    }
}

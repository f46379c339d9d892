import Foundation
import Shared
import Testing

extension EndToEnd {
    /// Who may come in, and how connections leave, seen from outside.
    @Suite("access")
    struct AccessTests {
        @Test("rules are changed live, by set, and by a file that reload reads again")
        func live() throws {
            let channel = try LocalChannel.echo()
            let directory = try TemporaryDirectory()
            let file = try directory.write("# nobody yet\n", to: "denied")
            let daemon = try Daemon(
                """
                - name: s
                  listen: ["127.0.0.1:0"]
                  access: [{ deny-file: \(file) }]
                  channels: ["\(channel.endpoint)"]
                """, in: directory)
            #expect(try Self.isServed(by: daemon))
            _ = try directory.write("127.0.0.0/8\n", to: "denied")
            let rows = try daemon.ask("reload").lines
            #expect(rows.contains { $0.contains("access") && $0.contains("1 networks") })
            #expect(try !Self.isServed(by: daemon))
            #expect(try daemon.ask("explain 127.0.0.1").attributes["denied"] == "deny-file \(file)")
            try daemon.ask("set s access \"allow 127.0.0.0/8, deny all\"")
            #expect(try Self.isServed(by: daemon))
            try daemon.ask("set listener s/0 access \"deny all reset\"")
            #expect(try daemon.client().receiveAll().ending == .reset)
            try daemon.ask("set listener s/0 access default")
            #expect(try Self.isServed(by: daemon))
            #expect(try daemon.ask("explain 10.0.0.1").attributes["denied"] == "deny all")
            try daemon.stop()
        }

        private static func isServed(by daemon: Daemon) throws -> Bool {
            let client = try daemon.client()
            try? client.send("x")
            return (try? client.receive(exactly: 1)) == Array("x".utf8)
        }

        @Test("a flood of denied clients is counted one by one, and told of in a few lines")
        func flood() throws {
            let directory = try TemporaryDirectory()
            let daemon = try LoggedDaemon(
                """
                - listen: [{ address: "127.0.0.1:0", access: [deny all] }]
                  channels: ["127.0.0.1:9"]
                """, log: "{ access: LOG/access.log, error: LOG/error.log }", workers: 1,
                in: directory)
            let count = 2000
            let endpoint = try daemon.daemon.endpoint()
            for _ in 0..<count { _ = try? Socket.connected(to: endpoint).receiveAll() }
            try eventually("all are counted") {
                try daemon.daemon.endings()["PA"] == count
            }
            #expect(try daemon.daemon.listeners()[0].refused == UInt64(count))
            try daemon.daemon.stop()
            let told = daemon.lines("error.log").filter { $0.contains(" denied 127.0.0.1:") }
            #expect((1...40).contains(told.count), "\(told.count)")
            #expect(told.first?.contains("rule 1, deny all") == true)
            #expect(daemon.lines().isEmpty)
        }

        @Test(
            "who waits for bytes writes fproxy's POST, and a client that says nothing has no channel"
        )
        func delayed() throws {
            let channel = try LocalChannel.echo()
            let daemon = try LoggedDaemon(
                """
                - listen: [{ address: "127.0.0.1:0", wait-for-bytes: 4 }]
                  timeouts: { client-hello: 1s }
                  channels: ["\(channel.endpoint)"]
                """, log: "{ access: LOG/access.log }")
            let served = try daemon.daemon.client()
            try served.send("ping")
            #expect(try served.receive(exactly: 4) == Array("ping".utf8))
            served.close()
            #expect(try daemon.wait(for: 1)[0].contains("\"POST 127.0.0.1\" 200 4 "))
            let silent = try daemon.daemon.client()
            try silent.send("pin")
            _ = try silent.receiveAll()
            #expect(try daemon.wait(for: 2)[1].contains("\"POST -\" 408 0 "))
            let ending = try daemon.daemon.client()
            ending.shutDownWrites()
            _ = try ending.receiveAll()
            #expect(try daemon.wait(for: 3)[2].contains("\"POST -\" 400 0 "))
            let endings = try daemon.daemon.endings()
            #expect(endings["cH"] == 1)
            #expect(endings["CH"] == 1)
            try daemon.daemon.stop()
        }

        @Test("a preamble is a phase of its own, and can be ended by hand")
        func shown() throws {
            try withDaemon(
                """
                - listen: [{ address: "127.0.0.1:0", wait-for-bytes: 4 }]
                  timeouts: { client-hello: never }
                  channels: ["127.0.0.1:9"]
                """
            ) { daemon in
                let client = try daemon.client()
                try eventually("it is in its preamble") {
                    try daemon.sessions().first?.phase == .preamble
                }
                let id = try #require(try daemon.sessions().first?.id)
                try daemon.ask("kill session \(id)")
                _ = try client.receiveAll()
                #expect(try daemon.endings()["KH"] == 1)
            }
        }

        @Test("what this machine does not have is said at the start, and on the control socket")
        func impossible() throws {
            let directory = try TemporaryDirectory()
            for (line, expected) in [
                ("source: 192.0.2.77", "an address of “source” is not this machine's"),
                ("socket: { interface: nowhere0 }", "“interface” names none of this machine's"),
                ("socket: { congestion: magic }", "tcp_available_congestion_control"),
            ] {
                let file = try directory.write(
                    """
                    control: { socket: "\(directory("control.sock"))" }
                    services:
                    - listen: ["127.0.0.1:0"]
                      channels: [{ address: "127.0.0.1:9", \(line) }]
                    """, to: "bad.yaml")
                let program = try Program([Daemon.binary, "run", file], in: directory)
                #expect(try program.waitForEnd() != 0)
                #expect(program.errors.contains("channel 0/0/0: cannot set up its socket"))
                #expect(program.errors.contains(expected), "\(program.errors)")
            }
            try withDaemon("- { listen: [\"127.0.0.1:0\"], channels: [\"127.0.0.1:9\"] }") {
                #expect(throws: UnexpectedReply.self) { [daemon = $0] in
                    try daemon.ask("set 0/0/0 source 192.0.2.77")
                }
                try $0.ask("set 0/0/0 source 127.0.0.5")
                try $0.ask("set 0/0/0 socket.dscp 46")
                #expect(try $0.ask("show config").lines.contains { $0.contains("dscp: 46") })
            }
        }

        @Test(
            "options of sockets are in force: on a listener's clients, and on connections to channels"
        )
        func options() throws {
            let (channel, connections) = try LocalChannel.handingOver()
            try withDaemon(
                """
                - listen:
                  - address: "127.0.0.1:0"
                    socket: { dscp: 10, keepalive-idle: 33s, fast-open: yes, defer-accept: 5s, mptcp: yes }
                  channels:
                  - address: "\(channel.endpoint)"
                    socket: { congestion: reno, dscp: 46, keepalive-count: 4 }
                """
            ) { daemon in
                let client = try daemon.client()
                try client.send("x")
                let connection = try connections.next()
                #expect(try connection.receive(exactly: 1) == Array("x".utf8))
                try connection.send("y")
                #expect(try client.receive(exactly: 1) == Array("y".utf8))
                withExtendedLifetime((client, connection)) {}
            }
        }
    }

    /// Networks of their own, with machines in them: `source: client` needs a router.
    @Suite("transparent source", .enabled(if: Namespace.isPossible))
    struct TransparentTests {
        @Test("a channel sees the client's own address, and its answers come back")
        func transparent() throws {
            let directory = try TemporaryDirectory()
            let script = """
                set -e
                ip link set lo up
                ip addr add 192.0.2.1/32 dev lo
                ip addr add 192.0.2.99/32 dev lo
                "$1" run "$2" & daemon=$!
                python3 - "$daemon" <<'PYTHON'
                import socket, sys, time, os
                door = socket.create_server(("192.0.2.1", 4000))
                end = time.time() + 20
                while True:
                    try:
                        client = socket.create_connection(
                            ("192.0.2.1", 3000), source_address=("192.0.2.99", 0))
                        break
                    except OSError:
                        if time.time() > end: raise
                channel, address = door.accept()
                client.sendall(b"ping")
                assert channel.recv(4) == b"ping"
                channel.sendall(b"pong")
                assert client.recv(4) == b"pong"
                print("seen", address[0])
                os.kill(int(sys.argv[1]), 15)
                PYTHON
                wait $daemon || true
                """
            let file = try directory.write(
                """
                control: { socket: "\(directory("control.sock"))" }
                services:
                - listen: ["192.0.2.1:3000"]
                  source: client
                  channels: ["192.0.2.1:4000"]
                """, to: "proxyd.yaml")
            let output = try Program.run(
                Namespace.prefix + ["sh", "-c", script, "sh", Daemon.binary, file])
            #expect(output.contains("seen 192.0.2.99"), "\(output)")
        }
    }
}

/// A network of its own.
enum Namespace {
    static let prefix =
        ["unshare"] + (getuid() == 0 ? [] : ["--user", "--map-root-user"]) + ["--net"]

    static let isPossible =
        Program.exist("unshare", "ip", "python3") && (try? Program.run(prefix + ["true"])) != nil
}

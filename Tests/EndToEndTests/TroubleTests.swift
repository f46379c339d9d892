import Foundation
import Shared
import Testing

extension EndToEnd {
    /// What goes wrong on a bad day: a clear error or a counted reason, and nobody else is harmed.
    @Suite("trouble")
    struct TroubleTests {
        /// Starts a daemon that must not start; returns its exit status and what it said.
        private func refusal(
            _ services: String, prefix: [String] = [], in directory: TemporaryDirectory? = nil
        ) throws -> (status: Int, words: String) {
            let directory = try directory ?? TemporaryDirectory()
            let file = try directory.write(
                "control: { socket: \"\(directory("control.sock"))\" }\nservices:\n\(services)",
                to: "proxyd.yaml")
            let program = try Program([Daemon.binary, "run", file], prefix: prefix, in: directory)
            let status = try program.waitForEnd()
            return (status, program.errors)
        }

        @Test("an address that is taken is named, and the daemon does not start")
        func addressInUse() throws {
            let taken = try Socket.listening()
            let (status, words) = try refusal(
                "- { listen: [\"\(try taken.endpoint)\"], channels: [\"127.0.0.1:1\"] }")
            #expect([69, 71].contains(status))
            #expect(words.contains("\(try taken.endpoint)"), "\(words)")
        }

        @Test(
            "a port that needs privileges", .enabled(if: getuid() == 0 && Program.exist("setpriv")))
        func privilegedPort() throws {
            let directory = try TemporaryDirectory()
            directory.open(mode: 0o1777)
            // Loopback addresses are plenty; on this one nobody listens.
            let (status, words) = try refusal(
                "- { listen: [\"127.0.0.77:80\"], channels: [\"127.0.0.1:1\"] }",
                prefix: Self.asNobody, in: directory)
            // Where unprivileged ports begin at 0 this is no trouble at all (ip(7)).
            let first = try String(
                contentsOfFile: "/proc/sys/net/ipv4/ip_unprivileged_port_start", encoding: .utf8)
            guard first.trimmingCharacters(in: .whitespacesAndNewlines) != "0" else { return }
            #expect(status == 77, "\(words)")
            #expect(words.contains("127.0.0.77:80"))
        }

        @Test(
            "a directory that may not be written to",
            .enabled(if: getuid() == 0 && Program.exist("setpriv")))
        func unwritableDirectory() throws {
            let directory = try TemporaryDirectory()
            directory.open(mode: 0o755)
            let (status, words) = try refusal(
                "- { listen: [\"unix:\(directory("listener.sock"))\"], channels: [\"127.0.0.1:1\"] }",
                prefix: Self.asNobody, in: directory)
            #expect(status == 77, "\(words)")
            #expect(words.contains(directory.path))
        }

        static let asNobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]

        @Test("a name that does not resolve is named")
        func unknownName() throws {
            // RFC 6761: nothing below .invalid ever resolves.
            let (status, words) = try refusal(
                "- { listen: [\"127.0.0.1:0\"], channels: [\"nowhere.invalid:80\"] }")
            #expect(status != 0)
            #expect(words.contains("nowhere.invalid"), "\(words)")
        }

        @Test(
            "a mistake in the file is answered with its place, and nothing is bound",
            arguments: [
                ("- { listen: [\"127.0.0.1:0\"], chanels: [\"127.0.0.1:1\"] }", "channels"),
                ("- { listen: [\"127.0.0.1:0\"], channels: [\"127.0.0.1:65536\"] }", "65536"),
                ("- { listen: 5, channels: [\"127.0.0.1:1\"] }", "listen"),
                (
                    "- { listen: [\"127.0.0.1:0\"], channels: [ { address: \"127.0.0.1:1\", maxc: many } ] }",
                    "maxc"
                ),
            ])
        func mistake(services: String, word: String) throws {
            let (status, words) = try refusal(services)
            #expect([65, 78].contains(status), "\(words)")
            #expect(words.contains("proxyd.yaml:3:"), "\(words)")
            #expect(words.contains(word), "\(words)")
        }

        @Test("a client that leaves while its channel is being connected to")
        func leavesDuringConnect() throws {
            let full = try Socket.listening(backlog: 0)
            let filling = try (0..<4).map { _ in
                let socket = try Socket.unconnected(for: full.endpoint)
                socket.setNonBlocking()
                try socket.beginConnecting(to: full.endpoint)
                return socket
            }
            let services = """
                - listen: ["127.0.0.1:0"]
                  timeouts: { connect: 1s }
                  channels: ["\(try full.endpoint)"]
                """
            try withDaemon(services) { daemon in
                let before = try daemon.socketCount()
                for index in 0..<20 {
                    let client = try daemon.client()
                    if index.isMultiple(of: 2) { client.reset() } else { client.close() }
                }
                try daemon.waitUntilNoSessions()
                try eventually("every socket is closed") { try daemon.socketCount() <= before }
                #expect(try daemon.channels()[0].current == 0)
                withExtendedLifetime(filling) {}
            }
        }

        @Test("a channel that accepts and resets is told to the client, and counted")
        func channelResets() throws {
            let channel = try LocalChannel.resetting()
            let services = "- { listen: [\"127.0.0.1:0\"], channels: [\"\(channel.endpoint)\"] }"
            try withDaemon(services) { daemon in
                for _ in 0..<20 {
                    let client = try daemon.client()
                    #expect(try client.receiveAll() == ([], .reset))
                }
                try daemon.waitUntilNoSessions()
                let endings = try daemon.endings()
                #expect(
                    endings.filter { $0.key.hasPrefix("S") }.values.reduce(0, +) == 20, "\(endings)"
                )
            }
        }

        @Test(
            "10,000 connections in a burst against 1024 descriptors",
            .enabled(if: Program.exist("prlimit")))
        func burst() throws {
            let channel = try LocalChannel.echo()
            let services = """
                - listen: ["127.0.0.1:0"]
                  channels: ["\(channel.endpoint)"]
                """
            try withDaemon(services, prefix: ["prlimit", "--nofile=1024:1024"]) { daemon in
                let endpoint = try daemon.endpoint()
                let before = try daemon.descriptorCount()
                let count = Burst.affordable(10_000)
                var burst = try Burst(to: endpoint)
                try burst.run(count, within: .seconds(120))
                #expect(burst.served + burst.turnedAway == count)
                #expect(burst.served > count / 2)
                try daemon.waitUntilNoSessions(within: .seconds(60))
                try eventually("every descriptor is back", within: .seconds(60)) {
                    try daemon.descriptorCount() <= before
                }
                // A session after it all, and no spinning when it is over.
                let client = try Socket.connected(to: endpoint)
                try client.send("well?")
                #expect(try client.receive(exactly: 5) == Array("well?".utf8))
                let cpu = try daemon.cpuMilliseconds()
                Thread.sleep(forTimeInterval: 1)
                #expect(try daemon.cpuMilliseconds() - cpu <= 200)
            }
        }

        @Test(
            "SIGTERM ends a daemon with sessions under way, within seconds",
            arguments: [SIGTERM, SIGINT])
        func terminate(signal: CInt) throws {
            let channel = try LocalChannel.echo()
            let daemon = try Daemon(
                "- { listen: [\"127.0.0.1:0\"], channels: [\"\(channel.endpoint)\"] }")
            let clients = try (0..<10).map { _ in try daemon.client() }
            for client in clients {
                try client.send("x")
                _ = try client.receive(exactly: 1)
            }
            #expect(try daemon.program.stop(with: signal) == 0)
            #expect(!FileManager.default.fileExists(atPath: daemon.controlPath))
            for client in clients { _ = try client.receiveAll() }
        }

        @Test("after a standstill sessions go on whose bytes have come meanwhile")
        func standstill() throws {
            let channel = try LocalChannel.echo()
            let services = """
                - listen: ["127.0.0.1:0"]
                  timeouts: { idle: 5s }
                  channels: ["\(channel.endpoint)"]
                """
            try withDaemon(services) { daemon in
                let clients = try (0..<20).map { _ in try daemon.client() }
                for client in clients {
                    try client.send("a")
                    #expect(try client.receive(exactly: 1) == Array("a".utf8))
                }
                kill(daemon.program.pid, SIGSTOP)
                for client in clients { try client.send("b") }
                Thread.sleep(forTimeInterval: 6.5)
                kill(daemon.program.pid, SIGCONT)
                for client in clients {
                    #expect(try client.receive(exactly: 1) == Array("b".utf8))
                }
                try daemon.waitForLine("stood still for")
            }
        }

        @Test("a daemon with nothing to do does nothing")
        func idle() throws {
            let channel = try LocalChannel.echo()
            try withDaemon("- { listen: [\"127.0.0.1:0\"], channels: [\"\(channel.endpoint)\"] }") {
                daemon in
                let client = try daemon.client()
                try client.send("x")
                _ = try client.receive(exactly: 1)
                let before = try daemon.cpuMilliseconds()
                Thread.sleep(forTimeInterval: 1)
                // Whoever spins spends a thousand.
                #expect(try daemon.cpuMilliseconds() - before <= 200)
            }
        }
    }
}

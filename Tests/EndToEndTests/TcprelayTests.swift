import Foundation
import Shared
import Testing

extension EndToEnd {
    /// The scenarios of tcprelay's reference, by their numbers. Those of TLS and of other machines are in
    /// docs/dialects/tcprelay.md.
    @Suite("tcprelay", .timeLimit(.minutes(5)))
    struct TcprelayTests {
        private let directory: TemporaryDirectory

        init() throws { directory = try TemporaryDirectory() }

        private func remote(_ endpoint: Endpoint, _ more: String = "") -> String {
            "remote = { address = 127.0.0.1 port = \(endpoint.port) \(more) }"
        }

        @discardableResult
        private func write(
            _ relay: String, spawnd: String = "listen = { address = 127.0.0.1 port = 0 }",
            top: String = ""
        ) throws -> String {
            try directory.write(
                """
                #!/usr/local/sbin/spawnd
                \(top)
                id = spawnd { \(spawnd) }
                id = tcprelay { \(relay) }
                """, to: "tcprelay.cfg")
        }

        private func dialect(_ options: [String] = []) -> RelayDialect {
            RelayDialect(["tcprelay"] + options + [directory("tcprelay.cfg")], in: directory)
        }

        @Test("tcprelay 1: one listener, one remote")
        func one() throws {
            let channel = try LocalChannel.letter("A")
            try write(remote(channel.endpoint))
            try dialect().run { daemon throws in
                #expect(try daemon.letters(3) == "AAA")
            }
        }

        @Test("tcprelay 3 and 4: clients that stay, by weight, and 0 counts as 1")
        func weights() throws {
            let channels = try ["A", "B", "C"].map { try LocalChannel.letter($0) }
            try write(
                remote(channels[0].endpoint, "weight = 2")
                    + remote(channels[1].endpoint, "weight = 0") + remote(channels[2].endpoint))
            try dialect().run { daemon throws in
                let (letters, clients) = try daemon.held(12)
                #expect(letters == "ABCAABCAABCA")
                for client in clients { client.close() }
            }
        }

        @Test(
            "tcprelay 5 and 6: a remote that refuses costs no client anything", arguments: [0, 1])
        func refusing(index: Int) throws {
            let channel = try LocalChannel.letter("A")
            let closed = try Socket.bound()
            let remotes = [remote(channel.endpoint), remote(try closed.endpoint)]
            try write((index == 1 ? remotes : remotes.reversed()).joined(separator: " "))
            try dialect().run { daemon throws in
                let (letters, clients) = try daemon.held(6)
                #expect(letters == "AAAAAA")
                for client in clients { client.close() }
            }
        }

        @Test("tcprelay 7: the only remote refuses, and serves again once it is there")
        func recovering() throws {
            let closed = try Socket.bound()
            let endpoint = try closed.endpoint
            try write(remote(endpoint))
            try dialect().run { daemon throws in
                #expect(try daemon.letter() == "-")
                let channel = try LocalChannel.letter("A", on: endpoint)
                #expect(try daemon.letter() == "A")
                channel.stop()
            }
        }

        @Test("tcprelay 8: rebalance")
        func rebalance() throws {
            let closed = try Socket.bound()
            let endpoint = try closed.endpoint
            let second = try LocalChannel.letter("B")
            try write("rebalance = 5 " + remote(endpoint) + remote(second.endpoint))
            try dialect().run { daemon throws in
                #expect(try daemon.letters(1) == "B")
                let first = try LocalChannel.letter("A", on: endpoint)
                // The first client has made two selections.
                let letters = try daemon.letters(5)
                #expect(letters.hasPrefix("B") && letters.hasSuffix("A"), "\(letters)")
                first.stop()
            }
        }

        @Test("tcprelay 9: users max = 2, overload = queue")
        func queueing() throws {
            try withLimit("queue") { daemon throws in
                let (letters, clients) = try daemon.held(2)
                #expect(letters == "AA")
                try daemon.waitForLine(
                    "limit of 2 concurrent users reached, queueing new connections")
                var waiting: [Socket] = []
                for count in [3, 4] {
                    waiting.append(try daemon.client())
                    try eventually("it waits") { try daemon.sessions().count == count }
                }
                for (client, next) in zip(clients, waiting) {
                    client.close()
                    #expect(try next.letterOrNone() == "A")
                }
                for client in waiting { client.close() }
                try daemon.waitForLine("resuming normal operation")
                #expect(daemon.occurrences(of: "concurrent users reached") == 1)
            }
        }

        @Test("tcprelay 9: users max = 2, overload = close")
        func closing() throws {
            try withLimit("close") { daemon throws in
                let (letters, clients) = try daemon.held(2)
                #expect(letters == "AA")
                #expect(try daemon.letter() == "-")
                #expect(try daemon.letter() == "-")
                try daemon.waitForLine("limit of 2 concurrent users reached, immediately closing")
                clients[0].close()
                try daemon.waitForLine("resuming normal operation")
                #expect(try daemon.letter() == "A")
                clients[1].close()
            }
        }

        @Test("tcprelay 9: users max = 2, overload = reset")
        func resetting() throws {
            try withLimit("reset") { daemon throws in
                let endpoint = try daemon.endpoint()
                let (letters, clients) = try daemon.held(2)
                #expect(letters == "AA")
                try daemon.waitForLine("limit of 2 concurrent users reached, resetting")
                try eventually("nobody listens") { try daemon.listeners()[0].state == .refusing }
                // The socket is closed when the last worker has let it go.
                try eventually("clients are refused") { try isRefused(at: endpoint) }
                #expect(try isRefused(at: endpoint))
                clients[0].close()
                try daemon.waitForLine("resuming normal operation")
                try eventually("somebody listens") { try daemon.listeners()[0].state == .open }
                #expect(try daemon.letter() == "A")
                clients[1].close()
            }
        }

        private func withLimit(_ overload: String, _ body: (Daemon) throws -> Void) throws {
            let channel = try LocalChannel.letter("A")
            try write(
                remote(channel.endpoint),
                spawnd: """
                    listen = { address = 127.0.0.1 port = 0 } overload = \(overload)
                    spawn = { users max = 2 users min = 1 instances min = 1 instances max = 1 }
                    """)
            try dialect().run(body)
        }

        @Test("tcprelay 10: idle timeout, which a byte in either direction puts off")
        func idle() throws {
            let (channel, handover) = try LocalChannel.handingOver()
            try write("idle timeout = 2 " + remote(channel.endpoint))
            try dialect().run { daemon throws in
                let client = try daemon.client()
                let served = try handover.next()
                let start = ContinuousClock.now
                try eventually("a second has passed") {
                    start.duration(to: .now) > .seconds(1)
                }
                try served.send("x")
                #expect(try client.receive(exactly: 1) == [0x78])
                let (rest, _) = try client.receiveAll()
                let lived = start.duration(to: .now)
                #expect(rest.isEmpty)
                #expect(lived > .milliseconds(2800) && lived < .seconds(15), "\(lived)")
            }
        }

        @Test("tcprelay 11: retire limit does no harm")
        func retiring() throws {
            let channel = try LocalChannel.letter("A")
            try write("retire limit = 3 " + remote(channel.endpoint))
            try dialect().run { daemon throws in
                #expect(try daemon.letters(5) == "AAAAA")
                try daemon.waitForLine("retire limit has no effect")
            }
        }

        @Test("tcprelay 2 and 21: the published sample, but for TLS, and every documented spelling")
        func sample() throws {
            let channel = try LocalChannel.letter("A")
            let ports = try [Program.freePort(), Program.freePort()]
            try write(
                "retire = 1000 \(remote(channel.endpoint)) ssl passphrase = 12345",
                spawnd: """
                    listen = { port = \(ports[0]) }
                    listen = { address = ::0 port = \(ports[0]) }
                    listen = { ::0 port = \(ports[1]) }
                    spawn { users max = 4000 users min = 10 servers min = 1 servers max = 20 }
                    spawn = { exec /usr/local/libexec/tcprelay }
                    """)
            #expect(try dialect(["-P"]).end().status == 0)
            try dialect().run { daemon throws in
                for (index, address) in ["127.0.0.1", "::1", "::1"].enumerated() {
                    let host = try #require(IPAddress(address))
                    let client = try Socket.connected(to: .ip(host, port: ports[index / 2]))
                    #expect(try client.letterOrNone() == "A")
                    client.close()
                }
                // As there: who names every IPv6 address is served by IPv4 as well.
                #expect(try letter(at: .loopback(port: ports[1])) == "A")
            }
        }

        @Test("tcprelay 12: local address")
        func localAddress() throws {
            let channel = try LocalChannel { connection in
                try connection.send("\(try connection.peer())")
            }
            try write("local address = 127.0.0.9 " + remote(channel.endpoint))
            try dialect().run { daemon throws in
                let text = try daemon.client().receiveAll().bytes
                #expect(String(decoding: text, as: UTF8.self).hasPrefix("127.0.0.9:"))
            }
        }

        @Test("tcprelay 13: SIGHUP keeps what is open and takes the new remote")
        func reloading() throws {
            let (old, handover) = try LocalChannel.handingOver()
            let new = try LocalChannel.letter("B")
            try write(remote(old.endpoint))
            try dialect().run { daemon throws in
                let client = try daemon.client()
                let served = try handover.next()
                try write(remote(new.endpoint))
                kill(daemon.program.pid, SIGHUP)
                try daemon.waitForLine("SIGHUP: restarting")
                #expect(try daemon.letter() == "B")
                try served.send("x")
                #expect(try client.receive(exactly: 1) == [0x78])
                client.close()
                // A file with a mistake changes nothing.
                try write("remote = { address = nowhere }")
                kill(daemon.program.pid, SIGHUP)
                try daemon.waitForLine("nothing was changed")
                #expect(try daemon.letter() == "B")
            }
        }

        @Test(
            "tcprelay 14: SIGTERM and SIGINT refuse at once and let sessions end",
            arguments: [SIGTERM, SIGINT])
        func ending(signal: CInt) throws {
            let (channel, handover) = try LocalChannel.handingOver()
            try write(remote(channel.endpoint))
            try dialect(["-p", directory("pid")]).run { daemon throws in
                let endpoint = try daemon.endpoint()
                let client = try daemon.client()
                let served = try handover.next()
                #expect(directory.read("pid").hasPrefix("\(daemon.program.pid)"))
                kill(daemon.program.pid, signal)
                try eventually("the port refuses") {
                    (try? Socket.connected(to: endpoint)) == nil
                }
                try served.send("x")
                #expect(try client.receive(exactly: 1) == [0x78])
                client.close()
                served.close()
                // Those that were accepted while it was being asked whether it still listens.
                try eventually("it has ended") {
                    while let extra = try? handover.next(within: .milliseconds(10)) {
                        extra.close()
                    }
                    return !daemon.program.isRunning
                }
                #expect(try daemon.program.waitForEnd() == 0)
                #expect(daemon.program.errors.contains("exiting"))
                #expect(!FileManager.default.fileExists(atPath: directory("pid")))
            }
        }

        @Test("tcprelay 15: -P and what it ends with")
        func checking() throws {
            try write("remote = { address = 127.0.0.1 port = 9 weight = -1 } retire limit = 5")
            let good = try dialect(["-P"]).end()
            #expect(good.status == 0)
            #expect(good.program.output.isEmpty && good.program.errors.isEmpty)
            #expect(try dialect(["-P", "-i", "other"]).end().status == 78)
            #expect(try dialect(["-P", "-Z"]).end().status == 64)
            try write("remote = { address = 127.0.0.1 prot = 9 }")
            let (status, program) = try dialect(["-P"]).end()
            #expect(status == 78)
            #expect(
                program.errors.contains(
                    "tcprelay.cfg:4: Expected 'address', 'port', 'protocol', 'weight' or '}', but got 'prot'."
                ),
                "\(program.errors)")
            #expect(program.errors.contains("Detected fatal configuration error. Exiting."))
            let missing = RelayDialect(["tcprelay", "-P", directory("none")], in: directory)
            #expect(try missing.end().status == 66)
            let help = RelayDialect(["tcprelay"], in: directory)
            #expect(try help.end().status == 64)
        }

        @Test("tcprelay 16: permit and deny, in their order, and no match is denied")
        func access() throws {
            let channel = try LocalChannel.letter("A")
            let listen = "listen = { address = 127.0.0.1 port = 0 } "
            try write(
                remote(channel.endpoint), spawnd: listen + "deny 127.0.0.9/32 permit 0.0.0.0/0")
            try dialect().run { daemon throws in
                #expect(try daemon.letter(from: "127.0.0.9") == "-")
                #expect(try daemon.letter(from: "127.0.0.8") == "A")
            }
            try write(
                remote(channel.endpoint),
                spawnd: listen + "deny not 127.0.0.0/28 permit 127.0.0.8/30")
            try dialect().run { daemon throws in
                #expect(try daemon.letter(from: "127.0.0.77") == "-")
                #expect(try daemon.letter(from: "127.0.0.9") == "A")
                #expect(try daemon.letter(from: "127.0.0.3") == "-")
            }
        }

        @Test("tcprelay 17: a Unix socket with its mode and its owner")
        func unix() throws {
            let channel = try LocalChannel.letter("A")
            let path = directory("s")
            let isRoot = getuid() == 0
            try write(
                remote(channel.endpoint),
                spawnd:
                    "listen = { path = \(path) mode = 600 \(isRoot ? "userid = nobody groupid = 0" : "") }"
            )
            try dialect().run { daemon throws in
                let attributes = try FileManager.default.attributesOfItem(atPath: path)
                #expect(attributes[.posixPermissions] as? Int == 0o600)
                if isRoot {
                    #expect(attributes[.ownerAccountName] as? String == "nobody")
                    #expect(attributes[.groupOwnerAccountID] as? Int == 0)
                }
                #expect(try daemon.letter() == "A")
            }
        }

        @Test("tcprelay 18: IO_POLL_MECHANISM is accepted", arguments: [8, 16])
        func mechanism(number: Int) throws {
            let channel = try LocalChannel.letter("A")
            try write(remote(channel.endpoint), top: "setenv IO_POLL_MECHANISM = \(number)")
            try dialect().run { daemon throws in
                #expect(try daemon.letter() == "A")
                try daemon.waitForLine("IO_POLL_MECHANISM = \(number) has no effect")
            }
        }

        @Test("tcprelay 19: a port that is taken is had as soon as it is free")
        func binding() throws {
            let channel = try LocalChannel.letter("A")
            let owner = try Socket.listening()
            let endpoint = try owner.endpoint
            try write(
                remote(channel.endpoint),
                spawnd: """
                    bind retry delay = 1
                    listen = { address = 127.0.0.1 port = \(endpoint.port) }
                    """)
            try dialect().run { daemon throws in
                try daemon.waitForLine("bind to [127.0.0.1]:\(endpoint.port) failed.")
                #expect(try daemon.listeners()[0].state == .refusing)
                owner.close()
                try eventually("it listens") { try daemon.listeners()[0].state == .open }
                #expect(try daemon.letter() == "A")
                try daemon.waitForLine("bind to [127.0.0.1]:\(endpoint.port) succeeded")
            }
        }

        @Test(
            "a port that is taken does not keep the others from serving; when all are, it ends with 75"
        )
        func tolerating() throws {
            let channel = try LocalChannel.letter("A")
            let owner = try Socket.listening()
            let taken = "listen = { address = 127.0.0.1 port = \(try owner.endpoint.port) }"
            try write(
                remote(channel.endpoint),
                spawnd: taken + "listen = { address = 127.0.0.1 port = 0 }")
            try dialect().run { daemon throws in
                #expect(try daemon.letter(listener: 1) == "A")
            }
            try write(remote(channel.endpoint), spawnd: taken)
            let (status, program) = try dialect().end()
            #expect(status == 75, "\(program.report)")
            #expect(program.errors.contains("no listener could be opened"))
        }

        @Test("in the background the caller goes on, and mistakes are told before")
        func background() throws {
            let channel = try LocalChannel.letter("A")
            try write(
                remote(channel.endpoint),
                spawnd:
                    "background = yes pidfile = \(directory("pid")) listen = { address = 127.0.0.1 port = 0 }"
            )
            let (status, program) = try dialect().end()
            #expect(status == 0, "\(program.report)")
            let text = directory.read("pid").trimmingCharacters(in: .newlines)
            let number = try #require(pid_t(text))
            Leftovers.add { kill(number, SIGKILL) }
            let client = try ControlClient(path: directory("control.sock"))
            guard case .ok(let attributes, _) = try client.ask("hello") else {
                Issue.record("no hello")
                return
            }
            #expect(attributes["pid"] == text)
            kill(number, SIGTERM)
            try eventually("it has ended") {
                !FileManager.default.fileExists(atPath: directory("pid"))
            }
            try write("", spawnd: "background = yes listen = { port = 0 }")
            #expect(try dialect().end().status == 64)
            try write(remote(channel.endpoint), spawnd: "background = yes")
            #expect(try dialect().end().status == 71)
        }

        @Test("by its name")
        func linked() throws {
            try write("remote = { address = 127.0.0.1 port = 9 }")
            try FileManager.default.createSymbolicLink(
                atPath: directory("tcprelay"), withDestinationPath: Daemon.binary)
            let program = try Program(
                [directory("tcprelay"), "-P", directory("tcprelay.cfg")], in: directory)
            #expect(try program.waitForEnd() == 0, "\(program.report)")
        }
    }
}

extension Daemon {
    fileprivate func occurrences(of text: String) -> Int {
        program.errorsSoFar.components(separatedBy: text).count - 1
    }
}

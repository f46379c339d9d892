import Foundation
import Shared
import Testing

extension EndToEnd {
    /// The numbered scenarios of balance 3.54, against the built program.
    @Suite("balance as it was", .timeLimit(.minutes(5)))
    struct BalanceScenarioTests {
        private let balance: Foreign
        private let port: UInt16
        private var here: Endpoint { .loopback(port: port) }
        private var P: String { String(port) }

        init() throws {
            balance = try Foreign("balance")
            port = try Program.freePort()
        }

        private func control(_ host: String = "0.0.0.0") -> String {
            balance.directory("b/balance.\(port).\(host)")
        }

        private func start(_ arguments: [String], host: String = "0.0.0.0") throws -> Program {
            try balance.start(arguments, control: control(host))
        }

        /// A place where nobody listens, kept from others.
        private func dead() throws -> Socket { try Socket.bound() }

        private func text(_ endpoint: Endpoint) -> String { "\(endpoint)" }

        /// The columns of `show`: state, c, totalc.
        private func show(_ host: String? = nil) throws -> [(state: String, c: Int, total: Int)] {
            let bind = host.map { ["-b", $0] } ?? []
            let shown = try balance.finish(bind + ["-c", "show", P])
            #expect(shown.status == 0)
            return shown.output.split(separator: "\n").dropFirst().map { line in
                let words = line.split(separator: " ")
                return (String(words[3]), Int(words[6]) ?? -1, Int(words[7]) ?? -1)
            }
        }

        private func waitUntilIdle() throws {
            try eventually("every c is 0") { try show().allSatisfy { $0.c == 0 } }
        }

        @Test("balance 1: two hosts, in the background at once, the port is theirs too")
        func scenario1() throws {
            let channels = try [("A", 2), ("B", 3)].map {
                try LocalChannel.letter($0, on: .loopback($1, port: port))
            }
            try balance.startInBackground(
                ["-b", "127.0.0.1", P, "127.0.0.2", "127.0.0.3"], control: control("127.0.0.1"))
            #expect(try letters(4, at: here) == "A B A B")
            #expect(channels.map(\.count) == [2, 2])
        }

        @Test("balance 2: an IPv6 client is served by IPv4 backends; -b is part of the name")
        func scenario2() throws {
            let (a, b) = (try LocalChannel.letter("A"), try LocalChannel.letter("B"))
            try balance.startInBackground(
                ["-b", "::1", P, text(a.endpoint), text(b.endpoint)], control: control("::1"))
            let six = Endpoint.ip(.loopbackV6, port: port)
            #expect(try letters(4, at: six) == "A B A B")
            let other = try balance.finish(["-c", "show", P])
            #expect(other.status == 69)
            #expect(other.output == "no master process, exiting.\n")
            let own = try balance.finish(["-b", "::1", "-c", "show", P])
            #expect(own.output.split(separator: "\n").count == 3)
        }

        @Test("balance 3: a v4-mapped address is the IPv4 address")
        func scenario3() throws {
            let (a, b) = (try LocalChannel.letter("A"), try LocalChannel.letter("B"))
            try balance.startInBackground(
                ["-b", "::ffff:127.0.0.1", P, text(a.endpoint), text(b.endpoint)],
                control: control("::ffff:127.0.0.1"))
            #expect(try letters(2, at: here) == "A B")
        }

        @Test("balance 4: the packet dump, byte for byte")
        func scenario4() throws {
            let channel = try LocalChannel { connection in
                try connection.send("A\n")
                while try !connection.receive().isEmpty {}
            }
            let program = try start(["-fp", P, text(channel.endpoint)])
            let client = try Socket.connected(to: here)
            #expect(try client.receive(exactly: 2) == Array("A\n".utf8))
            try eventually("the first half is there") { program.output == "-< 2\nA\\0A\n\n" }
            try client.send(Array("GET / HTTP\\x\r\n".utf8) + [0, 0xFF] + Array(" end".utf8))
            let request = "-> 20\nGET / HTTP\\\\x\\0D\\0A\n\\00\\FF end\n"
            try eventually("the second half is there") {
                program.output == "-< 2\nA\\0A\n\n" + request
            }
            client.close()
            try eventually("its end shows as no bytes") {
                program.output.hasSuffix(request + "-> 0\n\n-< 0\n\n")
            }
            // As any program that handles no signals.
            #expect(try program.stop(with: SIGINT) == -Int(SIGINT))
        }

        @Test("balance 5: one of two has its own port; ^C ends it")
        func scenario5() throws {
            let a = try LocalChannel.letter("A", on: .loopback(2, port: port))
            let b = try LocalChannel.letter("B")
            let program = try start(
                ["-f", "-b", "127.0.0.1", P, "127.0.0.2", text(b.endpoint)], host: "127.0.0.1")
            #expect(try letters(4, at: here) == "A B A B")
            #expect(a.count == 2)
            let held = try Socket.connected(to: here)
            #expect(try held.letter() == "A")
            #expect(try program.stop(with: SIGINT) == -Int(SIGINT))
        }

        @Test("balance 6: sixteen on the first group, the others on the second")
        func scenario6() throws {
            let (a, b) = (try LocalChannel.letter("A"), try LocalChannel.letter("B"))
            let program = try start(
                ["-f", P, "\(a.endpoint):16", "!", text(b.endpoint)])
            var held: [Socket] = []
            for index in 0..<20 {
                let client = try Socket.connected(to: here)
                #expect(try client.letter() == (index < 16 ? "A" : "B"))
                held.append(client)
            }
            held.removeFirst().close()
            try eventually("a place is free") { try show()[0].c == 15 }
            #expect(try letter(at: here) == "A")
            held.forEach { $0.close() }
            try program.stop()
        }

        @Test("balance 7: three dead and a spare; one of three alive takes them all")
        func scenario7() throws {
            let gone = try (0..<3).map { _ in try dead() }
            let spare = try LocalChannel.letter("F")
            let endpoints = try gone.map { text(try $0.endpoint) }
            let program = try start(["-f", P] + endpoints + ["!", text(spare.endpoint)])
            #expect(try letters(4, at: here) == "F F F F")
            let alive = try LocalChannel.letter("B", on: gone[1].endpoint)
            #expect(try letters(4, at: here) == "B B B B")
            #expect(alive.count == 4)
            #expect(spare.count == 4)
            try program.stop()
        }

        @Test("balance 8: one more than maxc is accepted and closed at once")
        func scenario8() throws {
            let a = try LocalChannel.letter("A")
            let program = try start(["-f", P, "\(a.endpoint):1"])
            let first = try Socket.connected(to: here)
            #expect(try first.letter() == "A")
            #expect(try letter(at: here) == "")
            try first.send("x")
            #expect(try show()[0].c == 1)
            first.close()
            try program.stop()
        }

        @Test("balance 9: its own client, twenty times over")
        func scenario9() throws {
            let a = try LocalChannel.letter("A")
            let own = "127.0.0.1:"
            let program = try start(
                [
                    "-f", P, "\(own):12", "!", "\(own):4", "!", "\(own):2", "\(own):2", "!",
                    text(a.endpoint),
                ])
            let first = try Socket.connected(to: here)
            #expect(try first.letter() == "A")
            #expect(try show().map(\.c) == [12, 4, 2, 2, 1])
            let second = try Socket.connected(to: here)
            #expect(try second.letter() == "A")
            #expect(try show().map(\.c) == [12, 4, 2, 2, 2])
            first.close()
            second.close()
            try waitUntilIdle()
            try program.stop()
        }

        @Test("balance 10: six clients, three channels, in turns")
        func scenario10() throws {
            let channels = try ["A", "B", "C"].map { try LocalChannel.letter($0) }
            let program = try start(["-f", P] + channels.map { text($0.endpoint) })
            #expect(try letters(6, at: here) == "A B C A B C")
            try waitUntilIdle()
            #expect(try show().map(\.total) == [2, 2, 2])
            try program.stop()
        }

        @Test("balance 11: one of three is dead; totals are attempts")
        func scenario11() throws {
            let (a, c) = (try LocalChannel.letter("A"), try LocalChannel.letter("C"))
            let b = try dead()
            let program = try start(
                ["-f", P, text(a.endpoint), text(try b.endpoint), text(c.endpoint)])
            #expect(try letters(9, at: here) == "A C A C A C A C A")
            try waitUntilIdle()
            #expect(try show().map(\.total) == [5, 4, 4])
            try program.stop()
        }

        @Test("balance 12: with -a the dead one is switched off, and that is said once")
        func scenario12() throws {
            let (a, c) = (try LocalChannel.letter("A"), try LocalChannel.letter("C"))
            let b = try dead()
            let endpoint = try b.endpoint
            let program = try start(
                ["-a", "-f", P, text(a.endpoint), text(endpoint), text(c.endpoint)])
            #expect(try letters(6, at: here) == "A C A C A C")
            try waitUntilIdle()
            let shown = try show()
            #expect(shown.map(\.total) == [3, 1, 3])
            #expect(shown.map(\.state) == ["ENA", "dis", "ENA"])
            let notices = """
                connection failed group 0 channel 1
                \(endpoint) needs to be enabled manually using balance -i after the problem is solved

                """
            try program.waitForLine(notices)
            try program.stop()
            #expect(program.errors.components(separatedBy: "connection failed").count == 2)
        }

        @Test("balance 13: a hash group keeps each client where the original does")
        func scenario13() throws {
            let channels = try ["0", "1", "2"].map { try LocalChannel.letter($0) }
            let program = try start(["-f", P] + channels.map { text($0.endpoint) } + ["%"])
            let vectors: [(UInt32, String)] = [
                (1, "2"), (2, "1"), (3, "0"), (9, "0"), (77, "0"), (200, "1"),
            ]
            for (last, expected) in vectors + vectors {
                let client = try Socket.connected(from: .loopback(last), to: here)
                #expect(try client.letter() == expected, "127.0.0.\(last)")
                client.close()
            }
            try program.stop()
        }

        @Test(
            "balance 14: hash group whose channel refuses",
            arguments: [([], "C C C"), (["-H"], "A A A")])
        func scenario14(options: [String], expected: String) throws {
            let (a, b) = (try LocalChannel.letter("A"), try LocalChannel.letter("B"))
            let (gone, c) = (try dead(), try LocalChannel.letter("C"))
            // 127.0.0.1 belongs to the third.
            let hashed = [text(a.endpoint), text(b.endpoint), text(try gone.endpoint)]
            let program = try start(["-f"] + options + [P] + hashed + ["%", text(c.endpoint)])
            #expect(try letters(3, at: here) == expected)
            try program.stop()
        }

        @Test("balance 15: an idle client is closed after -T seconds")
        func scenario15() throws {
            let a = try LocalChannel.letter("A")
            let program = try start(["-f", "-T", "1", P, text(a.endpoint)])
            let start = ContinuousClock.now
            let client = try Socket.connected(to: here)
            #expect(try client.receiveAll().bytes == Array("A".utf8))
            let time = ContinuousClock.now - start
            #expect(time > .milliseconds(900) && time < .seconds(15), "\(time)")
            try waitUntilIdle()
            try program.waitForLine("timed out after 1 seconds\n")
            try program.stop()
        }

        @Test("balance 16: a destination that drops SYNs costs -t seconds")
        func scenario16() throws {
            let hole = try BlackHole()
            let b = try LocalChannel.letter("B")
            let program = try start(["-f", "-t", "1", P, text(hole.endpoint), text(b.endpoint)])
            let start = ContinuousClock.now
            #expect(try letter(at: here) == "B")
            let time = ContinuousClock.now - start
            #expect(time > .milliseconds(900) && time < .seconds(15), "\(time)")
            try program.stop()
        }

        @Test("balance 17: a session of the control shell, text for text")
        func scenario17() throws {
            let channels = try ["A", "B"].map { try LocalChannel.letter($0) }
            let ports = channels.map { String($0.endpoint.port) }
            let program = try start(["-f", P] + channels.map { text($0.endpoint) })
            #expect(try letters(2, at: here) == "A B")
            try waitUntilIdle()
            let dialogue: [(String, String)] = [
                (
                    "show",
                    """
                    GRP Type  #   S       ip-address  port    c      totalc maxc        sent        rcvd
                      0   RR  0 ENA        127.0.0.1 \(ports[0])    0           1    0           0           1
                      0   RR  1 ENA        127.0.0.1 \(ports[1])    0           1    0           0           1
                    """
                ),
                ("create 127.0.0.1 \(ports[1])", "channel created"),
                ("create 127.0.0.1", "syntax error"),
                ("create 127.0.0.1 0", "invalid address"),
                ("enable 2", "channel 2 enabled"), ("enable 2", "channel 2 already enabled"),
                ("enable 7", "no such channel 7"), ("enable", "syntax error"),
                ("disable 2", "channel 2 disabled"), ("disable 2", "channel 2 already disabled"),
                ("disable 9", "no such channel 9"), ("d", "syntax error"),
                ("assign 2 127.0.0.1:\(ports[0]) 7", "channel reassigned"),
                (
                    "assign 1 127.0.0.1 \(ports[0])",
                    "channel must be disabled to assign new address"
                ),
                ("assign 5 127.0.0.1 80", "unknown channel"),
                ("assign 2 nobody.invalid 80", "invalid address"), ("a 2", "syntax error"),
                ("maxc 2 5", "maxc of channel 2 changed to 5"), ("m 9 5", "unknown channel"),
                ("maxc 1", "syntax error"), ("reset 1", "channel 1 counters reset"),
                ("r 8", "no such channel 8"), ("reset", "syntax error"),
                ("mrtg-bytes 0 0", "1\n0\nUNKNOWN\ngroup 0 channel 0"),
                ("mrtg-c 0 0", "1\nUNKNOWN\nUNKNOWN\ngroup 0 channel 0"),
                ("mrtg 16 0", "unknown group"), ("mrtg 0 3", "unknown channel"),
                ("mrtg 0", "syntax error"),
                ("hash", "group 0 set to hash"), ("rr", "group 0 set to round robin"),
                ("ha", "group 0 set to hash"), ("", ""), ("what", "syntax error"),
                ("version", "  This is balance 3.54\n  MAXGROUPS=16\n  MAXCHANNELS=64"),
                (
                    "s",
                    """
                    GRP Type  #   S       ip-address  port    c      totalc maxc        sent        rcvd
                      0 Hash  0 ENA        127.0.0.1 \(ports[0])    0           1    0           0           1
                      0 Hash  1 ENA        127.0.0.1 \(ports[1])    0           0    0           0           0
                      0 Hash  2 dis        127.0.0.1 \(ports[0])    0           0    5           0           0
                    """
                ),
                ("group", "syntax error"), ("group 16", "value out of range"),
                ("group foo", ""),
            ]
            let input = dialogue.map { $0.0 + "\n" }.joined() + "group 2\ncreate 127.0.0.1 9\n"
            let shell = try balance.finish(["-i", P], input: input)
            #expect(shell.status == 0)
            var expected = """

                balance 3.54 interactive command shell
                PID of master process is \(program.pid)


                """
            for (_, answer) in dialogue {
                expected += "balance[0] " + answer + (answer.isEmpty ? "" : "\n")
            }
            expected += "balance[0] balance[2] channel created\nbalance[2] \n"
            #expect(shell.output == expected)
            let quit = try balance.finish(["-i", P], input: "group 2\ns\nq\n")
            #expect(quit.output.contains("  2   RR  0 dis        127.0.0.1     9"))
            #expect(quit.output.hasSuffix("balance[2] "))
            try program.stop()
        }

        @Test("balance 18: all are dead, and each is tried once for each client")
        func scenario18() throws {
            let gone = try (0..<3).map { _ in try dead() }
            let program = try start(["-f", P] + gone.map { text(try $0.endpoint) })
            #expect(try letters(2, at: here) == " ")
            try waitUntilIdle()
            #expect(try show().map(\.total) == [2, 2, 2])
            try program.stop()
        }
    }
}

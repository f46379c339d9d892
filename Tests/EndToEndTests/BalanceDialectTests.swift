import Foundation
import Shared
import Testing

extension EndToEnd {
    /// What balance's reference says beside its scenarios.
    @Suite("balance beside its scenarios", .timeLimit(.minutes(5)))
    struct BalanceDialectTests {
        private let balance: Foreign
        private let port: UInt16
        private var P: String { String(port) }
        private var control: String { balance.directory("b/balance.\(port).0.0.0.0") }

        init() throws {
            balance = try Foreign("balance")
            port = try Program.freePort()
        }

        @Test("kill leaves running clients alone, and the next daemon takes the place at once")
        func killAndStartAgain() throws {
            let channel = try LocalChannel.echo()
            let first = try balance.startInBackground(
                [P, "\(channel.endpoint)"], control: control)
            let here = Endpoint.loopback(port: port)
            let held = try Socket.connected(to: here)
            try held.send("x")
            #expect(try held.receive(exactly: 1) == Array("x".utf8))
            let killed = try balance.finish(["-c", "k", P])
            #expect(killed.status == 0)
            #expect(killed.output == "shutdown complete, exiting.\n")
            #expect(try isRefused(at: here))
            let gone = try balance.finish(["-i", P])
            #expect(gone.status == 69)
            #expect(gone.output == "no master process, exiting.\n")
            let second = try balance.startInBackground(
                [P, "\(channel.endpoint)"], control: control)
            #expect(second != first)
            try held.send("y")
            #expect(try held.receive(exactly: 1) == Array("y".utf8))
            held.close()
            try eventually("the first has ended") { Foundation.kill(first, 0) != 0 }
            #expect(try balance.channels(control: control).count == 1)
        }

        @Test("what cannot be is said before it detaches, with the original's status")
        func refused() throws {
            let taken = try Socket.listening()
            let number = "\(try taken.endpoint.port)"
            let cases: [([String], Int, String)] = [
                (["-b", "127.0.0.1", number, "127.0.0.1:9"], 71, "bind(): Address already in use"),
                (
                    ["-b", "nobody.invalid", P, "127.0.0.1:9"], 71,
                    "error at getaddrinfo: Name or service not known\nexiting.\n"
                ),
                ([P, "nobody.invalid"], 65, "unknown or invalid address [nobody.invalid]"),
                (["0"], 64, "invalid port [0], exiting."),
                (["-f", P, "!"], 69, "balance: no channels in group"),
                (["-t", "0", P, "a"], 64, "usage:"),
                (["-T", "0", P, "a"], 64, "usage:"),
                (["-F", P, "a"], 64, "balance: invalid option -- 'F'"),
                (["-i", P, "a"], 64, "usage:"),
            ]
            for (arguments, status, words) in cases {
                let run = try balance.finish(arguments)
                #expect(run.status == status, "\(arguments)")
                #expect(run.errors.contains(words), "\(arguments): \(run.errors)")
                #expect(run.output.isEmpty)
            }
            #expect(try isRefused(at: .loopback(port: port)))
        }

        @Test(
            "no destination is enough to start with; what the original left behind is no obstacle")
        func noDestination() throws {
            try FileManager.default.createDirectory(
                atPath: balance.directory("b"), withIntermediateDirectories: true)
            try balance.directory.write("", to: "b/balance.\(port).0.0.0.0")
            try balance.startInBackground([P], control: control)
            let here = Endpoint.loopback(port: port)
            #expect(try letter(at: here) == "")
            let channel = try LocalChannel.letter("A")
            let (host, number) = ("127.0.0.1", "\(channel.endpoint.port)")
            let created = try balance.finish(["-c", "create \(host) \(number)", P])
            #expect(created.output == "channel created\n")
            #expect(try balance.finish(["-c", "enable 0", P]).output == "channel 0 enabled\n")
            #expect(try letter(at: here) == "A")
            // A hash of nobody was the original's end.
            let shell = try balance.finish(["-i", P], input: "group 4\nhash\nshow\n")
            #expect(shell.output.contains("group 4 set to hash"))
            #expect(try letter(at: here) == "A")
        }

        @Test("hash set by the shell fails over as the daemon was told to")
        func hashFailover() throws {
            let (a, gone) = (try LocalChannel.letter("A"), try Socket.bound())
            let program = try balance.start(
                ["-fH", P, "\(a.endpoint)", "\(try gone.endpoint)"], control: control)
            #expect(try balance.finish(["-c", "hash", P]).output == "group 0 set to hash\n")
            let config = try balance.ask("show config", control: control)
            #expect(config.contains { $0.contains("failover: true") }, "\(config)")
            for last in 1...6 {
                let client = try Socket.connected(
                    from: .loopback(UInt32(last)), to: .loopback(port: port))
                #expect(try client.letter() == "A")
            }
            try program.stop()
        }

        @Test("a second start is told that the address is in use, and nothing else")
        func secondStart() throws {
            let program = try balance.start(["-f", P, "127.0.0.1:9"], control: control)
            let second = try balance.finish(["-f", P, "127.0.0.1:9"])
            #expect(second.status == 71)
            #expect(second.errors == "bind(): Address already in use\n")
            #expect(try program.stop() == -Int(SIGTERM))
        }

        @Test("there is no place for the rendezvous file, or it cannot be opened")
        func noPlace() throws {
            try balance.directory.write("", to: "b")
            let file = balance.directory("b/balance.\(port).0.0.0.0")
            let none = try balance.finish(["-f", P, "127.0.0.1:9"])
            #expect(none.status == 71)
            #expect(none.errors == "cannot create rendezvous file \(file)\n")
            try FileManager.default.removeItem(atPath: balance.directory("b"))
            try FileManager.default.createDirectory(
                atPath: file, withIntermediateDirectories: true)
            let occupied = try balance.finish(["-f", P, "127.0.0.1:9"])
            #expect(occupied.status == 66)
            #expect(occupied.errors.hasSuffix("check rendezvousfile permissions [\(file)]\n"))
        }

        @Test("show has addresses for names; unknown names and channels are told")
        func shellTexts() throws {
            let program = try balance.start(
                ["-f", P, "localhost:9", "127.0.0.1:9:-3"], control: control)
            let shown = try balance.finish(["-c", "show", P]).output.split(separator: "\n")
            #expect(shown.count == 3)
            #expect(shown[1].contains("       127.0.0.1     9 "), "\(shown)")
            #expect(shown[2].contains("   -3 "), "\(shown)")
            for (command, text) in [
                ("create nobody.invalid 80", "invalid address\n"),
                ("create 127.0.0.1", "syntax error\n"), ("assign", "syntax error\n"),
                ("assign 7", "unknown channel\n"),
                ("assign 0", "channel must be disabled to assign new address\n"),
                ("disable 0", "channel 0 disabled\n"), ("assign 0 127.0.0.1", "syntax error\n"),
                ("assign 0 nobody.invalid 1", "invalid address\n"),
                ("assign 0 127.0.0.2 1", "channel reassigned\n"),
                ("maxc 0 -3", "maxc of channel 0 changed to -3\n"),
            ] {
                #expect(try balance.finish(["-c", command, P]).output == text, "\(command)")
            }
            let help = try balance.finish(["-c", "help", P]).output
            #expect(help.contains("kills master process and quits interactive mode\n"))
            let again = try balance.finish(["-c", "show", P]).output.split(separator: "\n")
            #expect(again[1].contains("127.0.0.2     1    0           0   -3 "), "\(again)")
            try program.stop()
        }

        @Test("a cap below 0 lets nobody in, and one of 0 everybody")
        func capBelowZero() throws {
            let (a, b) = (try LocalChannel.letter("A"), try LocalChannel.letter("B"))
            let program = try balance.start(
                ["-f", P, "\(a.endpoint)", "\(b.endpoint)"], control: control)
            #expect(
                try balance.finish(["-c", "maxc 0 -3", P]).output
                    == "maxc of channel 0 changed to -3\n")
            #expect(try letters(3, at: .loopback(port: port)) == "B B B")
            _ = try balance.finish(["-c", "maxc 0 0", P])
            #expect(try Set(letters(2, at: .loopback(port: port)).split(separator: " ")).count == 2)
            try program.stop()
        }

        @Test("-a in front of people says its two lines and no more, and never recovers by itself")
        func autodisabled() throws {
            let dead = try Socket.bound()
            let endpoint = try dead.endpoint
            let program = try balance.start(["-fa", P, "\(endpoint)"], control: control)
            #expect(try letters(2, at: .loopback(port: port)) == " ")
            try program.waitForLine("needs to be enabled manually")
            try program.stop()
            #expect(
                program.errors == """
                    connection failed group 0 channel 0
                    \(endpoint) needs to be enabled manually using balance -i after the problem is solved

                    """)
        }

        @Test("-p: no record is longer than 32768 bytes, and each direction ends once")
        func records() throws {
            let channel = try LocalChannel { connection in
                _ = try connection.receive(exactly: 100_000)
                connection.reset()
            }
            let program = try balance.start(["-fp", P, "\(channel.endpoint)"], control: control)
            let client = try Socket.connected(to: .loopback(port: port))
            try client.send([UInt8](repeating: 0x78, count: 100_000))
            _ = try? client.receiveAll()
            client.close()
            func sizes() -> [Int] {
                program.output.split(separator: "\n").filter { $0.hasPrefix("-> ") }
                    .compactMap { Int($0.dropFirst(3)) }
            }
            try eventually("all of it is printed") {
                sizes().filter { $0 > 0 }.reduce(0, +) == 100_000
            }
            try program.stop(with: SIGINT)
            #expect(sizes().allSatisfy { $0 <= 32_768 })
            for arrow in ["->", "-<"] {
                let ends = program.output.split(separator: "\n").filter {
                    $0 == "\(arrow) 0" || $0 == "\(arrow) -1"
                }
                #expect(ends.count <= 1, "\(arrow) \(ends)")
            }
        }

        @Test("by the name that it is called")
        func link() throws {
            let path = balance.directory("balance")
            try FileManager.default.createSymbolicLink(
                atPath: path, withDestinationPath: Daemon.binary)
            let program = try Program([path, "-Q"], in: balance.directory)
            #expect(try program.waitForEnd() == 64)
            #expect(program.errors.hasPrefix("\(path): invalid option -- 'Q'\n") == false)
            #expect(program.errors.hasPrefix("balance: invalid option -- 'Q'\n"))
            let help = try Program([path, "--help"], in: balance.directory)
            #expect(try help.waitForEnd() == 0)
            #expect(help.output.contains("PROXYD_BALANCE_DIRECTORY"))
        }
    }
}

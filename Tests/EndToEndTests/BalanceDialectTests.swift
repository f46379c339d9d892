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

import Foundation
import Shared
import Testing

extension EndToEnd {
    /// The command line, as it is used from a shell.
    @Suite("commands")
    struct CommandTests {
        @Test("run with listeners, channels and groups on the command line")
        func run() throws {
            let directory = try TemporaryDirectory()
            let dead = try Socket.bound()
            let alive = try LocalChannel.letter("B")
            let daemon = try Daemon(
                arguments: [
                    "run", "--control", directory("control.sock"), "-l", "127.0.0.1:0", "-l",
                    "unix:\(directory("listener.sock"))", "--", "\(try dead.endpoint):8", "!",
                    "\(alive.endpoint)",
                ], in: directory)
            for index in 0..<2 {
                #expect(try daemon.client(index).receive(exactly: 1) == Array("B".utf8))
            }
            #expect(try daemon.channels().map(\.path) == ["0/0/0", "0/1/0"])
            #expect(try daemon.channels()[0].maxc == 8)
            try daemon.stop()
            #expect(!FileManager.default.fileExists(atPath: directory("listener.sock")))
        }

        @Test("check says that a file is good, and reads standard input")
        func check() throws {
            let said = try Program.run(
                [Daemon.binary, "check", "-"],
                input: "services: [ { listen: [\"127.0.0.1:80\"], channels: [\"127.0.0.1:1\"] } ]")
            #expect(said.contains("1 service, 1 listener, 1 group, 1 channel"))
        }

        @Test("ctl shows a table to people, and JSON to programs")
        func ctl() throws {
            let channel = try LocalChannel.echo()
            try withDaemon("- { listen: [\"127.0.0.1:0\"], channels: [\"\(channel.endpoint)\"] }") {
                daemon in
                let ctl = [Daemon.binary, "ctl", "--socket", daemon.controlPath]
                let table = try Program.run(ctl + ["show", "channels"])
                #expect(table.contains("0/0/0"))
                #expect(table.contains("\(channel.endpoint)"))
                let json = try Program.run(ctl + ["--json", "show", "channels"])
                let value = try JSONSerialization.jsonObject(with: Data(json.utf8))
                #expect("\(value)".contains("\(channel.endpoint)"))
                try Program.run(ctl + ["disable", "0/0/0"])
                #expect(try daemon.channels()[0].state == .off)
                #expect(try daemon.channels()[0].by?.contains("proxyd") == true)
            }
        }

        private func status(_ words: [String], _ directory: TemporaryDirectory) throws -> Int {
            try Program([Daemon.binary, "ctl"] + words, in: directory).waitForEnd()
        }

        @Test("ctl's exit status says what went wrong")
        func ctlStatus() throws {
            let directory = try TemporaryDirectory()
            let channel = try LocalChannel.echo()
            try withDaemon("- { listen: [\"127.0.0.1:0\"], channels: [\"\(channel.endpoint)\"] }") {
                (daemon) throws in
                let here = ["--socket", daemon.controlPath]
                #expect(try status(here + ["hello"], directory) == 0)
                #expect(try status(here + ["disable", "9/9"], directory) == 65)
                #expect(try status(["--socket", directory("nowhere"), "hello"], directory) == 69)
            }
        }

        @Test(
            "words that mean nothing end with 64",
            arguments: [["run"], ["frobnicate"], ["run", "--nope"]])
        func usage(words: [String]) throws {
            let program = try Program([Daemon.binary] + words, in: TemporaryDirectory())
            #expect(try program.waitForEnd() == 64, "\(program.report)")
        }

        @Test("demo runs until it is told to end")
        func demo() throws {
            let directory = try TemporaryDirectory()
            let daemon = try Daemon(
                arguments: ["demo", "--control", directory("control.sock")], in: directory)
            try eventually("it says that it is ready") { daemon.program.output == "ready\n" }
            try eventually("something streams") {
                try daemon.sessions().contains { $0.inBytes > 1_000_000 }
            }
            #expect(try daemon.groups().count == 2)
            try daemon.stop()
        }
    }
}

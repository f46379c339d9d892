import Foundation
import Shared
import TestTerminal
import Testing

extension EndToEnd {
    /// proxytop and a daemon that only a command reaches; the command is a script in the place of ssh.
    @Suite("proxytop on a daemon elsewhere")
    struct ElsewhereTests {
        private static let services = """
            - name: mail
              listen: ["127.0.0.1:0"]
              channels: [ { name: a, address: "127.0.0.1:1" }, { name: b, address: "127.0.0.1:2" } ]
            """

        /// Two machines: `ssh one …` and `ssh two …` run what follows; a third one is down.
        private func ssh(in directory: TemporaryDirectory) throws -> String {
            let path = directory.path + "/ssh"
            let own = (Daemon.binary as NSString).deletingLastPathComponent
            // As ssh does, it hands its words to another shell.
            let script = """
                #!/bin/sh
                PATH=\(own):/usr/bin:/bin
                case $1 in
                one | two) shift; exec sh -c "$*" ;;
                *) echo "ssh: connect to host $1: No route to host" >&2; exit 255 ;;
                esac

                """
            try script.write(toFile: path, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
            return path
        }

        @Test("a report comes through it, and what cannot be reached is said")
        func reports() throws {
            let directory = try TemporaryDirectory()
            let ssh = try ssh(in: directory)
            try withDaemon(Self.services) { daemon in
                let program = try BuiltProgram.path("proxytop")
                func report(_ host: String) throws -> Program {
                    try Program(
                        [
                            program, "--via", "\(ssh) \(host)",
                            "--socket",
                            daemon.controlPath, "--no-rates", "--csv", "--cols", "path,state",
                        ], in: directory)
                }
                let good = try report("one")
                #expect(try good.waitForEnd() == 0, "\(good.report)")
                #expect(good.output.contains("mail/0/b,up"), "\(good.report)")
                let bad = try report("three")
                #expect(try bad.waitForEnd() == 2, "\(bad.report)")
                #expect(bad.errors.contains("ssh: connect to host three: No route to host"))
            }
        }

        @Test(
            "several are a line each, one is looked at and switched, and one that is down harms nobody"
        )
        func fleet() throws {
            let directory = try TemporaryDirectory()
            let ssh = try ssh(in: directory)
            try withDaemon(Self.services) { daemon in
                let terminal = try TmuxTerminal(columns: 140, rows: 24)
                let hosts = ["one", "two", "three"].map { "--via \"\(ssh) \($0)\"" }
                try terminal.start(
                    "\(try BuiltProgram.path("proxytop")) --glyphs ascii --interval 0.25 "
                        + hosts.joined(separator: " ") + " --socket \(daemon.controlPath)")
                try terminal.waitFor("two that answer and one that does not") { screen in
                    screen.contains("3 daemons") && screen.contains("LOST")
                        // In its place, and not across the screen.
                        && screen.contains("ssh: connect to host three: No route to host")
                        && screen.split(separator: "\n").count { $0.contains("LIVE") } == 2
                }
                try terminal.keys("j", "Enter")
                try terminal.waitFor(text: "1 Overview")
                try terminal.keys("2")
                try terminal.waitFor(text: "0.b")
                try terminal.keys("D")
                try terminal.waitFor(text: "y sends it")
                try terminal.awaitFrames()
                try terminal.keys("y")
                try terminal.waitFor("what was drained") { _ in
                    try daemon.channels().contains { $0.state == .drain }
                }
                try terminal.keys("q")
                try terminal.waitFor(text: "3 daemons")
                try terminal.keys("Q")
                try terminal.waitForEnd()
            }
        }
    }
}

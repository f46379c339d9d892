import Foundation
import Shared
import TestTerminal
import Testing

extension EndToEnd {
    /// `proxytop drain mail/0/a --preview` and its kin.
    @Suite("a command of proxytop's from the shell")
    struct ShellCommandTests {
        private static let services = """
            - name: mail
              listen: ["127.0.0.1:0"]
              groups:
              - { name: main, channels: [ { name: a, address: "127.0.0.1:1" }, { name: b, address: "127.0.0.1:2" } ] }
              - { name: spare, channels: [ { name: c, address: "127.0.0.1:3" } ] }
            """

        private func run(
            _ words: [String], on daemon: Daemon, input: String? = nil
        ) throws -> (status: Int, output: String, errors: String) {
            let program = try Program(
                [try BuiltProgram.path("proxytop"), "--socket", daemon.controlPath] + words,
                in: daemon.directory, input: input)
            let status = try program.waitForEnd()
            return (status, program.output, program.errors)
        }

        @Test("--preview shows what it would do and does nothing; --yes does it")
        func previews() throws {
            try withDaemon(Self.services) { daemon in
                let preview = try run(["drain", "mail/main/a", "--preview"], on: daemon)
                #expect(preview.status == 0, "\(preview)")
                #expect(preview.output.contains("IF YOU DO THIS"))
                #expect(preview.output.contains("main usable channels"))
                #expect(preview.output.contains("Sends:  drain mail/main/a if-gen="))
                #expect(!preview.output.contains("y sends it"))
                #expect(try daemon.channels().allSatisfy { $0.state == .up })

                let done = try run(["--yes", "drain", "mail/main/a"], on: daemon)
                #expect(done.status == 0, "\(done)")
                #expect(done.output.contains("mail/main/a state up -> drain"))
                #expect(try daemon.channels().first?.state == .drain)
                // Also what would have to be typed on the screen: whoever says --yes has looked.
                let whole = try run(["disable", "mail/main", "cut", "--yes"], on: daemon)
                #expect(whole.status == 0, "\(whole)")
                #expect(try daemon.channels().prefix(2).allSatisfy { $0.state == .off })
            }
        }

        @Test("a question is answered as on the screen, whatever is said about it")
        func asks() throws {
            try withDaemon(Self.services) { daemon in
                let reply = try run(["explain", "192.0.2.1"], on: daemon)
                #expect(reply.status == 0, "\(reply)")
                #expect(reply.output.contains("chosen"))
                #expect(reply.output.contains("mail/main/b"))
            }
        }

        @Test(
            "what cannot be done is said, with a status",
            arguments: [
                (["drain", "mail/main/a"], 1, "--preview shows what it would do, --yes does it"),
                (["drain", "mail/main/z", "--yes"], 1, "not-found"),
                (["frobnicate", "--yes"], 1, "this daemon has no command “frobnicate”"),
                (["view", "2"], 1, "“view” is a word of the screen"),
                (["watch", "1", "show", "channels"], 1, "use proxyd ctl for it"),
                (["shutdown", "--yes"], 1, "--yes is not enough for this"),
                (["drain", "mail/main/a", "if-gen=999999", "--yes"], 1, "conflict"),
                (["--yes"], 1, "--yes and --preview go with a command"),
                (["drain", "mail", "--yes", "--preview"], 1, "only one of them"),
                (["drain", "mail", "--once"], 1, "reports and recordings are without one"),
            ] as [([String], Int, String)])
        func refuses(words: [String], status: Int, message: String) throws {
            try withDaemon(Self.services) { daemon in
                let reply = try run(words, on: daemon)
                #expect(reply.status == status, "\(reply)")
                #expect(reply.errors.contains(message), "\(reply)")
                #expect(try daemon.channels().allSatisfy { $0.state == .up })
            }
        }

        @Test(
            "without a daemon it is 2; for somebody who may not, 3",
            .enabled(if: geteuid() == 0 && Program.exist("setpriv")))
        func forbidden() throws {
            let directory = try TemporaryDirectory()
            let gone = try Program(
                [
                    try BuiltProgram.path("proxytop"), "--socket", directory("no.sock"), "drain",
                    "x", "--yes",
                ], in: directory)
            #expect(try gone.waitForEnd() == 2)
            let path = directory("control.sock")
            let file = try directory.write(
                """
                control: { socket: "\(path)", mode: "0666", viewers: [2002] }
                services:
                \(Self.services)
                """, to: "proxyd.yaml")
            _ = unsafe chmod(directory.path, 0o755)
            let daemon = try Daemon(arguments: ["run", file], in: directory)
            let viewer = try Program(
                [
                    try BuiltProgram.path("proxytop"), "--socket", path, "drain", "mail/main/a",
                    "--yes",
                ],
                prefix: ["setpriv", "--reuid=2002", "--regid=2002", "--clear-groups"],
                in: directory,
                environment: ["HOME": directory.path])
            #expect(try viewer.waitForEnd() == 3, "\(viewer.report)")
            #expect(viewer.errors.contains("needs the role operator"))
            try daemon.stop()
        }

        @Test("a person at the terminal is asked as on the screen")
        func person() throws {
            try withDaemon(Self.services) { daemon in
                let terminal = try TmuxTerminal(columns: 100, rows: 40)
                let program = try BuiltProgram.path("proxytop")
                func start(_ words: String) throws {
                    try terminal.text("clear; \(program) --socket \(daemon.controlPath) \(words)")
                    try terminal.keys("Enter")
                }
                try start("drain mail/main/a")
                try terminal.waitFor(text: "y and Enter sends it, anything else cancels:")
                try terminal.keys("n", "Enter")
                try terminal.waitFor(text: "cancelled; nothing was sent")
                #expect(try daemon.channels().allSatisfy { $0.state == .up })
                try start("drain mail/main/a")
                try terminal.waitFor("the question again, on a screen that was cleared") {
                    $0.contains("y and Enter sends it, anything else cancels:")
                        && !$0.contains("nothing was sent")
                }
                try terminal.keys("y", "Enter")
                try terminal.waitFor(text: "mail/main/a state up -> drain")
                try start("drain mail/main")
                try terminal.waitFor(text: "Type mail/main and Enter, anything else cancels:")
                try terminal.text("mail/main")
                try terminal.keys("Enter")
                try terminal.waitFor("the whole group drained") { _ in
                    try daemon.channels().prefix(2).allSatisfy { $0.state == .drain }
                }
            }
        }
    }
}

import Foundation
import Shared
import TestTerminal
import Testing

extension EndToEnd {
    /// `proxyd ctl` as a person uses it: at a prompt, waiting, and from another machine.
    @Suite("proxyd ctl")
    struct ConsoleTests {
        private func withEcho(_ body: (Daemon) throws -> Void) throws {
            let channel = try LocalChannel.echo()
            let services = """
                - name: mail
                  listen: ["127.0.0.1:0"]
                  groups:
                  - { name: main, channels: [ { name: a, address: "\(channel.endpoint)" } ] }
                """
            try withDaemon(services, body)
        }

        private func ctl(
            _ words: [String], to daemon: Daemon, environment: [String: String] = [:],
            input: String? = nil
        ) throws -> Program {
            try Program(
                [Daemon.binary, "ctl", "--socket", daemon.controlPath] + words,
                in: daemon.directory, environment: environment, input: input)
        }

        // MARK: Waiting

        @Test("--wait returns when the last session has ended")
        func waits() throws {
            try withEcho { daemon in
                let client = try daemon.client()
                try client.send("x")
                _ = try client.receive(exactly: 1)
                let program = try ctl(["drain", "mail/main/a", "--wait", "60s"], to: daemon)
                try daemon.waitForChannel(0) { $0.state == .drain }
                #expect(program.isRunning)
                client.close()
                #expect(try program.waitForEnd() == 0, "\(program.report)")
                #expect(program.output.contains("mail/main/a"))
            }
        }

        @Test("a wait that is over ends with 75 and says what is left")
        func waitIsOver() throws {
            try withEcho { daemon in
                let clients = try (0..<2).map { _ in
                    let client = try daemon.client()
                    try client.send("x")
                    _ = try client.receive(exactly: 1)
                    return client
                }
                let program = try ctl(["drain", "0", "--wait", "100ms", "--json"], to: daemon)
                #expect(try program.waitForEnd() == 75)
                #expect(program.errors == "proxyd: 2 sessions are left on 0 after 0.1s\n")
                #expect(program.output.hasPrefix("{\"attributes\":"))
                #expect(program.output.split(separator: "\n").count == 3)
                // What is cut is waited for in the same way, and more commands may follow.
                let more = try ctl([], to: daemon, input: "disable 0 cut\nhello\n")
                #expect(try more.waitForEnd() == 0)
                let empty = try ctl(["drain", "0", "--wait", "60s"], to: daemon)
                #expect(try empty.waitForEnd() == 0, "\(empty.report)")
                withExtendedLifetime(clients) {}
            }
        }

        @Test("shed with --wait returns when the sessions that it ends have ended")
        func shed() throws {
            try withEcho { daemon in
                let clients = try (0..<4).map { _ in
                    let client = try daemon.client()
                    try client.send("x")
                    _ = try client.receive(exactly: 1)
                    return client
                }
                let program = try ctl(["shed", "0", "3", "20/s", "--wait=60s"], to: daemon)
                #expect(try program.waitForEnd() == 0, "\(program.report)")
                #expect(try daemon.sessions().count == 1)
                withExtendedLifetime(clients) {}
            }
        }

        // MARK: From elsewhere

        private var path: [String: String] {
            let own = (Daemon.binary as NSString).deletingLastPathComponent
            return ["PATH": own + ":/usr/bin:/bin"]
        }

        @Test(
            "--via runs proxyd ctl through a command, and speaks the protocol with it",
            arguments: ["env", "sh -c 'exec \"$0\" \"$@\"'", "env A=1 nice"])
        func via(command: String) throws {
            try withEcho { daemon in
                let once = try ctl(
                    ["--via", command, "show", "channels", "--csv"], to: daemon,
                    environment: path)
                #expect(try once.waitForEnd() == 0, "\(once.report)")
                #expect(once.output.contains("\r\nmail/main/a,"))
                let many = try ctl(
                    ["--via", command], to: daemon, environment: path,
                    input: "hello\ndisable mail\nshow channels\n")
                #expect(try many.waitForEnd() == 0, "\(many.report)")
                #expect(try daemon.channels()[0].state == .off)
                let wait = try ctl(
                    ["--via", command, "drain", "0", "--wait", "9s"], to: daemon, environment: path)
                #expect(try wait.waitForEnd() == 0, "\(wait.report)")
            }
        }

        @Test(
            "a command that ends without an answer is named, with its status",
            arguments: [
                ("exit 3;", 69, "“exit 3;” ended with status 3"),
                ("/no/such/ssh", 69, "“/no/such/ssh” ended with status 127"),
                ("env PATH=/nowhere /usr/bin/env", 69, "ended with status 127; are it and"),
                ("echo nonsense;", 69, "this is not proxyd: it answered “nonsense”"),
                ("kill -9 $$;", 69, "was ended by signal 9"),
            ])
        func viaFails(command: String, status: Int, message: String) throws {
            let directory = try TemporaryDirectory()
            let program = try Program(
                [Daemon.binary, "ctl", "--via", command, "hello"], in: directory,
                environment: path)
            #expect(try program.waitForEnd() == status, "\(program.report)")
            #expect(program.errors.contains(message), "\(program.report)")
        }

        @Test("--stdio hands on the end of input, and waits for the last reply")
        func stdio() throws {
            try withEcho { daemon in
                let count = 2000
                let input = String(repeating: "describe\n", count: count)
                let program = try ctl(["--stdio"], to: daemon, input: input)
                #expect(try program.waitForEnd() == 0, "\(program.report)")
                let heads = program.output.split(separator: "\n").count { $0.hasPrefix("OK ") }
                #expect(heads == count)
            }
        }

        // MARK: At a prompt

        private func withPrompt(
            _ daemon: Daemon, _ body: (TmuxTerminal) throws -> Void
        ) throws {
            let terminal = try TmuxTerminal(columns: 100, rows: 40)
            let state = daemon.directory.path
            try terminal.start(
                "env XDG_STATE_HOME=\(state) \(Daemon.binary) ctl --socket \(daemon.controlPath)")
            try terminal.waitFor(text: "admin>")
            try body(terminal)
            try terminal.keys("C-d")
            try terminal.waitForEnd()
        }

        /// Keys that come before are for nobody: what reads them is not there.
        private func waitForPrompt(_ terminal: TmuxTerminal) throws {
            try terminal.waitFor("the prompt is back") { screen in
                screen.split(separator: "\n").last?.hasSuffix("admin>") == true
            }
        }

        @Test(
            "commands are typed, completed, repeated and dropped",
            .enabled(if: Program.exist("tmux")))
        func types() throws {
            try withEcho { daemon in
                try withPrompt(daemon) { terminal in
                    try terminal.text("show li")
                    try terminal.keys("Tab")
                    try terminal.waitFor(text: "limits")
                    try terminal.text("m")
                    try terminal.keys("Tab", "Enter")
                    try terminal.waitFor(text: "control-clients")
                    try waitForPrompt(terminal)
                    try terminal.text("drain mail/main/")
                    try terminal.keys("Tab")
                    try terminal.waitFor(text: "drain mail/main/a")
                    try terminal.keys("C-c")
                    try waitForPrompt(terminal)
                    #expect(try daemon.channels()[0].state == .up)
                    try terminal.text("disable mail/main/a")
                    try terminal.keys("Enter")
                    try daemon.waitForChannel(0) { $0.state == .off }
                    try terminal.waitFor(text: "cut=0")
                    try waitForPrompt(terminal)
                    try terminal.text("enable mail")
                    try terminal.keys("Enter")
                    try daemon.waitForChannel(0) { $0.state == .up }
                    try waitForPrompt(terminal)
                    try terminal.keys("Up", "Up", "Enter")
                    try daemon.waitForChannel(0) { $0.state == .off }
                    try waitForPrompt(terminal)
                    try terminal.text("novel")
                    try terminal.keys("Enter")
                    try terminal.waitFor(text: "no command “novel”")
                    try waitForPrompt(terminal)
                }
                let history = daemon.directory.read("proxyd/ctl_history")
                #expect(
                    history
                        == "show limits \ndisable mail/main/a\nenable mail\ndisable mail/main/a\nnovel\n"
                )
            }
        }

        @Test(
            "a watch ends with Enter and with Ctrl-C, and the next command is answered",
            .enabled(if: Program.exist("tmux")), arguments: ["Enter", "C-c"])
        func watch(key: String) throws {
            try withEcho { daemon in
                try withPrompt(daemon) { terminal in
                    try terminal.text("watch 0.1 show workers")
                    try terminal.keys("Enter")
                    try terminal.waitFor("three replies") { screen in
                        screen.components(separatedBy: "resting").count > 3
                    }
                    try terminal.keys(key)
                    try waitForPrompt(terminal)
                    try terminal.text("hello")
                    try terminal.keys("Enter")
                    try terminal.waitFor(text: "uptime_ms")
                    try waitForPrompt(terminal)
                }
            }
        }

        @Test(
            "a daemon that has started anew is told, and answers the next command",
            .enabled(if: Program.exist("tmux")))
        func restarts() throws {
            let directory = try TemporaryDirectory()
            let channel = try LocalChannel.echo()
            let services = "- { listen: [\"127.0.0.1:0\"], channels: [\"\(channel.endpoint)\"] }"
            let first = try Daemon(services, in: directory)
            try withPrompt(first) { terminal in
                try first.stop()
                try terminal.text("show workers")
                try terminal.keys("Enter")
                try terminal.waitFor(text: "no socket at")
                try terminal.waitFor(text: "(not connected)>")
                let second = try Daemon(services, in: directory)
                try terminal.text("show listeners")
                try terminal.keys("Enter")
                try terminal.waitFor(text: "connected again, to another daemon")
                try terminal.waitFor(text: "when_empty")
                try waitForPrompt(terminal)
                try second.stop()
            }
        }
    }
}

import Foundation
import Shared
import Testing

extension EndToEnd {
    /// The built daemon against what `docs/control-protocol.md` says, byte by byte.
    @Suite("conformance")
    struct ConformanceTests {
        private func withMail(_ body: (Daemon, LocalChannel) throws -> Void) throws {
            let channel = try LocalChannel.echo()
            try withDaemon(Conformance.services(channel.endpoint)) { try body($0, channel) }
        }

        // MARK: Commands

        @Test("every command of the daemon is in the table, with its role and whether it changes")
        func complete() throws {
            try withMail { daemon, _ in
                let described = try RawControl(daemon).ask("describe").lines.dropFirst().map {
                    let cells = $0.split(separator: "\t", omittingEmptySubsequences: false)
                    return [cells[0], cells[2], cells[3]].joined(separator: ", ")
                }
                let expected = Conformance.all.map {
                    "\($0.verb), \($0.changes ? "yes" : "no"), \($0.role)"
                }
                #expect(described.sorted() == expected.sorted())
            }
        }

        @Test("every command does what it is for", arguments: Conformance.all)
        func works(command: Conformance) throws {
            try withMail { daemon, channel in
                let client = try daemon.client()
                try client.send("x")
                _ = try client.receive(exactly: 1)
                let control = try RawControl(daemon)
                let session = try #require(
                    try control.ask("show sessions").lines.last?.split(separator: "\t").first)
                for line in command.before {
                    #expect(try control.ask(line).word == "OK", "\(line)")
                }
                let line = command.line
                    .replacingOccurrences(of: "SESSION", with: session)
                    .replacingOccurrences(of: "CHANNEL", with: "\(channel.endpoint)")
                if command.changes { try expectCaution(control, line) }
                let reply = try control.ask(line)
                guard command.refusal == nil else {
                    #expect(reply.word == command.refusal)
                    return
                }
                #expect(reply.word == "OK", "\(reply.head)")
                if let begins = command.begins {
                    #expect(reply.lines.first?.hasPrefix(begins) == true, "\(reply)")
                }
                for name in command.attributes + ["generation", "epoch", "now_ms"] {
                    #expect(reply.attribute(name) != nil, "\(name) is missing in \(reply.head)")
                }
                if command.verb == "shutdown" {
                    #expect(try daemon.program.waitForEnd() == 0)
                }
                withExtendedLifetime(client) {}
            }
        }

        /// Asked what it would do it does nothing, and neither does it when something else has changed.
        private func expectCaution(_ control: RawControl, _ line: String) throws {
            let generation = try control.ask("hello").attribute("generation")
            #expect(try control.ask("\(line) if-gen=999999999").word == "conflict")
            let plan = try control.ask("plan \(line)")
            #expect(plan.word == "OK", "\(plan.head)")
            #expect(try control.ask("hello").attribute("generation") == generation)
        }

        @Test(
            "who has not the role is refused, whatever the command",
            .enabled(if: geteuid() == 0 && Program.exist("setpriv", "socat")),
            arguments: [(2001, "operator"), (2002, "viewer"), (2003, nil)] as [(Int, String?)])
        func roles(user: Int, role: String?) throws {
            let channel = try LocalChannel.echo()
            let directory = try TemporaryDirectory()
            let path = directory("control.sock")
            let file = try directory.write(
                """
                control: { socket: "\(path)", mode: "0666", operators: [2001], viewers: [2002] }
                services:
                \(Conformance.services(channel.endpoint))
                """, to: "proxyd.yaml")
            _ = unsafe chmod(directory.path, 0o755)
            let daemon = try Daemon(arguments: ["run", file], in: directory)
            let ranks = ["viewer": 1, "operator": 2, "admin": 3]
            let refused = Conformance.all.filter {
                ranks[$0.role, default: 9] > ranks[role ?? "", default: 0]
            }
            #expect(!refused.isEmpty)
            // Nobody's lines are not read, and who still writes them may miss what he is told.
            let lines = role == nil ? nil : refused.map { $0.line + "\n" }.joined()
            let person = try Program(
                [
                    "setpriv", "--reuid=\(user)", "--regid=\(user)", "--clear-groups", "socat",
                    "-t", "10", "-", "UNIX-CONNECT:\(path)",
                ], in: directory, input: lines)
            // Socat may be cut off while it still speaks, which it calls a failure.
            _ = try person.waitForEnd()
            let answers = person.output
            let heads = answers.split(separator: "\n")
            // Whoever has no role at all is told so once, and that is the end.
            #expect(heads.count == (role == nil ? 1 : refused.count))
            for (head, command) in zip(heads, refused) {
                #expect(head.hasPrefix("ERR forbidden "), "\(command.verb): \(head)")
            }
            try daemon.stop()
        }

        // MARK: Errors

        @Test(
            "every error has its code, and the connection goes on",
            arguments: [
                ("watch", "usage"), ("drain", "usage"), ("show sessions where", "usage"),
                ("disable mail cut now", "usage"), ("drain mail if-gen=x", "usage"),
                ("set mail/main/a colour red", "usage"), ("help \"drain", "usage"),
                ("frobnicate", "unknown"), ("show", "unknown"), ("kill", "unknown"),
                ("DRAIN mail", "unknown"), ("drain nowhere", "not-found"),
                ("set mail/main/z weight 1", "not-found"), ("show session 999999", "not-found"),
                ("help frobnicate", "not-found"), ("remove listener mail/z", "not-found"),
                ("commit", "conflict"), ("confirm", "conflict"), ("abort", "conflict"),
                ("drain mail if-gen=999999999", "conflict"),
                ("create mail/main nonsense", "invalid"), ("set mail/main/a weight -1", "invalid"),
                ("set mail/main/a label \"\\t\"", "invalid"), ("remove db/main", "invalid"),
                ("remove listener mail/imap", "invalid"), ("drain \u{0}", "usage"),
            ])
        func errors(line: String, code: String) throws {
            try withMail { daemon, _ in
                let control = try RawControl(daemon)
                let before = try control.ask("show config").lines
                let reply = try control.ask(line)
                #expect(reply.word == code, "\(reply.head)")
                #expect(reply.head.hasPrefix("ERR \(code) "))
                #expect(try control.ask("show config").lines == before)
            }
        }

        // `internal` is the one code that nobody can ask for: it says that the daemon has a fault.

        @Test("one connection too many is told to come back, and may when another has gone")
        func busy() throws {
            try withMail { daemon, _ in
                var others = try (0..<64).map { _ in try RawControl(daemon) }
                for other in others { #expect(try other.ask("hello").word == "OK") }
                let late = try RawControl(daemon)
                #expect(try late.reply().word == "busy")
                #expect(try late.expectEnd())
                others.removeLast()
                try eventually("there is room again") {
                    let next = try RawControl(daemon)
                    // Who is turned away may be so before it has asked.
                    return (try? next.ask("hello").word) == "OK"
                }
            }
        }

        // MARK: Framing

        /// Lines with answers that do not change, and what the answers are.
        private static let dialogue: [(line: String, word: String, lineCount: Int)] = [
            ("help drain\n", "OK", 2), ("help drain\r\n", "OK", 2), ("help \"drain\"\n", "OK", 2),
            ("  help   \"dr\"\"ain\" \n", "OK", 2), ("\n", "", 0), ("\r\n", "", 0),
            ("   \n", "", 0),
            ("frobnicate \"\\\"\\\\\\t\\n\"\n", "unknown", 0),
            ("help \"kill session\"\n", "not-found", 0),
            ("show listeners\n", "OK", 3), ("help \"dr\\ain\"\n", "usage", 0), ("begin\n", "OK", 0),
            ("set mail/main/a label \"a \\\"b\\\" \\\\ é\"\n", "OK", 0), ("abort\r\n", "OK", 0),
        ]

        @Test(
            "a line may come in any pieces, and any number of lines at once",
            arguments: [1, 2, 3, 7, 64, 4096])
        func pieces(size: Int) throws {
            try withMail { daemon, _ in
                let control = try RawControl(daemon)
                let bytes = Array(Self.dialogue.map(\.line).joined().utf8)
                for start in stride(from: 0, to: bytes.count, by: size) {
                    try control.socket.send(Array(bytes[start..<min(start + size, bytes.count)]))
                }
                for (line, word, lineCount) in Self.dialogue where !word.isEmpty {
                    let reply = try control.reply()
                    #expect(reply.word == word, "\(line): \(reply.head)")
                    #expect(reply.lines.count == lineCount, "\(line): \(reply.lines)")
                }
                control.socket.shutDownWrites()
                #expect(try control.expectEnd())
            }
        }

        @Test("what is quoted arrives as it is, and is escaped on its way back")
        func quoting() throws {
            try withMail { daemon, _ in
                let control = try RawControl(daemon)
                let reply = try control.ask("set mail/main/a label \"a \\\"b\\\" \\\\ é\"")
                #expect(reply.lines.last == "mail/main/a\tlabel\t-\ta \"b\" \\\\ é")
                let error = try control.ask("drain \"one\\ttwo\\nthree\"")
                #expect(error.head.hasPrefix("ERR not-found "))
                #expect(try control.ask("hello").word == "OK")
            }
        }

        @Test("a line without its end is none: the connection closes behind the last reply")
        func unfinished() throws {
            try withMail { daemon, _ in
                let control = try RawControl(daemon)
                try control.send("hello\ndrain mail")
                control.socket.shutDownWrites()
                #expect(try control.reply().word == "OK")
                #expect(try control.expectEnd())
                #expect(try daemon.channels()[0].state == .up)
            }
        }

        @Test("a thousand lines in one packet get a thousand replies in their order")
        func pipelining() throws {
            try withMail { daemon, _ in
                let control = try RawControl(daemon)
                let lines = (0..<1000).map { $0 % 3 == 0 ? "frobnicate-\($0)" : "help drain" }
                try control.send(lines.joined(separator: "\n") + "\n")
                for (index, line) in lines.enumerated() {
                    let reply = try control.reply()
                    if index % 3 == 0 {
                        #expect(reply.head.contains("“\(line)”"))
                    } else {
                        #expect(reply.lines.count == 2)
                    }
                }
            }
        }
    }
}

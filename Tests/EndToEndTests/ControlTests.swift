import Foundation
import Shared
import Testing

extension EndToEnd {
    /// The control socket in good hands and in bad ones.
    @Suite("the control socket")
    struct ControlTests {
        private func withEcho(options: [String] = [], _ body: (Daemon) throws -> Void) throws {
            let channel = try LocalChannel.echo()
            let services = "- { listen: [\"127.0.0.1:0\"], channels: [\"\(channel.endpoint)\"] }"
            try withDaemon(services, options: options, body)
        }

        /// A session works from end to end, whatever was done to the control socket before.
        private func expectService(_ daemon: Daemon) throws {
            let client = try daemon.client()
            try client.send("still alive")
            #expect(try client.receive(exactly: 11) == Array("still alive".utf8))
        }

        @Test("hello says who is there")
        func hello() throws {
            try withEcho { daemon in
                let hello = try daemon.ask("hello")
                #expect(hello.lines.isEmpty)
                #expect(hello.attributes["protocol"] == "1")
                #expect(hello.attributes["pid"] == String(daemon.program.pid))
                #expect(hello.attributes["workers"] == "2")
                for name in [
                    "version", "epoch", "host", "environment", "role", "generation", "uptime_ms",
                    "now_ms",
                ] {
                    #expect(hello.attributes[name] != nil, "\(name) is missing")
                }
            }
        }

        @Test(
            "every table has the columns that were promised",
            arguments: [
                ("show listeners", ListenerSnapshot.columns),
                ("show groups", GroupSnapshot.columns),
                ("show channels", ChannelSnapshot.columns),
                ("show sessions", SessionSnapshot.columns),
                (
                    "show services",
                    [
                        "name", "serial", "state", "listeners", "groups", "current", "total",
                        "in_bytes", "out_bytes", "refused",
                    ]
                ),
                (
                    "show workers",
                    [
                        "index", "sessions", "total", "in_bytes", "out_bytes", "turns", "events",
                        "pipes", "resting",
                    ]
                ),
                ("show limits", ["name", "used", "limit"]),
                ("describe", ["verb", "arguments", "mutates", "role", "summary"]),
            ])
        func columns(question: String, columns: [String]) throws {
            try withEcho { daemon in
                let reply = try daemon.ask(question)
                let table = try #require(Table(lines: reply.lines))
                #expect(Array(table.columns.prefix(columns.count)) == columns)
                for name in ["generation", "epoch", "now_ms"] {
                    #expect(reply.attributes[name] != nil)
                }
            }
        }

        @Test("a command that is none is an error, and the next one is answered")
        func unknownCommand() throws {
            try withEcho { daemon in
                let client = try ControlClient(path: daemon.controlPath)
                guard case .error(.unknown, let message) = try client.ask("frobnicate") else {
                    Issue.record("frobnicate was understood")
                    return
                }
                #expect(message.contains("frobnicate"))
                guard case .error(.notFound, _) = try client.ask("disable 7/7") else {
                    Issue.record("a channel was found that is not there")
                    return
                }
                guard case .ok = try client.ask("hello") else {
                    Issue.record("no hello after an error")
                    return
                }
            }
        }

        @Test("requests may be sent in advance and are answered in order")
        func pipelined() throws {
            try withEcho { daemon in
                let client = try ControlClient(path: daemon.controlPath)
                let questions = ["hello", "show channels", "frobnicate", "show listeners", "hello"]
                try client.socket.send(questions.joined(separator: "\n") + "\n")
                let replies = try questions.map { _ in try client.nextReply() }
                let lineCounts = replies.map {
                    if case .ok(_, let lines) = $0 { lines.count } else { -1 }
                }
                #expect(lineCounts == [0, 2, -1, 2, 0])
            }
        }

        @Test("end of input closes behind the last reply")
        func endOfInput() throws {
            try withEcho { daemon in
                let socket = try Socket.connected(to: .unix(path: daemon.controlPath))
                try socket.send("show channels\nhello\n")
                socket.shutDownWrites()
                let (bytes, ending) = try socket.receiveAll()
                #expect(ending == .endOfStream)
                let text = String(decoding: bytes, as: UTF8.self)
                #expect(text.hasPrefix("OK 2 "))
                #expect(text.split(separator: "\n").count == 4)
            }
        }

        @Test("a shell talks to it", .tags(.realProgram), .enabled(if: Program.exist("socat")))
        func shell() throws {
            try withEcho { daemon in
                let answer = try Program.run(
                    [
                        "/bin/sh", "-c",
                        "printf 'show channels\\n' | socat - UNIX-CONNECT:\(daemon.controlPath)",
                    ])
                #expect(answer.hasPrefix("OK 2 "))
                #expect(answer.contains("127.0.0.1"))
            }
        }

        @Test("a line of 64 KiB is read; one byte more is dropped with an error")
        func longLine() throws {
            try withEcho { daemon in
                let client = try ControlClient(path: daemon.controlPath)
                // Request.longestLine counts without the LF.
                let longest = "hello" + String(repeating: " ", count: Request.longestLine - 5)
                guard case .ok = try client.ask(longest) else {
                    Issue.record("the longest line was not taken")
                    return
                }
                guard case .error(.usage, _) = try client.ask(longest + " ") else {
                    Issue.record("a longer line was taken")
                    return
                }
                guard case .ok = try client.ask("hello") else {
                    Issue.record("no hello after a long line")
                    return
                }
            }
        }

        @Test("binary garbage hurts nobody")
        func garbage() throws {
            try withEcho { daemon in
                for stream in 0..<20 {
                    let socket = try Socket.connected(to: .unix(path: daemon.controlPath))
                    // The daemon may well have closed before it has heard it all.
                    try? socket.send(Array(Noise.bytes(of: stream, from: 0, count: 100_000)))
                    socket.shutDownWrites()
                    _ = try socket.receiveAll()
                }
                try expectService(daemon)
                let before = try daemon.residentKibibytes()
                let endless = try Socket.connected(to: .unix(path: daemon.controlPath))
                for _ in 0..<200 { try endless.send([UInt8](repeating: 0x41, count: 100_000)) }
                #expect(try daemon.residentKibibytes() - before < 4 * 1024)
                try expectService(daemon)
            }
        }

        @Test(
            "a reader that stops reading costs the daemon nothing",
            arguments: ["watch 0.05 show limits", "show sessions"])
        func stoppedReader(question: String) throws {
            try withEcho { daemon in
                let clients = try (0..<100).map { _ in try daemon.client() }
                try eventually("the sessions are there") { try daemon.sessions().count == 100 }
                _ = try daemon.ask("show sessions")
                let before = try daemon.residentKibibytes()
                let silent = try Socket.connected(to: .unix(path: daemon.controlPath))
                silent.setNonBlocking()
                // Requests until the daemon takes no more of them, and some time for what it does unasked.
                let requests = [UInt8]((question + "\n").utf8)
                let deadline = Deadline.after(.seconds(2))
                while !deadline.isOver {
                    do {
                        for _ in 0..<100 { _ = try silent.send(some: requests[...]) }
                    } catch let error as SocketError where error.number == EAGAIN {
                        Thread.sleep(forTimeInterval: 0.02)
                    } catch let error as SocketError where error.isReset {
                        break  // Thrown out, which is as good.
                    }
                }
                #expect(try daemon.residentKibibytes() - before < 4 * 1024)
                try expectService(daemon)
                withExtendedLifetime((clients, silent)) {}
            }
        }

        @Test(
            "readers that never read a watch of a thousand channels cost the daemon no more with time"
        )
        func unreadWatch() throws {
            let channel = try LocalChannel.echo()
            let channels = Array(repeating: "\"\(channel.endpoint)\"", count: 1000)
            let services =
                "- { listen: [\"127.0.0.1:0\"], channels: [\(channels.joined(separator: ", "))] }"
            try withDaemon(services) { daemon in
                let silent = try (0..<10).map { _ in
                    let client = try Socket.connected(to: .unix(path: daemon.controlPath))
                    try client.send("watch 0.1 show channels\n")
                    return client
                }
                let watching = try ControlClient(path: daemon.controlPath)
                try watching.socket.send("watch 0.1 show channels\n")
                for _ in 0..<10 { _ = try watching.nextReply() }
                let before = try daemon.residentKibibytes()
                for _ in 0..<20 { _ = try watching.nextReply() }
                #expect(try daemon.residentKibibytes() - before < 2 * 1024)
                try expectService(daemon)
                withExtendedLifetime(silent) {}
            }
        }

        @Test(
            "everybody has the role that the configuration gives, and the others hear why not",
            .enabled(if: geteuid() == 0 && Program.exist("setpriv")),
            arguments: [
                (2001, "--clear-groups", 0, 0), (2002, "--clear-groups", 0, 77),
                (2003, "--clear-groups", 77, 77), (2003, "--groups=3001", 0, 77),
                (2003, "--groups=3002", 77, 77), (2003, "--groups=3003", 0, 0),
            ])
        func roles(user: Int, groups: String, reads: Int, switches: Int) throws {
            let channel = try LocalChannel.echo()
            let directory = try TemporaryDirectory()
            let path = directory("control.sock")
            let file = try directory.write(
                """
                control:
                  socket: "\(path)"
                  mode: "0666"
                  operators: [2001]
                  viewers: [2002, "@3001"]
                  admins: "@3003"
                services: [ { listen: ["127.0.0.1:0"], channels: ["\(channel.endpoint)"] } ]
                """, to: "proxyd.yaml")
            _ = unsafe chmod(directory.path, 0o755)
            let daemon = try Daemon(arguments: ["run", file], in: directory)
            // Where the tests were built others may not look.
            let program = directory("ctl")
            try FileManager.default.copyItem(atPath: Daemon.binary, toPath: program)
            let person = [
                "setpriv", "--reuid=\(user)", "--regid=\(user)", groups, program, "ctl", "--socket",
                path,
            ]
            let reading = try Program(person + ["show", "channels"], in: directory)
            #expect(try reading.waitForEnd() == reads, "\(reading.report)")
            let switching = try Program(person + ["disable", "0/0"], in: directory)
            #expect(try switching.waitForEnd() == switches, "\(switching.report)")
            #expect(try daemon.channels()[0].state == (switches == 0 ? .off : .up))
            try daemon.stop()
        }

        @Test("watch goes on until the next line comes")
        func watch() throws {
            try withEcho { daemon in
                let client = try ControlClient(path: daemon.controlPath)
                try client.socket.send("watch 0.1 show limits\n")
                for _ in 0..<3 {
                    guard case .ok(_, let lines) = try client.nextReply() else {
                        Issue.record("watch was refused")
                        return
                    }
                    #expect(lines.first == "name\tused\tlimit")
                }
                try client.socket.send("hello\n")
                try eventually("hello is answered") {
                    guard case .ok(let attributes, _) = try client.nextReply() else { return false }
                    return attributes["protocol"] != nil
                }
            }
        }

        @Test("a change that expects another generation is refused and changes nothing")
        func conflict() throws {
            try withEcho { daemon in
                let generation = try #require(
                    try daemon.ask("hello").attributes["generation"].flatMap { Int($0) })
                let client = try ControlClient(path: daemon.controlPath)
                guard
                    case .error(.conflict, _) = try client.ask(
                        "disable 0/0 if-gen=\(generation + 1)")
                else {
                    Issue.record("no conflict")
                    return
                }
                #expect(try daemon.channels()[0].state == .up)
                guard case .ok = try client.ask("disable 0/0 if-gen=\(generation)") else {
                    Issue.record("a conflict with the right generation")
                    return
                }
                #expect(try daemon.channels()[0].state == .off)
            }
        }

        @Test("sessions are filtered, sorted and cut to a window in the daemon")
        func sessionQuestions() throws {
            try withEcho { daemon in
                let clients = try (1...5).map { index in
                    let client = try daemon.client()
                    try client.send([UInt8](repeating: 0x78, count: index * 1000))
                    _ = try client.receive(exactly: index * 1000)
                    return client
                }
                let question = "show sessions where in_bytes >= 2k sort -in_bytes limit 2 offset 1"
                let reply = try daemon.ask(question)
                #expect(reply.attributes["matched"] == "4")
                #expect(reply.attributes["total"] == "5")
                let rows: [SessionSnapshot] = try daemon.table(question)
                #expect(rows.map(\.inBytes) == [4000, 3000])
                withExtendedLifetime(clients) {}
            }
        }

        @Test("a second daemon does not steal a live socket")
        func liveSocket() throws {
            try withEcho { daemon in
                let second = try Program(
                    [Daemon.binary, "run", daemon.directory("proxyd.yaml")], in: daemon.directory)
                let status = try second.waitForEnd()
                #expect([69, 71].contains(status), "\(second.report)")
                #expect(second.errors.contains(daemon.controlPath))
                _ = try daemon.ask("hello")
                try expectService(daemon)
            }
        }

        @Test("kill -9, and a daemon at the same address and socket path at once")
        func restart() throws {
            let channel = try LocalChannel.echo()
            let port = try Program.freePort()
            let directory = try TemporaryDirectory()
            let services = """
                - { listen: ["127.0.0.1:\(port)", "unix:\(directory("listener.sock"))"],
                    channels: ["\(channel.endpoint)"] }
                """
            let first = try Daemon(services, in: directory)
            let epoch = try first.ask("hello").attributes["epoch"]
            // Sessions under way leave connections behind in the kernel, in TIME_WAIT and before.
            let clients = try (0..<10).map { _ in try first.client() }
            for client in clients {
                try client.send("x")
                _ = try client.receive(exactly: 1)
            }
            #expect(try first.program.stop(with: SIGKILL) == -Int(SIGKILL))
            let second = try Daemon(services, in: directory)
            #expect(try second.ask("hello").attributes["epoch"] != epoch)
            for index in 0..<2 {
                let client = try second.client(index)
                try client.send("again")
                #expect(try client.receive(exactly: 5) == Array("again".utf8))
            }
            try second.stop()
            #expect(!FileManager.default.fileExists(atPath: second.controlPath))
        }
    }
}

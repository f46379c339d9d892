import CLinux
import Foundation
import Shared
import Testing

extension EndToEnd {
    /// The lines that the daemon writes, beside what really happened.
    @Suite("logs")
    struct LogTests {
        private func service(_ channel: Endpoint, _ more: String = "") -> String {
            """
            - name: web
              listen: [{ name: in, address: "127.0.0.1:0" }]
              channels: [{ name: a, address: "\(channel)" }]
            \(more)
            """
        }

        /// A client that sends five bytes and gets as many back.
        private func visit(_ daemon: Daemon) throws -> Endpoint {
            let client = try daemon.client()
            let endpoint = try client.endpoint
            try client.send("hello")
            _ = try client.receive(exactly: 5)
            client.shutDownWrites()
            _ = try client.receiveAll()
            return endpoint
        }

        // MARK: Formats

        @Test("fproxy's line, field by field")
        func httpd() throws {
            let channel = try LocalChannel.echo()
            let logged = try LoggedDaemon(
                service(channel.endpoint), log: "{ access: LOG/access.log, format: httpd }")
            let before = Date.now
            _ = try visit(logged.daemon)
            let line = try #require(try logged.wait(for: 1).first)
            let pattern = #/127\.0\.0\.1 - - \[(.+)\] "GET 127\.0\.0\.1" 200 5 0 5 0/#
            let match = try #require(try pattern.wholeMatch(in: line), "\(line)")
            let formatter = DateFormatter()
            formatter.locale = Locale(identifier: "en_US_POSIX")
            formatter.dateFormat = "dd/MMM/yyyy:HH:mm:ss Z"
            let time = try #require(formatter.date(from: String(match.1)))
            #expect(abs(time.timeIntervalSince(before)) < 30)
            var status = stat()
            #expect(unsafe stat(logged.directory("access.log"), &status) == 0)
            #expect(status.st_mode & 0o777 == 0o640)
            try logged.daemon.stop()
            #expect(logged.lines().count == 1)
        }

        @Test("the extended line tells of both connections what they themselves would say")
        func extended() throws {
            let (channel, connections) = try LocalChannel.handingOver()
            let logged = try LoggedDaemon(
                service(channel.endpoint), log: "{ access: LOG/access.log, format: extended }")
            let client = try logged.daemon.client()
            try client.send("hello")
            let connection = try connections.next()
            _ = try connection.receive(exactly: 5)
            try connection.send("hello you")
            _ = try client.receive(exactly: 9)
            let session = try #require(try logged.daemon.sessions().first)
            client.shutDownWrites()
            connection.shutDownWrites()
            let fields = try #require(try logged.fields(1).first)
            #expect(fields["event"] == "end")
            #expect(fields["session"] == "\(session.id)")
            #expect(fields["client"] == "\(try client.endpoint)")
            #expect(fields["listener"] == "web/in")
            #expect(fields["listener_address"] == "\(try logged.daemon.endpoint())")
            #expect(fields["channel"] == "web/0/a")
            #expect(fields["address"] == "\(channel.endpoint)")
            #expect(fields["channel_port"] == session.channelPort.map { "\($0)" })
            #expect(fields["in_bytes"] == "5")
            #expect(fields["out_bytes"] == "9")
            #expect(fields["code"] == "--")
            #expect(fields["cause"] == "done")
            #expect(fields["status"] == "200")
            #expect(fields["retries"] == "0")
            #expect(fields["generation"] == "1")
            for name in ["client_ms", "channel_ms", "wait_us", "connect_us", "first_byte_us"] {
                #expect(fields[name].flatMap { UInt64($0) } != nil, "\(name)")
            }
            for name in ["client_rtt_us", "channel_rtt_us"] {
                #expect(fields[name].flatMap { UInt64($0) } ?? 0 > 0, "\(name)")
            }
            try logged.daemon.stop()
        }

        @Test("JSON on standard output, for the beginning, the middle and the end of a session")
        func json() throws {
            let channel = try LocalChannel.echo()
            let logged = try LoggedDaemon(
                service(channel.endpoint),
                log: "{ access: { target: stdout, format: json, events: [start, end], every: 1s } }"
            )
            let client = try logged.daemon.client()
            try client.send("hello")
            _ = try client.receive(exactly: 5)
            func objects() throws -> [[String: Any]] {
                try logged.daemon.program.output.split(separator: "\n").map { line in
                    let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
                    return try #require(object as? [String: Any], "\(line)")
                }
            }
            try eventually("a line in the middle") { try objects().count >= 2 }
            client.shutDownWrites()
            _ = try client.receiveAll()
            try eventually("the last line") {
                try objects().last?["event"] as? String == "end"
            }
            let all = try objects()
            #expect(all.first?["event"] as? String == "start")
            #expect(all.first?["in_bytes"] as? Int == 0)
            #expect(all.dropFirst().dropLast().allSatisfy { $0["event"] as? String == "running" })
            #expect(all[1]["out_bytes"] as? Int == 5)
            #expect(all[1]["code"] is NSNull)
            #expect(all.last?["cause"] as? String == "done")
            #expect(Set(all.compactMap { $0["session"] as? Int }).count == 1)
            try logged.daemon.stop()
        }

        @Test("a client cannot forge a line by what it calls itself")
        func forged() throws {
            let channel = try LocalChannel.echo()
            let directory = try TemporaryDirectory()
            let logged = try LoggedDaemon(
                """
                - name: web
                  listen: ["unix:\(directory("in"))"]
                  channels: ["\(channel.endpoint)"]
                """, log: "{ access: LOG/access.log, format: extended, error: LOG/error.log }",
                in: directory)
            try logged.daemon.ask("debug client 127.0.0.1")
            let client = try Socket.bound(to: .unix(path: directory("x\" 200\nproxyd: ended")))
            try unsafe Address(.unix(path: directory("in"))).withPointer { pointer, size in
                let target = unsafe __CONST_SOCKADDR_ARG(__sockaddr__: pointer)
                guard unsafe connect(client.number, target, size) == 0 else {
                    throw SocketError(errno, "connect")
                }
            }
            try client.send("x")
            _ = try client.receive(exactly: 1)
            client.shutDownWrites()
            _ = try client.receiveAll()
            let lines = try logged.wait(for: 1)
            #expect(lines.count == 1)
            #expect(lines[0].hasPrefix("- - - ["))
            #expect(lines[0].contains(#"x\x22\x20200\x0aproxyd:\x20ended listener=web/0 "#))
            try logged.daemon.stop()
        }

        // MARK: Exactly one line

        @Test("a session ends with one line, in whatever phase it ends")
        func phases() throws {
            let (channel, connections) = try LocalChannel.handingOver()
            let nobody = try Socket.bound()
            let logged = try LoggedDaemon(
                """
                - name: web
                  listen: ["127.0.0.1:0"]
                  channels: ["\(channel.endpoint)"]
                - name: dead
                  listen: ["127.0.0.1:0"]
                  channels: ["\(try nobody.endpoint)"]
                - name: few
                  listen: [{ address: "127.0.0.1:0", rate: 1/h }]
                  channels: ["\(channel.endpoint)"]
                - name: held
                  listen: [{ address: "127.0.0.1:0", when-empty: "hold 60s" }]
                  channels: [{ address: "\(channel.endpoint)", enabled: false }]
                - name: quiet
                  listen: ["127.0.0.1:0"]
                  timeouts: { idle: 50ms }
                  channels: ["\(channel.endpoint)"]
                """, log: "{ access: LOG/access.log, format: extended }")
            let daemon = logged.daemon
            func client(_ index: Int) throws -> (Socket, Socket) {
                let client = try daemon.client(index)
                return (client, try connections.next())
            }
            func relaying(_ index: Int) throws -> (Socket, Socket) {
                let (client, connection) = try client(index)
                try daemon.waitUntilRelaying(client)
                return (client, connection)
            }
            var open: [Socket] = []
            let (orderly, its) = try relaying(0)
            orderly.shutDownWrites()
            its.shutDownWrites()
            let (resetting, other) = try relaying(0)
            resetting.reset()
            _ = try other.receiveAll()
            let (victim, breaking) = try relaying(0)
            breaking.reset()
            _ = try victim.receiveAll()
            _ = try daemon.client(1).receiveAll()
            let (first, accepted) = try relaying(2)
            open += [first, accepted]
            _ = try daemon.client(2).receiveAll()
            let waiting = try daemon.client(3)
            try eventually("it waits") { try daemon.sessions().contains { $0.phase == .hold } }
            waiting.reset()
            let (silent, listening) = try client(4)
            _ = try silent.receiveAll()
            open.append(listening)
            let (cut, its2) = try relaying(0)
            let id = try #require(
                try daemon.sessions().first { $0.client == "\(try cut.endpoint)" }?.id)
            try daemon.ask("kill session \(id)")
            open += [cut, its2]
            let (last, its3) = try relaying(0)
            open += [last, its3, try daemon.client(3)]
            try eventually("the last one waits") {
                try daemon.sessions().contains { $0.phase == .hold }
            }
            let fields = try logged.fields(8)
            let codes = fields.map { ($0["code"] ?? "") + " " + ($0["cause"] ?? "") }.sorted()
            #expect(
                codes
                    == [
                        "-- done", "CD reset", "CQ reset", "KD cut", "PA rate", "SC refused",
                        "SD reset", "cD timeout",
                    ].sorted())
            for line in fields where line["code"] == "SC" {
                #expect(line["address"] == "\(try nobody.endpoint)")
                #expect(line["channel"] == "-")
                #expect(line["retries"] == "1")
            }
            try daemon.stop()
            let all = logged.lines().map(LoggedDaemon.fields)
            #expect(
                all.dropFirst(8).map { $0["code"] ?? "" }.sorted() == ["KD", "KD", "KQ"])
            #expect(Set(all.compactMap { $0["session"] }).count == 11)
            withExtendedLifetime((open, nobody)) {}
        }

        @Test(
            "a log that is moved and opened again under load loses no line and repeats none",
            arguments: ["log reopen", "SIGHUP"])
        func rotated(how: String) throws {
            let channel = try LocalChannel.echo()
            let logged = try LoggedDaemon(
                service(channel.endpoint), log: "{ access: LOG/access.log, format: extended }")
            let daemon = logged.daemon
            let traffic = EchoTraffic(6, to: try daemon.endpoint(), block: 64)
            var names = ["access.log"]
            for round in 0..<15 {
                try traffic.goOn(for: 40)
                let name = "access.log.\(round)"
                try FileManager.default.moveItem(
                    atPath: logged.directory("access.log"), toPath: logged.directory(name))
                names.append(name)
                if how == "SIGHUP" {
                    kill(daemon.program.pid, SIGHUP)
                } else {
                    #expect(try daemon.ask(how).attributes["reopened"] == "1")
                }
                try eventually("a new file") {
                    FileManager.default.fileExists(atPath: logged.directory("access.log"))
                }
            }
            try traffic.end()
            try daemon.waitUntilNoSessions()
            // Who has deleted old files wants their room back.
            let descriptors = "/proc/\(daemon.program.pid)/fd/"
            let open = try FileManager.default.contentsOfDirectory(atPath: descriptors).compactMap {
                try? FileManager.default.destinationOfSymbolicLink(atPath: descriptors + $0)
            }
            #expect(open.filter { $0.contains("/access.log") } == [logged.directory("access.log")])
            try daemon.stop()
            let lines = names.flatMap { logged.lines($0) }.map(LoggedDaemon.fields)
            #expect(lines.count == traffic.sessionCount)
            #expect(Set(lines.compactMap { $0["session"] }).count == traffic.sessionCount)
            #expect(lines.allSatisfy { $0["code"] == "--" })
        }

        // MARK: Settings

        @Test("another log is taken up by a reload, and one that cannot be opened changes nothing")
        func reloaded() throws {
            let channel = try LocalChannel.echo()
            let logged = try LoggedDaemon(
                service(channel.endpoint), log: "{ access: LOG/access.log }")
            _ = try visit(logged.daemon)
            _ = try logged.wait(for: 1)
            let path = logged.directory("proxyd.yaml")
            let text = logged.directory.read("proxyd.yaml")
            try logged.directory.write(
                text.replacingOccurrences(of: "/access.log", with: "/missing/access.log"),
                to: "proxyd.yaml")
            let refusal = try RawControl(logged.daemon).ask("reload")
            #expect(refusal.word == "invalid", "\(path)")
            #expect(refusal.head.contains("cannot open the access log"))
            #expect(refusal.head.contains("make the directory first"))
            try logged.directory.write(
                text.replacingOccurrences(of: "/access.log", with: "/second.log"),
                to: "proxyd.yaml")
            try logged.daemon.ask("reload")
            _ = try visit(logged.daemon)
            _ = try logged.wait(for: 1, in: "second.log")
            #expect(logged.lines().count == 1)
            try logged.directory.write(
                String(text.prefix(upTo: try #require(text.range(of: "\nlog:")).lowerBound)) + "\n",
                to: "proxyd.yaml")
            try logged.daemon.ask("reload")
            _ = try visit(logged.daemon)
            try logged.daemon.stop()
            #expect(logged.lines().count == 1)
            #expect(logged.lines("second.log").count == 1)
        }

        @Test("a log that cannot be opened is a clear no at the start")
        func unopened() throws {
            let directory = try TemporaryDirectory()
            let file = try directory.write(
                """
                control: { socket: "\(directory("control.sock"))" }
                log: { access: "\(directory("missing/access.log"))" }
                services: [{ listen: ["127.0.0.1:0"], channels: ["127.0.0.1:1"] }]
                """, to: "proxyd.yaml")
            let program = try Program([Daemon.binary, "run", file], in: directory)
            #expect(try program.waitForEnd() == 71)
            #expect(
                program.errors == """
                    proxyd: cannot open the access log \(directory("missing/access.log")): \
                    open: No such file or directory; make the directory first

                    """)
        }

        @Test("the error log: its level, its file, and --debug over it")
        func level() throws {
            let channel = try LocalChannel.echo()
            let log = "{ error: { target: LOG/error.log, level: warning } }"
            let quiet = try LoggedDaemon(service(channel.endpoint), log: log)
            try quiet.daemon.ask("disable web")
            try quiet.daemon.stop()
            #expect(quiet.lines("error.log").isEmpty)
            #expect(quiet.daemon.program.errors.isEmpty)
            let loud = try LoggedDaemon(
                service(channel.endpoint), log: log, options: ["--debug"])
            _ = try visit(loud.daemon)
            _ = try loud.wait(for: 2, in: "error.log")
            try loud.daemon.stop()
            let lines = loud.lines("error.log")
            #expect(lines.first?.contains("] info: ready: listening on ") == true)
            #expect(lines.contains { $0.contains("closed after") })
            #expect(lines.last?.hasSuffix("] info: ended") == true)
        }

        // MARK: Debugging

        @Test("one client's sessions are told of as they go on, and nobody else's")
        func debugged() throws {
            let (channel, connections) = try LocalChannel.handingOver()
            let nobody = try Socket.bound()
            let logged = try LoggedDaemon(
                """
                - name: web
                  listen: ["127.0.0.1:0"]
                  groups:
                  - balance: first
                    channels: ["\(try nobody.endpoint)", "\(channel.endpoint)"]
                """, log: "{ error: LOG/error.log }")
            let daemon = logged.daemon
            try daemon.ask("debug client 127.0.0.0/8 for 5m")
            let client = try daemon.client()
            try client.send("hi")
            let connection = try connections.next()
            _ = try connection.receive(exactly: 2)
            try connection.send("you")
            _ = try client.receive(exactly: 3)
            let who = "\(try client.endpoint)"
            client.shutDownWrites()
            #expect(try connection.receive().isEmpty)
            connection.shutDownWrites()
            _ = try client.receiveAll()
            try daemon.waitUntilNoSessions()
            try daemon.ask("debug off")
            let other = try daemon.client()
            let peer = try connections.next()
            try daemon.waitUntilRelaying(other)
            let id = try #require(try daemon.sessions().first?.id)
            try daemon.ask("debug session \(id)")
            other.reset()
            _ = try peer.receiveAll()
            try daemon.waitUntilNoSessions()
            try daemon.stop()
            let told = logged.lines("error.log").filter { $0.contains(" debug: session ") }
            let own = told.filter { $0.contains(" \(who) ") }.compactMap {
                $0.components(separatedBy: " \(who) ").last
            }
            let words = own.map { String($0.prefix { $0 != ":" }) }
            #expect(
                words == [
                    "accepted", "chose", "connects", "connect failed", "chose", "connects",
                    "connected", "client spoke first", "channel spoke first",
                    "client ended its writes", "channel ended its writes", "closed",
                ])
            #expect(own.contains("connect failed: refused (ECONNREFUSED)"))
            #expect(own.last?.contains("in 2 out 3 bytes") == true)
            let late = told.filter { !$0.contains(" \(who) ") }
            #expect(late.count == 2)
            #expect(late.first?.contains("debugged from now on: it is relay") == true)
            #expect(late.last?.contains("closed: CD reset") == true)
        }
    }
}

import Foundation
import Shared
import Testing

extension EndToEnd {
    /// The life of a daemon under load: reloads, ends that nobody has asked for, and times that are kept.
    ///
    /// `scripts/soak reload` and `scripts/soak kill` run these for longer, with a release build, and then the
    /// times have to be as promised. A debug build is only asked to be right.
    @Suite("life", .timeLimit(.minutes(10)))
    struct LifeTests {
        private static let environment = ProcessInfo.processInfo.environment
        private static let reloadSeconds = environment["PROXYD_TEST_RELOAD_SECONDS"].flatMap {
            Int($0)
        }
        private static let killCount = environment["PROXYD_TEST_KILLS"].flatMap { Int($0) }
        /// Whether times are those of a release build on a machine that has nothing else to do.
        private static let isTimed = reloadSeconds != nil || killCount != nil

        // MARK: Sessions of what is taken away

        private static func mail(_ channel: Endpoint, onRemove: String) -> String {
            """
            - name: mail
              on-remove: \(onRemove)
              listen: ["127.0.0.1:0", "127.0.0.1:0"]
              groups:
              - { name: main, channels: ["\(channel)"] }
              - { name: spare, channels: ["\(channel)"] }
            """
        }

        private static func echo(over client: Socket) throws {
            try client.send("still here")
            #expect(try client.receive(exactly: 10) == Array("still here".utf8))
        }

        @Test(
            "a reload that takes a channel away does with its sessions what on-remove says",
            arguments: [("keep", 0), ("cut", 0), ("{ drain: 1s }", 1000)])
        func onRemove(policy: String, milliseconds: Int) throws {
            let channel = try LocalChannel.echo()
            try withDaemon(Self.mail(channel.endpoint, onRemove: policy)) { daemon in
                let clients = try (0..<3).map { _ in try daemon.client(1) }
                for client in clients { try Self.echo(over: client) }
                let other = try daemon.client(0)
                try Self.echo(over: other)
                let text = daemon.directory.read("proxyd.yaml")
                let line = "  - { name: main, channels: [\"\(channel.endpoint)\"] }\n"
                try daemon.directory.write(
                    text.replacingOccurrences(of: line, with: ""), to: "proxyd.yaml")
                try daemon.ask("enable mail/spare")
                let began = ContinuousClock.now
                let (attributes, _) = try daemon.ask("reload")
                #expect(attributes["restart"] == "-")
                guard policy != "keep" else {
                    for client in clients + [other] { try Self.echo(over: client) }
                    return
                }
                if milliseconds > 0 {
                    for client in clients { try Self.echo(over: client) }
                }
                for client in clients { #expect(try client.receiveAll().ending == .reset) }
                #expect(ContinuousClock.now - began >= .milliseconds(milliseconds))
                try daemon.waitUntilNoSessions()
                #expect(
                    try daemon.metric("proxyd_sessions_ended_total").contains {
                        $0.key.contains("code=\"KD\"") && $0.key.contains("removed")
                            && $0.value == 4
                    })
                if milliseconds > 0 {
                    try daemon.waitForLine(
                        "4 sessions of what was removed are ended: their time is over")
                }
                try Self.echo(over: daemon.client())
            }
        }

        @Test("a listener that is removed takes its sessions along, and those of others stay")
        func listener() throws {
            let channel = try LocalChannel.echo()
            try withDaemon(Self.mail(channel.endpoint, onRemove: "cut")) { daemon in
                let (stays, goes) = (try daemon.client(0), try daemon.client(1))
                for client in [stays, goes] { try Self.echo(over: client) }
                #expect(try daemon.ask("remove listener mail/1").attributes["cut"] == "1")
                #expect(try goes.receiveAll().ending == .reset)
                try Self.echo(over: stays)
            }
        }

        // MARK: Times

        private static func median(_ times: [Duration]) -> Duration {
            times.sorted()[times.count / 2]
        }

        @Test("it is ready soon, with a thousand channels too")
        func start() throws {
            let directory = try TemporaryDirectory()
            let channels = (0..<1000).map { "\"127.0.1.\($0 / 250):\(10_000 + $0)\"" }
            let file = try directory.write(
                """
                control: { socket: "\(directory("control.sock"))" }
                services:
                - listen: ["127.0.0.1:0"]
                  channels: [\(channels.joined(separator: ", "))]
                """, to: "proxyd.yaml")
            // The caller of --daemon goes on the moment that it is ready.
            let times = try (0..<5).map { _ in
                let began = ContinuousClock.now
                let caller = try Program(
                    [
                        Daemon.binary, "run", "--daemon", "--drain", "0s", "--pid-file",
                        directory("d.pid"), file,
                    ], in: directory)
                #expect(try caller.waitForEnd() == 0, "\(caller.report)")
                let time = ContinuousClock.now - began
                let number = try #require(
                    pid_t(directory.read("d.pid").trimmingCharacters(in: .newlines)))
                kill(number, SIGTERM)
                try eventually("it has ended") {
                    !FileManager.default.fileExists(atPath: directory("d.pid"))
                }
                return time
            }
            print(
                "ready with 1,000 channels after \(Self.median(times)), longest \(times.max() ?? .zero)"
            )
            #expect(Self.median(times) <= (Self.isTimed ? .milliseconds(200) : .seconds(15)))
        }

        @Test("draining ends when its time is over, and not before")
        func drain() throws {
            let channel = try LocalChannel.echo()
            let daemon = try Daemon(
                "- { listen: [\"127.0.0.1:0\"], channels: [\"\(channel.endpoint)\"] }",
                options: ["--drain", "700ms"])
            let client = try daemon.client()
            try Self.echo(over: client)
            let began = ContinuousClock.now
            kill(daemon.program.pid, SIGTERM)
            #expect(try client.receiveAll().bytes.isEmpty)
            let cut = ContinuousClock.now - began
            #expect(try daemon.program.waitForEnd() == 0)
            let ended = ContinuousClock.now - began
            print(
                "drain of 700 ms: the session was closed after \(cut), the daemon had ended after \(ended)"
            )
            #expect(cut >= .milliseconds(700))
            #expect(ended <= (Self.isTimed ? .milliseconds(800) : .seconds(15)))
        }

        @Test("the ceiling of sessions follows the hard limit of descriptors, and is said")
        func ceiling() throws {
            let services = "- { listen: [\"127.0.0.1:0\"], channels: [\"127.0.0.1:9\"] }"
            try withDaemon(services, prefix: ["prlimit", "--nofile=300:1000"]) { daemon in
                let rows = try daemon.ask("show limits").lines.map {
                    $0.split(separator: "\t").map(String.init)
                }
                func limit(_ name: String) -> String? { rows.first { $0.first == name }?.last }
                #expect(limit("descriptors") == "1000")
                let sessions = try #require(limit("sessions"))
                try daemon.waitForLine("at most \(sessions) sessions")
            }
        }

        // MARK: Reloads

        @Test(
            "reloads under traffic: no request fails, and memory stays as it is",
            .enabled(if: Program.exist("nginx", "wrk")), .tags(.realProgram))
        func reloads() throws {
            let directory = try TemporaryDirectory()
            let port = try WebLoad.startNginx(in: directory)
            let seconds = Self.reloadSeconds ?? 3
            // What changes from file to file: a group, a channel, a listener, keys of everything.
            func services(_ round: Int) -> String {
                let isOdd = !round.isMultiple(of: 2)
                let extra = isOdd ? ", { name: c, address: \"127.0.0.1:\(port)\", weight: 2 }" : ""
                let listener = isOdd ? ", { name: second, address: \"127.0.0.1:0\" }" : ""
                let group = isOdd ? "  - { name: spare, channels: [\"127.0.0.1:\(port)\"] }" : ""
                return """
                    - name: web
                      on-remove: keep
                      grace: \(5 + round % 7)s
                      listen: [ { name: first, address: "127.0.0.1:0" }\(listener) ]
                      groups:
                      - name: main
                        balance: \(isOdd ? "least-connections" : "round-robin")
                        channels: [ { name: a, address: "127.0.0.1:\(port)", weight: \(1 + round % 5) }\(extra) ]
                    \(group)
                    """
            }
            try withDaemon(services(0)) { daemon in
                let head =
                    daemon.directory.read("proxyd.yaml")
                    .components(separatedBy: "services:")[0] + "services:\n"
                let front = try daemon.port()
                let loads = [
                    try WebLoad.wrk(16, seconds: seconds + 2, "Connection: close", to: front),
                    try WebLoad.wrk(64, seconds: seconds + 2, "X-Kept: yes", to: front),
                ]
                try eventually("there is traffic") { try daemon.sessions().count >= 64 }
                let wanted = Self.reloadSeconds == nil ? 50 : 1000 * seconds / 60
                var before = 0
                let start = ContinuousClock.now
                for round in 1...wanted {
                    try daemon.directory.write(head + services(round), to: "proxyd.yaml")
                    let (attributes, lines) = try daemon.ask("reload")
                    #expect(attributes["restart"] == "-" && lines.count > 1)
                    // What is made once and kept is made by then.
                    if round == wanted / 4 { before = try daemon.residentKibibytes() }
                    let due = start + .nanoseconds(round * seconds * 1_000_000_000 / wanted)
                    // The pace that was promised.
                    Thread.sleep(forTimeInterval: max(0, (due - .now) / .seconds(1)))
                }
                let growth = try daemon.residentKibibytes() - before
                let time = ContinuousClock.now - start
                var requests: [String] = []
                for load in loads {
                    #expect(try load.waitForEnd(within: .seconds(seconds + 60)) == 0)
                    #expect(!load.output.contains("Socket errors"), "\(load.output)")
                    #expect(!load.output.contains("Non-2xx"), "\(load.output)")
                    let line = load.output.split(separator: "\n").first {
                        $0.contains("requests in")
                    }
                    requests.append(line.map { $0.trimmingCharacters(in: .whitespaces) } ?? "?")
                }
                print(
                    "\(wanted) reloads in \(time) under \(requests), memory grew by \(growth) KiB")
                #expect(growth < 4096)
                try daemon.waitUntilNoSessions()
            }
        }

        // MARK: Killed

        @Test("after kill -9 the next start succeeds at once, whatever was left behind")
        func killed() throws {
            let directory = try TemporaryDirectory()
            let channel = try LocalChannel.echo()
            let port = try Program.freePort()
            let file = try directory.write(
                """
                control: { socket: "\(directory("control.sock"))" }
                metrics: { listen: { unix: "\(directory("metrics.sock"))" } }
                services:
                - name: mail
                  listen: ["127.0.0.1:\(port)", "unix:\(directory("mail.sock"))"]
                  groups:
                  - { name: main, channels: [ { address: "\(channel.endpoint)", name: a } ] }
                """, to: "proxyd.yaml")
            var generator = SystemRandomNumberGenerator()
            var longest = Duration.zero
            let count = Self.killCount ?? 8
            for round in 0..<count {
                // The listeners of the one before may still have its clients' connections (TIME_WAIT).
                let began = ContinuousClock.now
                let daemon = try Daemon(
                    arguments: ["run", "--pid-file", directory("d.pid"), file], in: directory)
                longest = max(longest, ContinuousClock.now - began)
                #expect(directory.read("d.pid") == "\(daemon.program.pid)\n")
                let clients = try (0..<4).map { try daemon.client($0 % 2) }
                for client in clients { try Self.echo(over: client) }
                // Somewhere within a save, a change or a reload, or before.
                let control = try ControlClient(path: daemon.controlPath)
                for _ in 0..<Int.random(in: 1...20, using: &generator) {
                    try control.socket.send(
                        "set mail/main/a weight \(Int.random(in: 1...9, using: &generator))\n"
                            + "create listener mail unix:\(directory("live.sock")) name=live\n"
                            + "save\nreload\nremove listener mail/live\nsave\n")
                }
                if round.isMultiple(of: 2) { _ = try control.nextReply() }
                kill(daemon.program.pid, SIGKILL)
                #expect(try daemon.program.waitForEnd() == -Int(SIGKILL))
                let left = Set(try FileManager.default.contentsOfDirectory(atPath: directory.path))
                #expect(left.isSuperset(of: ["d.pid", "control.sock", "mail.sock"]))
                // Whoever has the number by now is not us.
                if round % 3 == 1 { try directory.write("1\n", to: "d.pid") }
            }
            let last = try Daemon(
                arguments: ["run", "--drain", "0s", "--pid-file", directory("d.pid"), file],
                in: directory)
            try last.stop()
            print("\(count) times killed: the longest start took \(longest)")
            #expect(longest < .seconds(Self.isTimed ? 1 : 20))
        }
    }
}

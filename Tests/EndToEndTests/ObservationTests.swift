import Foundation
import Shared
import Testing

extension EndToEnd {
    /// What the daemon tells of what it does: events, history, metrics.
    @Suite("observation")
    struct ObservationTests {
        private func start(
            _ channels: [LocalChannel], in directory: TemporaryDirectory,
            listen: String = "127.0.0.1:0"
        ) throws -> Daemon {
            try Daemon(
                arguments: [
                    "run", "--control", directory("control.sock"), "--metrics-listen", listen,
                    "-l", "127.0.0.1:0", "--",
                ] + channels.map { "\($0.endpoint)" }, in: directory)
        }

        /// Where metrics are, as the daemon says when it is ready.
        private func url(_ daemon: Daemon) throws -> String {
            try daemon.waitForLine("; metrics ")
            let log = daemon.program.errorsSoFar
            let start = try #require(log.range(of: "; metrics "))
            return "http://" + log[start.upperBound...].prefix { $0 != "\n" }
        }

        @Test(
            "curl gets metrics and health", .tags(.realProgram), .enabled(if: Program.exist("curl"))
        )
        func curl() throws {
            let directory = try TemporaryDirectory()
            let daemon = try start([try .letter("A")], in: directory)
            let client = try daemon.client()
            #expect(try client.receive(exactly: 1) == Array("A".utf8))
            client.shutDownWrites()
            _ = try client.receiveAll()
            try daemon.waitUntilNoSessions()
            let url = try url(daemon)
            let page = try Program.run(["curl", "-sSf", url + "/metrics"])
            #expect(page.contains("proxyd_channel_connect_seconds_bucket{channel=\"0/0/0\""))
            for name in ["connect", "first_byte", "session"] {
                let count = "proxyd_channel_\(name)_seconds_count{"
                let line = page.split(separator: "\n").first { $0.hasPrefix(count) }
                #expect(line?.hasSuffix(" 1") == true, "\(name)")
            }
            #expect(try Program.run(["curl", "-sSf", url + "/healthz"]) == "ok\n")
            let head = try Program.run(["curl", "-sSI", url + "/metrics"])
            #expect(head.hasPrefix("HTTP/1.1 200 OK"))
            try daemon.ask("disable 0")
            let status = try Program.run(
                ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", url + "/healthz"])
            #expect(status == "503")
            try daemon.stop()
        }

        @Test("metrics on a Unix socket", .tags(.realProgram), .enabled(if: Program.exist("curl")))
        func unix() throws {
            let directory = try TemporaryDirectory()
            let path = directory("metrics.sock")
            let daemon = try start([try .letter("A")], in: directory, listen: "unix:\(path)")
            let page = try Program.run(
                ["curl", "-sSf", "--unix-socket", path, "http://proxyd/metrics"])
            #expect(page.contains("proxyd_info"))
            try daemon.stop()
            #expect(!FileManager.default.fileExists(atPath: path))
        }

        @Test("what happens is told to who follows, with who did it, as the log has it")
        func follow() throws {
            let channels = try [LocalChannel.letter("A"), LocalChannel.letter("B")]
            let directory = try TemporaryDirectory()
            let daemon = try start(channels, in: directory)
            let follower = try ControlClient(path: daemon.controlPath)
            _ = try follower.ask("events follow")
            try daemon.ask("disable 0/0/1")
            guard case .ok(_, let lines) = try follower.nextReply(),
                let table = Table(lines: lines), let event = EventSnapshot.all(in: table).first
            else {
                Issue.record("no event")
                return
            }
            #expect(event.subject == "channel 0/0/1")
            #expect(event.kind == "state")
            #expect((event.from, event.to) == ("up", "off"))
            #expect(event.actor?.hasPrefix("\(getuid()):") == true)
            try daemon.waitForLine("proxyd: \(event.text)\n")
            channels[0].stop()
            let client = try daemon.client()
            _ = try client.receiveAll()
            guard case .ok(_, let more) = try follower.nextReply(), let table = Table(lines: more)
            else {
                Issue.record("no event")
                return
            }
            let failed = try #require(EventSnapshot.all(in: table).first)
            #expect((failed.kind, failed.cause) == ("failed", "refused (ECONNREFUSED)"))
            let detail = try daemon.ask("show channel 0/0/0").lines
            #expect(detail.contains { $0.hasPrefix("error_1\t") && $0.contains("ECONNREFUSED") })
            try daemon.stop()
        }

        @Test("the history has a session in the second in which it came")
        func history() throws {
            let directory = try TemporaryDirectory()
            let daemon = try start([try .letter("A")], in: directory)
            let client = try daemon.client()
            #expect(try client.receive(exactly: 1) == Array("A".utf8))
            for path in ["0/0/0", "0"] {
                try eventually("\(path) has a sample of the session") {
                    let rows: [HistorySample] = try daemon.table("show history \(path)")
                    return rows.reduce(0) { $0 + $1.sessions } == 1 && rows.last?.current == 1
                }
            }
            try daemon.ask("reset 0/0/0")
            #expect(try daemon.channels()[0].total == 0)
            #expect(try daemon.metric("proxyd_channel_sessions_total").values.first == 1)
            try daemon.stop()
        }
    }
}

import Foundation
import Testing

extension EndToEnd {
    @Suite("signals", .timeLimit(.minutes(5)))
    struct SignalTests {
        private func daemon(
            on channel: LocalChannel, options: [String] = []
        ) throws -> Daemon {
            try Daemon(
                "- { listen: [\"127.0.0.1:0\"], channels: [\"\(channel.endpoint)\"] }",
                options: options)
        }

        private func echo(_ text: String, on client: borrowing Socket) throws {
            try client.send(text)
            #expect(try client.receive(exactly: text.utf8.count) == Array(text.utf8))
        }

        @Test(
            "SIGTERM and SIGQUIT let sessions end and nobody else in",
            arguments: [SIGTERM, SIGQUIT])
        func drain(signal: CInt) throws {
            let channel = try LocalChannel.echo()
            let daemon = try daemon(on: channel, options: ["--drain", "30s"])
            let client = try daemon.client()
            try echo("before", on: client)
            kill(daemon.program.pid, signal)
            try eventually("the listener is closed") { (try? daemon.client()) == nil }
            try echo("meanwhile", on: client)
            #expect(daemon.program.isRunning)
            client.shutDownWrites()
            #expect(try client.receiveAll().bytes.isEmpty)
            #expect(try daemon.program.waitForEnd() == 0)
            #expect(daemon.program.errors.contains("drained: 0 sessions are left"))
        }

        @Test("draining ends with its time, and sessions that are left are closed")
        func deadline() throws {
            let channel = try LocalChannel.echo()
            let daemon = try daemon(on: channel, options: ["--drain", "300ms", "--verbose"])
            let client = try daemon.client()
            try echo("x", on: client)
            let clock = ContinuousClock()
            let began = clock.now
            #expect(try daemon.program.stop(with: SIGTERM) == 0)
            #expect(began.duration(to: clock.now) >= .milliseconds(300))
            #expect(daemon.program.errors.contains("drained: 1 sessions are left"))
            _ = try? client.receiveAll()
        }

        @Test("a second SIGTERM ends it at once, and so does SIGINT", arguments: [SIGTERM, SIGINT])
        func impatience(second: CInt) throws {
            let channel = try LocalChannel.echo()
            let daemon = try daemon(on: channel, options: ["--drain", "never"])
            let client = try daemon.client()
            try echo("x", on: client)
            kill(daemon.program.pid, SIGTERM)
            try daemon.waitForLine("draining 1 sessions")
            #expect(try daemon.program.stop(with: second) == 0)
            _ = try? client.receiveAll()
        }

        @Test("SIGHUP takes a changed file, a bad one changes nothing, and sessions go on")
        func hangUp() throws {
            let channel = try LocalChannel.echo()
            let daemon = try daemon(on: channel)
            defer { try? daemon.stop() }
            let file = daemon.directory("proxyd.yaml")
            let text = daemon.directory.read("proxyd.yaml")
            let client = try daemon.client()
            try echo("before", on: client)
            let changed = text.replacingOccurrences(
                of: "channels: [", with: "grace: 7s, channels: [")
            try changed.write(toFile: file, atomically: true, encoding: .utf8)
            kill(daemon.program.pid, SIGHUP)
            try daemon.waitForLine("SIGHUP: reloaded, 1 differences")
            try daemon.waitForLine("service 0 grace 1m → 7s: by proxyd")
            try "services: [nonsense]".write(toFile: file, atomically: true, encoding: .utf8)
            kill(daemon.program.pid, SIGHUP)
            try daemon.waitForLine("SIGHUP: nothing was changed: ")
            try echo("after", on: client)
            let other = try daemon.client()
            try echo("new", on: other)
        }

        @Test("SIGUSR1 tells how everything is")
        func state() throws {
            let channel = try LocalChannel.echo()
            let daemon = try daemon(on: channel)
            defer { try? daemon.stop() }
            let client = try daemon.client()
            try echo("x", on: client)
            kill(daemon.program.pid, SIGUSR1)
            try daemon.waitForLine("state: channel 0/0/0 ")
            for words in [
                "state: generation ", "state: listener 0/0 127.0.0.1:", " up for ", ", 1 sessions",
            ] {
                try daemon.waitForLine(words)
            }
        }
    }
}

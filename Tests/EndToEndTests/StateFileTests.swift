import Foundation
import Shared
import Testing

extension EndToEnd {
    /// `state-file`: what outlives a restart.
    @Suite("state file", .timeLimit(.minutes(5)))
    struct StateFileTests {
        private let directory: TemporaryDirectory
        private let channel: LocalChannel

        init() throws {
            directory = try TemporaryDirectory()
            channel = try LocalChannel.echo()
        }

        private var path: String { directory("state") }

        private func daemon(weight: Int = 1) throws -> Daemon {
            try Daemon(
                """
                - name: web
                  listen: ["127.0.0.1:0"]
                  groups:
                  - channels:
                    - { name: a, address: "\(channel.endpoint)" }
                    - { name: b, address: "127.0.0.1:9", weight: \(weight) }
                    - "127.0.0.1:10"
                    - { address: "127.0.0.1:11", enabled: false }
                """, options: ["--state-file", path], in: directory)
        }

        private func visit(_ daemon: Daemon) throws {
            let client = try daemon.client()
            try client.send("12345")
            #expect(try client.receive(exactly: 5) == Array("12345".utf8))
            client.shutDownWrites()
            _ = try client.receiveAll()
            try daemon.waitUntilNoSessions()
        }

        private func say(_ daemon: Daemon) throws {
            try daemon.ask("disable web/0/b")
            try daemon.ask("drain web/0/2")
            try daemon.ask("enable web/0/3")
            try daemon.ask("set web/0/b weight 5")
        }

        @Test("what was said and counted is there after a restart")
        func restart() throws {
            let first = try daemon()
            try say(first)
            try visit(first)
            try visit(first)
            try first.stop()
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
            #expect(mode as? Int == 0o600)

            let second = try daemon()
            let channels = try second.channels()
            #expect(channels.map(\.state) == [.up, .off, .drain, .up])
            #expect(channels.map(\.weight) == [1, 5, 1, 1])
            #expect(channels[1].by?.hasPrefix("\(getuid()):") == true)
            #expect(channels[0].total == 2)
            #expect((channels[0].inBytes, channels[0].outBytes) == (10, 10))
            // Counting goes on from there.
            try visit(second)
            #expect(try second.channels()[0].total == 3)
            // The file of a person is as it was.
            let difference = try second.ask("diff").lines.dropFirst()
            #expect(Array(difference) == ["web/0/b\tweight\t1\t5"])
            try second.ask("enable web/0/b")
            try second.stop()

            // Whoever writes another weight into the file means it.
            let third = try daemon(weight: 3)
            #expect(try third.channels().map(\.state) == [.up, .up, .drain, .up])
            #expect(try third.channels().map(\.weight) == [1, 3, 1, 1])
            try third.stop()
        }

        @Test("what was said is there after kill -9")
        func killed() throws {
            let first = try daemon()
            try say(first)
            try eventually("it is written") {
                directory.read("state").components(separatedBy: "\toff\t").count == 2
                    && directory.read("state").contains("\tdrain\t")
                    && directory.read("state").contains("\t5\t1\t")
            }
            _ = try first.program.stop(with: SIGKILL)
            let second = try daemon()
            #expect(try second.channels().map(\.state) == [.up, .off, .drain, .up])
            try second.stop()
        }

        @Test("a damaged file is refused and replaced")
        func torn() throws {
            let first = try daemon()
            try first.ask("disable web/0/b")
            try first.stop()
            let whole = directory.read("state")
            try directory.write(String(whole.dropLast(4)), to: "state")
            let second = try daemon()
            #expect(try second.channels().map(\.state) == [.up, .up, .up, .off])
            try second.waitForLine("state file \(path): it is damaged at line ")
            try second.stop()
            #expect(directory.read("state").hasPrefix("proxyd-state\t1\n"))
        }

        @Test("somebody else's file is left as it is")
        func foreign() throws {
            try directory.write("root:x:0:0\n", to: "state")
            let daemon = try daemon()
            try daemon.ask("disable web/0/b")
            try daemon.waitForLine("it is not a state file of proxyd; it is left as it is")
            try daemon.stop()
            #expect(directory.read("state") == "root:x:0:0\n")
        }

        @Test("a place that cannot be written is said once, and ends nothing")
        func unwritable() throws {
            let daemon = try Daemon(
                "- { listen: [\"127.0.0.1:0\"], channels: [\"\(channel.endpoint)\"] }",
                options: ["--state-file", directory("missing/state")], in: directory)
            try daemon.ask("disable 0/0/0")
            try daemon.waitForLine("missing/state cannot be written: open: ")
            try daemon.ask("enable 0/0/0")
            try visit(daemon)
            try daemon.stop()
            #expect(daemon.program.errors.components(separatedBy: "cannot be written").count == 2)
        }
    }
}

import Foundation
import Shared
import Testing

extension EndToEnd {
    /// What an operator does to a running daemon, and what becomes of its sessions.
    @Suite("enable, disable, drain, kill")
    struct OperatorTests {
        private typealias Failover = FailoverTests

        /// Two channels that say their letter, in two groups when there is a spare.
        private func withTwoChannels(
            whenEmpty: String = "close", _ body: (Daemon) throws -> Void
        ) throws {
            let channels = try [LocalChannel.letter("A"), LocalChannel.letter("B")]
            let services = """
                - listen: ["127.0.0.1:0"]
                  when-empty: \(whenEmpty)
                  groups:
                  - channels: ["\(channels[0].endpoint)"]
                  - channels: ["\(channels[1].endpoint)"]
                """
            try withDaemon(services, body)
        }

        @Test(
            "a disabled channel gets no new sessions and keeps its old ones",
            arguments: ["disable", "drain"])
        func keepsRunning(verb: String) throws {
            try withTwoChannels { daemon in
                let client = try daemon.client()
                #expect(try client.receive(exactly: 1) == Array("A".utf8))
                try daemon.ask("\(verb) 0/0")
                #expect(try Failover.letter(daemon) == "B")
                let channel = try daemon.channels()[0]
                #expect(channel.state == (verb == "drain" ? .drain : .off))
                #expect(channel.current == 1)
                #expect(channel.by?.isEmpty == false)
                try daemon.ask("enable 0/0")
                #expect(try Failover.letter(daemon) == "A")
                // The old session never noticed.
                client.shutDownWrites()
                #expect(try client.receiveAll().ending == .endOfStream)
            }
        }

        @Test("disable with cut ends the running sessions and says how many")
        func cut() throws {
            try withTwoChannels { daemon in
                let clients = try (0..<3).map { _ in
                    let client = try daemon.client()
                    #expect(try client.receive(exactly: 1) == Array("A".utf8))
                    return client
                }
                let reply = try daemon.ask("disable 0/0 cut")
                #expect(reply.attributes["cut"] == "3")
                for client in clients { _ = try client.receiveAll() }
                try daemon.waitUntilNoSessions()
                #expect(
                    try daemon.endings().filter { $0.key.hasPrefix("K") }.values.reduce(0, +) == 3)
            }
        }

        @Test("what is disabled already stays so, without a row and without a new generation")
        func again() throws {
            try withTwoChannels { daemon in
                #expect(try daemon.ask("disable 1").lines.count == 2)
                let before = try daemon.ask("hello").attributes["generation"]
                #expect(try daemon.ask("disable 1").lines.count == 1)
                #expect(try daemon.ask("hello").attributes["generation"] == before)
            }
        }

        @Test("a killed session ends on both sides, and only that one")
        func killSession() throws {
            let (channel, connections) = try LocalChannel.handingOver()
            let services = "- { listen: [\"127.0.0.1:0\"], channels: [\"\(channel.endpoint)\"] }"
            try withDaemon(services) { daemon in
                let first = try daemon.client()
                let firstEnd = try connections.next()
                let killed = try #require(try daemon.sessions().first)
                let second = try daemon.client()
                let secondEnd = try connections.next()
                #expect(try daemon.ask("kill session \(killed.id)").attributes["cut"] == "1")
                _ = try first.receiveAll()
                _ = try firstEnd.receiveAll()
                try second.send("still here")
                #expect(try secondEnd.receive(exactly: 10) == Array("still here".utf8))
                guard
                    case .error(.notFound, _) = try ControlClient(path: daemon.controlPath)
                        .ask("kill session \(killed.id)")
                else {
                    Issue.record("a session that is gone was killed again")
                    return
                }
            }
        }

        @Test("nothing to serve: close")
        func whenEmptyCloses() throws {
            try withTwoChannels { daemon in
                try daemon.ask("disable 0")
                try daemon.ask("disable 1")
                let client = try daemon.client()
                #expect(try client.receiveAll() == ([], .endOfStream))
                #expect(try daemon.listeners()[0].refused == 1)
            }
        }

        @Test("nothing to serve: reset")
        func whenEmptyResets() throws {
            try withTwoChannels(whenEmpty: "reset") { daemon in
                try daemon.ask("disable 0")
                try daemon.ask("disable 1")
                let client = try daemon.client()
                #expect(try client.receiveAll() == ([], .reset))
            }
        }

        @Test("nothing to serve: refuse, until there is something again")
        func whenEmptyRefuses() throws {
            try withTwoChannels(whenEmpty: "refuse") { daemon in
                let endpoint = try daemon.endpoint()
                try daemon.ask("disable 0")
                try daemon.ask("disable 1")
                try eventually("a connect is refused") {
                    do {
                        _ = try Socket.connected(to: endpoint).receiveAll()
                        return false
                    } catch let error as SocketError where error.isRefused {
                        return true
                    }
                }
                #expect(try daemon.listeners()[0].state == .refusing)
                try daemon.ask("enable 0")
                try eventually("a connect is taken") {
                    do {
                        return try Socket.connected(to: endpoint).receive(atMost: 1)
                            == Array("A".utf8)
                    } catch let error as SocketError where error.isRefused {
                        return false
                    }
                }
            }
        }

        @Test("a listener that closes and opens at once has its own address")
        func refusesForAMoment() throws {
            try withTwoChannels(whenEmpty: "refuse") { daemon in
                let control = try RawControl(daemon)
                let lines = ["disable 0", "disable 1", "enable 0", "enable 1", "show listeners"]
                for _ in 0..<300 {
                    try control.send(lines.joined(separator: "\n") + "\n")
                    let replies = try lines.map { _ in try control.reply() }
                    let row = replies.last?.lines.last?.split(separator: "\t") ?? []
                    try #require(row.count > 2 && row[2] == "open", "\(row)")
                }
                #expect(try FailoverTests.letter(daemon) == "A")
            }
        }

        @Test("nothing to serve: hold, and serve when there is something")
        func whenEmptyHolds() throws {
            try withTwoChannels(whenEmpty: "{ hold: 30s }") { daemon in
                try daemon.ask("disable 0")
                try daemon.ask("disable 1")
                let client = try daemon.client()
                try eventually("the session waits") { try daemon.sessions().first?.phase == .hold }
                try daemon.ask("enable 1")
                #expect(try client.receive(exactly: 1) == Array("B".utf8))
            }
        }

        @Test("nothing to serve: hold, and close when the time is up")
        func holdEnds() throws {
            try withTwoChannels(whenEmpty: "{ hold: 200ms }") { daemon in
                try daemon.ask("disable 0")
                try daemon.ask("disable 1")
                let start = ContinuousClock.now
                let client = try daemon.client()
                #expect(try client.receiveAll() == ([], .endOfStream))
                #expect(ContinuousClock.now - start >= .milliseconds(190))
            }
        }

        @Test("a session that is silent for too long is ended")
        func idle() throws {
            let channel = try LocalChannel.letter("A")
            let services = """
                - listen: ["127.0.0.1:0"]
                  timeouts: { idle: 1s }
                  channels: ["\(channel.endpoint)"]
                """
            try withDaemon(services) { daemon in
                let client = try daemon.client()
                #expect(try client.receiveAll().bytes == Array("A".utf8))
                try daemon.waitUntilNoSessions()
                let endings = try daemon.endings()
                #expect(
                    endings.count == 1 && ["c", "s"].contains(endings.keys.first?.first),
                    "\(endings)")
            }
        }
    }
}

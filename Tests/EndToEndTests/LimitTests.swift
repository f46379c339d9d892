import Foundation
import Shared
import Testing

extension EndToEnd {
    /// Limits as operators set them, seen from outside.
    @Suite("limits")
    struct LimitTests {
        @Test("of 6,000 clients exactly as many are served as all maxc together allow")
        func exact() throws {
            // Nobody accepts: what the channels' queues hold is what was let through.
            let channels = try (0..<2).map { _ in try Socket.listening(backlog: 4096) }
            let services = """
                - listen: ["127.0.0.1:0"]
                  channels:
                  - { address: "\(try channels[0].endpoint)", maxc: 1500 }
                  - { address: "\(try channels[1].endpoint)", maxc: 1500 }
                """
            try withDaemon(services) { daemon in
                let endpoint = try daemon.endpoint()
                let clients = try (0..<6000).map { _ in try Socket.connected(to: endpoint) }
                try eventually("every client has been looked at") {
                    let listener = try daemon.listeners()[0]
                    return listener.total == 6000 && listener.refused == 3000
                }
                #expect(try daemon.channels().map(\.current) == [1500, 1500])
                for channel in channels {
                    channel.setNonBlocking()
                    var accepted: [Socket] = []
                    while let next = try? channel.accept() { accepted.append(next) }
                    #expect(accepted.count == 1500)
                }
                withExtendedLifetime(clients) {}
            }
        }

        @Test("shed ends the sessions it names, as many as asked, and no others")
        func shed() throws {
            let channel = try LocalChannel.echo()
            let services = "- { listen: [\"127.0.0.1:0\"], channels: [\"\(channel.endpoint)\"] }"
            try withDaemon(services) { daemon in
                let clients = try (0..<4).map { _ in
                    let client = try daemon.client()
                    try client.send("a")
                    #expect(try client.receive(exactly: 1) == Array("a".utf8))
                    return client
                }
                let preview = try daemon.ask("shed 0/0 2 100/s preview")
                #expect(preview.attributes["cut"] == "0")
                #expect(try daemon.sessions().count == 4)
                let answer = try daemon.ask("shed 0/0 2 100/s")
                #expect(answer.attributes["cut"] == "2")
                let chosen = try #require(Table(lines: answer.lines)).rows.compactMap {
                    UInt64($0[0])
                }
                try eventually("two sessions are left") { try daemon.sessions().count == 2 }
                let left = try daemon.sessions().map(\.id)
                #expect(chosen.count == 2)
                #expect(Set(left).isDisjoint(with: chosen))
                withExtendedLifetime(clients) {}
            }
        }

        @Test("explain says what the next client gets, and the client gets it")
        func explain() throws {
            let letters = try ["A", "B", "C"].map { try LocalChannel.letter($0) }
            let services = """
                - listen: ["127.0.0.1:0"]
                  channels: [\(letters.map { "\"\($0.endpoint)\"" }.joined(separator: ", "))]
                """
            try withDaemon(services) { daemon in
                for _ in 0..<6 {
                    let lines = try daemon.ask("explain 127.0.0.1").lines
                    let table = try #require(Table(lines: lines))
                    let row = try #require(table.rows.first { $0[1] == "chosen" })
                    let index = try #require(Int(row[0].suffix(1)))
                    #expect(try FailoverTests.letter(daemon) == ["A", "B", "C"][index])
                }
            }
        }

        @Test("a full group holds up its own clients, and no others of its service")
        func lanes() throws {
            let (one, other) = (try LocalChannel.echo(), try LocalChannel.echo())
            let services = """
                - overload: queue
                  queue: { timeout: 60s }
                  listen:
                    - address: "127.0.0.1:0"
                      route: [ { first-bytes: "regex:^A", group: a }, { default: b } ]
                  groups:
                    - { name: a, channels: [ { address: "\(one.endpoint)", maxc: 1 } ] }
                    - { name: b, channels: [ { address: "\(other.endpoint)", maxc: 1 } ] }
                """
            try withDaemon(services) { daemon in
                func client(_ word: String) throws -> Socket {
                    let client = try daemon.client()
                    try client.send(word + "\n")
                    return client
                }
                let first = try client("A1")
                #expect(try first.receive(exactly: 3) == Array("A1\n".utf8))
                let second = try client("B1")
                #expect(try second.receive(exactly: 3) == Array("B1\n".utf8))
                let waiting = try client("A2")
                try eventually("one waits") {
                    try daemon.sessions().contains { $0.phase == .hold }
                }
                let next = try client("B2")
                try eventually("two wait") {
                    try daemon.sessions().count { $0.phase == .hold } == 2
                }
                second.close()
                #expect(try next.receive(exactly: 3) == Array("B2\n".utf8))
                next.close()
                // A newcomer to the group that is idle does not stand behind the one that waits for the other.
                for _ in 0..<5 {
                    let newcomer = try client("B3")
                    #expect(try newcomer.receive(exactly: 3) == Array("B3\n".utf8))
                    newcomer.close()
                }
                #expect(try daemon.sessions().contains { $0.phase == .hold })
                first.close()
                #expect(try waiting.receive(exactly: 3) == Array("A2\n".utf8))
            }
        }
    }
}

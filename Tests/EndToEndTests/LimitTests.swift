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
    }
}

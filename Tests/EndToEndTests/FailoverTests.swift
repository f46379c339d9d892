import Foundation
import Shared
import Testing

extension EndToEnd {
    /// Where a client ends up when not every channel can take it.
    @Suite("failover and limits")
    struct FailoverTests {
        /// The letter that the channel sends says which one it was; nil when the session ended instead.
        static func letter(_ daemon: Daemon) throws -> String? {
            let client = try daemon.client()
            let bytes = try client.receive(atMost: 1)
            return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
        }

        @Test("a channel that refuses is passed over and left alone")
        func nextChannel() throws {
            let dead = try Socket.bound()
            let alive = try LocalChannel.letter("B")
            let services = """
                - { listen: ["127.0.0.1:0"], channels: ["\(try dead.endpoint)", "\(alive.endpoint)"] }
                """
            try withDaemon(services) { daemon in
                for _ in 0..<6 { #expect(try Self.letter(daemon) == "B") }
                let channels = try daemon.channels()
                #expect(channels[0].state == .grace)
                #expect(channels[0].failed == 1)
                #expect(channels[0].retryMilliseconds ?? 0 > 0)
                #expect(channels[0].current == 0)
                #expect(channels[1].total == 6)
                #expect(channels[1].state == .up)
            }
        }

        @Test("a group of which no channel answers is followed by the next one")
        func nextGroup() throws {
            let dead = try [Socket.bound(), Socket.bound()]
            let alive = try LocalChannel.letter("B")
            let services = """
                - listen: ["127.0.0.1:0"]
                  groups:
                  - channels: ["\(try dead[0].endpoint)", "\(try dead[1].endpoint)"]
                  - channels: ["\(alive.endpoint)"]
                """
            try withDaemon(services) { daemon in
                for _ in 0..<4 { #expect(try Self.letter(daemon) == "B") }
                let groups = try daemon.groups()
                #expect(groups[0].usable == 0)
                #expect(groups[1].total == 4)
            }
        }

        @Test("a client is turned away when nothing answers, and the next one is tried again")
        func everyChannelInGrace() throws {
            let channel = try Socket.bound()
            let services =
                "- { listen: [\"127.0.0.1:0\"], channels: [\"\(try channel.endpoint)\"] }"
            try withDaemon(services) { daemon in
                #expect(try Self.letter(daemon) == nil)
                #expect(try daemon.listeners()[0].refused == 1)
                // Back before its grace is over: better tried than refused.
                #expect(listen(channel.number, 10) == 0)
                let client = try daemon.client()
                let connection = try channel.accept()
                try connection.send("B")
                #expect(try client.receive(exactly: 1) == Array("B".utf8))
                try daemon.waitForChannel(0) { $0.state == .up }
            }
        }

        @Test("grace ends by itself")
        func graceEnds() throws {
            let dead = try Socket.bound()
            let alive = try LocalChannel.letter("B")
            // Whoever comes tries the first one if that is not in its grace time: of one client each, so that
            // it does not matter how long they take.
            let services = """
                - listen: ["127.0.0.1:0"]
                  grace: 300ms
                  groups:
                  - balance: first
                    channels: ["\(try dead.endpoint)", "\(alive.endpoint)"]
                """
            try withDaemon(services) { daemon in
                for times in 1...2 {
                    #expect(try Self.letter(daemon) == "B")
                    try daemon.waitForChannel(0) { $0.state == .up }
                    #expect(try daemon.channels()[0].failed == UInt64(times))
                }
            }
        }

        @Test("a channel whose queue is full is passed over when its time is up")
        func connectTimeout() throws {
            let full = try Socket.listening(backlog: 0)
            // Two are held by the kernel; of the third on, nobody hears (listen(2), TCP_SYN dropped).
            let filling = try (0..<4).map { _ in
                let socket = try Socket.unconnected(for: full.endpoint)
                socket.setNonBlocking()
                try socket.beginConnecting(to: full.endpoint)
                return socket
            }
            defer { for socket in filling { socket.close() } }
            let alive = try LocalChannel.letter("B")
            let services = """
                - listen: ["127.0.0.1:0"]
                  timeouts: { connect: 300ms }
                  channels: ["\(try full.endpoint)", "\(alive.endpoint)"]
                """
            try withDaemon(services) { daemon in
                let start = ContinuousClock.now
                #expect(try Self.letter(daemon) == "B")
                #expect(try Self.letter(daemon) == "B")
                #expect(ContinuousClock.now - start >= .milliseconds(290))
                let channel = try daemon.channels()[0]
                #expect(channel.state == .grace)
                #expect(channel.failed == 1)
            }
        }

        @Test("maxc is exact under 200 clients at once, the rest overflow to the next group")
        func overflow() throws {
            let small = try LocalChannel.letter("A")
            let spare = try LocalChannel.letter("B")
            let services = """
                - listen: ["127.0.0.1:0"]
                  groups:
                  - channels: [ { address: "\(small.endpoint)", maxc: 16 } ]
                  - channels: ["\(spare.endpoint)"]
                """
            try withDaemon(services) { daemon in
                let endpoint = try daemon.endpoint()
                let clients = try concurrently(200) { _ in
                    let client = try Socket.connected(to: endpoint)
                    return (client, try client.receive(exactly: 1))
                }
                let letters = clients.map { String(decoding: $0.1, as: UTF8.self) }
                #expect(letters.filter { $0 == "A" }.count == 16)
                #expect(letters.filter { $0 == "B" }.count == 184)
                let channels = try daemon.channels()
                #expect(channels[0].state == .full)
                #expect(channels[0].current == 16)
                #expect(channels[1].current == 184)
                #expect(try daemon.groups()[1].spilled == 184)
                for (client, _) in clients { client.close() }
                try daemon.waitUntilNoSessions()
                // Every slot came back: the next ones fit again.
                for _ in 0..<4 { #expect(try Self.letter(daemon) == "A") }
            }
        }

        @Test("maxc is never exceeded while clients come and go")
        func churn() throws {
            let (most, channel) = try Self.countingChannel()
            let services = """
                - listen: ["127.0.0.1:0"]
                  when-empty: { hold: 20s }
                  channels: [ { address: "\(channel.endpoint)", maxc: 5 } ]
                """
            try withDaemon(services) { daemon in
                let endpoint = try daemon.endpoint()
                _ = try concurrently(50) { _ in
                    for _ in 0..<10 {
                        let client = try Socket.connected(to: endpoint)
                        #expect(try client.receive(exactly: 1) == Array("A".utf8))
                        client.close()
                    }
                }
                try daemon.waitUntilNoSessions()
                #expect(try daemon.channels()[0].total == 500)
                #expect(most.value <= 5)
            }
        }

        /// Counts how many connections it has at once of clients that wait for its letter. When one that has got
        /// it leaves, the next one may be here before this thread hears of that, so it counts no more by then.
        private static func countingChannel() throws -> (HighWaterMark, LocalChannel) {
            let most = HighWaterMark()
            let channel = try LocalChannel { connection in
                most.enter()
                // What it does for its client.
                Thread.sleep(forTimeInterval: 0.002)
                most.leave()
                try connection.send("A")
                while try !connection.receive().isEmpty {}
            }
            return (most, channel)
        }
    }
}

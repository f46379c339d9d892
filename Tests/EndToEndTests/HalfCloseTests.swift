import Foundation
import Shared
import Testing

extension EndToEnd {
    /// Who ends first, how, and with bytes under way or not: what the other side gets to see.
    @Suite("the end of a session")
    struct HalfCloseTests {
        enum Side: CaseIterable { case client, channel }
        enum End: CaseIterable { case fin, rst }
        /// What was sent right before the end and not read yet.
        enum Bytes: String, CaseIterable {
            case none = "no bytes"
            case underWay = "bytes under way"
            /// The daemon finds bytes and end together when it looks.
            case together = "bytes and end at once"
        }

        struct Case: Sendable, CustomTestStringConvertible {
            var first: Side
            var end: End
            var bytes: Bytes
            var relay: Relay

            var testDescription: String { "\(first) \(end), \(bytes.rawValue) (\(relay))" }

            /// What fits into the socket's buffers while nobody reads, and more than that.
            var payload: [UInt8] {
                switch bytes {
                case .none: []
                case .underWay: Array(Noise.bytes(of: 1, from: 0, count: 200_000))
                case .together: Array(Noise.bytes(of: 1, from: 0, count: 30_000))
                }
            }

            static let all: [Case] = [Relay.copy, .splice, .adaptive].flatMap { relay in
                Side.allCases.flatMap { side in
                    End.allCases.flatMap { end in
                        Bytes.allCases.map {
                            Case(first: side, end: end, bytes: $0, relay: relay)
                        }
                    }
                }
            }
        }

        static let answer = Array(Noise.bytes(of: 2, from: 0, count: 150_000))

        @Test("is told to the other side as it was", arguments: Case.all)
        func ends(_ this: Case) throws {
            let (channel, connections) = try LocalChannel.handingOver()
            let services = "- { listen: [\"127.0.0.1:0\"], channels: [\"\(channel.endpoint)\"] }"
            try withDaemon(services, options: this.relay.options) { daemon in
                let client = try daemon.client()
                let connection = try connections.next()
                let (first, second) =
                    this.first == .client ? (client, connection) : (connection, client)
                try exchangeGreeting(client, connection)
                if this.bytes == .together { kill(daemon.program.pid, SIGSTOP) }
                try first.send(this.payload)
                // A small write may wait for the acknowledgement of the one before it (Nagle).
                if this.bytes == .together { try first.awaitAcknowledgement() }
                if this.end == .fin { first.shutDownWrites() } else { first.reset() }
                if this.bytes == .together { kill(daemon.program.pid, SIGCONT) }
                switch this.end {
                case .fin: try expectFinish(daemon, first: first, second: second, this)
                case .rst: try expectReset(second: second, this)
                }
                try daemon.waitUntilNoSessions()
                let endings = try daemon.endings()
                #expect(endings.values.reduce(0, +) == 1, "\(endings)")
                if this.end == .rst {
                    #expect(endings.keys.first?.first == (this.first == .client ? "C" : "S"))
                }
            }
        }

        /// A word each way, so that the session is what it will be.
        private func exchangeGreeting(_ client: Socket, _ connection: Socket) throws {
            try client.send("hello")
            #expect(try connection.receive(exactly: 5) == Array("hello".utf8))
            try connection.send("hi")
            #expect(try client.receive(exactly: 2) == Array("hi".utf8))
        }

        private func expectFinish(
            _ daemon: Daemon, first: Socket, second: Socket, _ this: Case
        ) throws {
            let (bytes, ending) = try second.receiveAll()
            #expect(ending == .endOfStream)
            #expect(bytes == this.payload)
            // The other direction carries on, for as long as it likes.
            try eventually("the session is half closed") {
                try daemon.sessions().first?.phase == .half
            }
            try second.send(Self.answer)
            second.close()
            let (answer, lastEnding) = try first.receiveAll()
            #expect(lastEnding == .endOfStream)
            #expect(answer == Self.answer)
            first.close()
        }

        private func expectReset(second: Socket, _ this: Case) throws {
            let (bytes, ending) = try second.receiveAll()
            // An end that looks well would be a lie.
            #expect(ending == .reset)
            #expect(this.payload.starts(with: bytes))
            // What the sender's own kernel still had its reset has destroyed; all else arrives.
            if this.bytes == .together { #expect(bytes.count == this.payload.count) }
        }
    }
}

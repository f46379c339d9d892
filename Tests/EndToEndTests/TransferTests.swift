import Foundation
import Shared
import Testing

extension EndToEnd {
    /// Every byte arrives, once, in its place, and in the right session.
    @Suite("transfers")
    struct TransferTests {
        /// Another one per round of scripts/soak; printed when a test fails.
        static let seed =
            ProcessInfo.processInfo.environment["PROXYD_TEST_SEED"].flatMap { UInt64($0) } ?? 1

        @Test("the harness itself finds nothing wrong without a proxy")
        func direct() throws {
            let channel = try Socket.listening()
            var run = TransferRun(
                plans: Self.plans(count: 20, seed: Self.seed), channels: [channel])
            try run.run(through: [channel.endpoint], within: .seconds(60))
        }

        @Test(
            "200 at once, up to 64 MiB, over IPv4, IPv6 and Unix sockets", arguments: Relay.allCases
        )
        func everyByte(relay: Relay) throws {
            let directory = try TemporaryDirectory()
            let unix = Endpoint.unix(path: directory("channel.sock"))
            let channels = try [Socket.anyPort, Socket.anyPortV6, unix].map {
                try Socket.listening(on: $0)
            }
            let ends = try channels.map { try $0.endpoint }
            // Each kind of listener leads to another kind of channel, in both combinations.
            let services = """
                - { name: a, listen: ["127.0.0.1:0"], channels: ["\(ends[1])", "\(ends[2])"] }
                - { name: b, listen: ["[::1]:0"], channels: ["\(ends[0])", "\(ends[2])"] }
                - { name: c, listen: ["unix:\(directory("listener.sock"))"],
                    channels: ["\(ends[0])", "\(ends[1])"] }
                """
            try withDaemon(services, options: relay.options) { daemon in
                let listeners = try (0..<3).map { try daemon.endpoint($0) }
                let plans = Self.plans(count: 200, seed: Self.seed)
                var run = TransferRun(plans: plans, channels: channels)
                try run.run(through: listeners, within: .seconds(240))
                try daemon.waitUntilNoSessions()
                let counted = try daemon.listeners()
                let up = plans.reduce(0) { $0 + $1.up + Exchange.headerSize }
                #expect(counted.reduce(0) { $0 + Int($1.inBytes) } == up)
                #expect(
                    counted.reduce(0) { $0 + Int($1.outBytes) } == plans.reduce(0) { $0 + $1.down })
                #expect(counted.reduce(0) { $0 + Int($1.total) } == plans.count)
            }
        }

        /// Sizes of all orders of magnitude, so that most are small and the few large ones overlap; the
        /// sizes at which a relay changes its ways are always among them.
        static func plans(count: Int, seed: UInt64) -> [Exchange.Plan] {
            var generator = SplitMix64(seed: seed)
            let edges = [0, 1, 65_535, 65_536, 65_537, 1 << 20, 64 << 20]
            func size(_ index: Int) -> Int {
                if index < edges.count { return edges[index] }
                let bits = Int.random(in: 1...25, using: &generator)
                return Int.random(in: 0..<(1 << bits), using: &generator)
            }
            return (0..<count).map { index in
                Exchange.Plan(id: index, up: size(index), down: size((index + 3) % count))
            }
        }

        @Test(
            "a reader that stops makes its writer wait, not the proxy grow",
            arguments: Relay.allCases)
        func backpressure(relay: Relay) throws {
            let (channel, connections) = try LocalChannel.handingOver()
            let services = "- { listen: [\"127.0.0.1:0\"], channels: [\"\(channel.endpoint)\"] }"
            try withDaemon(services, options: relay.options) { daemon in
                let client = try daemon.client()
                let connection = try connections.next()
                let before = try daemon.residentKibibytes()
                var sent = 0
                // Several times, for what moves on within the kernel after each.
                for _ in 0..<10 {
                    sent += try client.fill()
                    Thread.sleep(forTimeInterval: 0.02)
                }
                #expect(try daemon.residentKibibytes() - before < 8 * 1024)
                client.shutDownWrites()
                #expect(try connection.receiveAll().bytes.count == sent)
                connection.close()
            }
        }
    }
}

/// How bytes are moved: `proxyd run --relay`.
enum Relay: String, CaseIterable, CustomTestStringConvertible {
    case adaptive, copy, splice

    var options: [String] { ["--relay", rawValue] }
    var testDescription: String { rawValue }
}

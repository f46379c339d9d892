import Foundation
import Shared
import Testing

extension EndToEnd {
    /// Everybody does as they please, and afterwards nothing is lost: no session, slot or descriptor.
    @Suite("chaos")
    struct ChaosTests {
        @Test("clients, channels and an operator without manners", arguments: Relay.allCases)
        func afterwards(relay: Relay) throws {
            let channels = try (0..<3).map { try Self.rudeChannel(seed: UInt64($0)) }
            let dead = try Socket.bound()
            let services = """
                - name: web
                  listen: ["127.0.0.1:0"]
                  when-empty: { hold: 1s }
                  grace: 50ms
                  timeouts: { connect: 1s }
                  groups:
                  - channels: [ { address: "\(channels[0].endpoint)", maxc: 7 }, "\(try dead.endpoint)" ]
                  - channels:
                    - { address: "\(channels[1].endpoint)", maxc: 9, weight: 3 }
                    - { address: "\(channels[2].endpoint)", maxc: 5 }
                """
            try withDaemon(services, options: relay.options) { daemon in
                let endpoint = try daemon.endpoint()
                let control = daemon.controlPath
                let before = try daemon.socketCount()
                let end = Deadline.after(.seconds(2))
                let seed = TransferTests.seed
                _ = try concurrently(32) { index in
                    var generator = SplitMix64(seed: seed &* 1000 &+ UInt64(index))
                    while !end.isOver {
                        if index == 0 {
                            try Self.meddle(control, &generator)
                        } else {
                            try Self.visit(endpoint, &generator)
                        }
                    }
                }
                try daemon.ask("enable web")
                try daemon.waitUntilNoSessions()
                try Self.expectNothingLost(daemon, sockets: before)
            }
        }

        private static func expectNothingLost(_ daemon: Daemon, sockets: Int) throws {
            try eventually("every slot is back") {
                try daemon.channels().allSatisfy { $0.current == 0 }
            }
            try eventually("every socket is closed") { try daemon.socketCount() <= sockets }
            // Whoever left before he was accepted is accepted all the same.
            try eventually("every session has ended, once") {
                let listener = try daemon.listeners()[0]
                return try listener.current == 0
                    && daemon.endings().values.reduce(0, +) == Int(listener.total)
            }
        }

        /// Answers a little, ends in any way, now or later.
        private static func rudeChannel(seed: UInt64) throws -> LocalChannel {
            try LocalChannel { connection in
                var generator = SplitMix64(seed: seed &+ UInt64(connection.number))
                switch Int.random(in: 0..<5, using: &generator) {
                case 0: connection.reset()
                case 1: break
                case 2:
                    _ = try connection.receive()
                    connection.reset()
                case 3:
                    try connection.send(some(&generator))
                    connection.shutDownWrites()
                    _ = try connection.receiveAll()
                default:
                    while true {
                        let bytes = try connection.receive()
                        guard !bytes.isEmpty else { return }
                        try connection.send(bytes)
                    }
                }
            }
        }

        private static func some(_ generator: inout SplitMix64) -> [UInt8] {
            [UInt8](repeating: 0x78, count: 1 << Int.random(in: 0..<19, using: &generator))
        }

        /// Comes, says something or nothing, leaves in any way.
        private static func visit(_ endpoint: Endpoint, _ generator: inout SplitMix64) throws {
            let client = try Socket.connected(to: endpoint)
            do {
                switch Int.random(in: 0..<6, using: &generator) {
                case 0: client.reset()
                case 1: client.close()
                case 2:
                    try client.send(some(&generator))
                    client.reset()
                case 3:
                    try client.send(some(&generator))
                    client.close()
                case 4:
                    client.shutDownWrites()
                    _ = try client.receiveAll()
                default:
                    try client.send([UInt8](repeating: 0x78, count: 1000))
                    client.shutDownWrites()
                    _ = try client.receiveAll()
                }
            } catch let error as SocketError where error.isReset {
                client.close()
            }
        }

        /// Switches things off and on, and kills whomever it meets.
        private static func meddle(_ control: String, _ generator: inout SplitMix64) throws {
            let client = try ControlClient(path: control)
            let path =
                ["web/0/0", "web/1/0", "web/1/1", "web/1"].randomElement(using: &generator) ?? ""
            let verb =
                ["disable", "drain", "enable", "enable"].randomElement(using: &generator) ?? ""
            let cut = verb == "disable" && Bool.random(using: &generator) ? " cut" : ""
            _ = try client.ask("\(verb) \(path)\(cut)")
            _ = try client.ask("show sessions sort -age_ms limit 5")
            _ = try client.ask("kill session \(Int.random(in: 1...5000, using: &generator))")
            _ = try client.ask("metrics")
        }
    }
}

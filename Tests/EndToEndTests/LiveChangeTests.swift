import Foundation
import Shared
import Testing

extension EndToEnd {
    /// What runs is changed under traffic, and nobody notices.
    @Suite("live changes")
    struct LiveChangeTests {
        private static func withMail(
            _ body: (Daemon, _ channel: Endpoint) throws -> Void
        ) throws {
            let channel = try LocalChannel.echo()
            let services = """
                - name: mail
                  listen: ["127.0.0.1:0"]
                  groups:
                  - name: main
                    channels: [ { name: a, address: "\(channel.endpoint)" } ]
                """
            try withDaemon(services) { try body($0, channel.endpoint) }
        }

        /// Everything ended in good order, and nothing is left of it.
        private static func expectNothingLeft(
            _ daemon: Daemon, _ traffic: EchoTraffic, sockets: Int
        ) throws {
            try daemon.waitUntilNoSessions()
            let endings = try daemon.endings()
            #expect(Set(endings.keys) == ["--"], "\(endings)")
            #expect(endings.values.reduce(0, +) >= traffic.sessionCount)
            #expect(try daemon.channels().allSatisfy { $0.failed == 0 && $0.current == 0 })
            try eventually("the descriptors are given back") { try daemon.socketCount() <= sockets }
        }

        @Test("channels, groups and policies come and go, and no session fails or loses a byte")
        func channels() throws {
            try Self.withMail { daemon, channel in
                let sockets = try daemon.socketCount()
                let traffic = try EchoTraffic(8, to: daemon.endpoint())
                let policies = [
                    "least-connections", "hash failover=true", "maglev", "random-two-choices",
                    "round-robin",
                ]
                for policy in policies {
                    for line in [
                        "create mail/main \(channel) name=b weight=3", "set mail/main/b maxc 100",
                        "set mail/main balance \(policy)", "set mail/main/a weight 2",
                        "create group mail/spare \(channel)", "drain mail/main/a",
                    ] { try daemon.ask(line) }
                    try traffic.goOn()
                    for line in [
                        "enable mail/main/a", "remove mail/main/b", "remove mail/spare",
                        "set mail/main/a weight 1", "set mail timeouts.idle 5m",
                        "set mail timeouts.idle default",
                    ] { try daemon.ask(line) }
                    try traffic.goOn()
                }
                try traffic.end()
                #expect(try daemon.channels().map(\.path) == ["mail/main/a"])
                try Self.expectNothingLeft(daemon, traffic, sockets: sockets)
            }
        }

        @Test("listeners and services come and go; their sessions end when they like")
        func listeners() throws {
            try Self.withMail { daemon, channel in
                let sockets = try daemon.socketCount()
                let traffic = try EchoTraffic(4, to: daemon.endpoint())
                for _ in 0..<5 {
                    try daemon.ask("create listener mail 127.0.0.1:0 name=second")
                    try daemon.ask("create service web listen=127.0.0.1:0 \(channel)")
                    let listeners = try daemon.listeners().dropFirst()
                    #expect(listeners.map(\.path) == ["mail/second", "web/0"])
                    let others = try listeners.map {
                        try EchoTraffic(2, to: Endpoint($0.address))
                    }
                    for other in others { try other.goOn() }
                    // Whoever comes while a listener closes is refused: only those who stay are left.
                    for other in others { try other.end() }
                    let clients = try listeners.map {
                        try Socket.connected(to: Endpoint($0.address))
                    }
                    for client in clients { try Self.echo(over: client) }
                    try daemon.ask("remove listener mail/second")
                    try daemon.ask("remove web")
                    #expect(try daemon.listeners().count == 1)
                    for listener in listeners {
                        let error = #expect(throws: SocketError.self) {
                            try Socket.connected(to: Endpoint(listener.address))
                        }
                        #expect(error?.isRefused == true)
                    }
                    for client in clients {
                        try Self.echo(over: client)
                        client.shutDownWrites()
                        #expect(try client.receiveAll() == ([], .endOfStream))
                    }
                    try traffic.goOn()
                }
                try traffic.end()
                try Self.expectNothingLeft(daemon, traffic, sockets: sockets)
            }
        }

        private static func echo(over client: Socket) throws {
            try client.send("still here")
            #expect(try client.receive(exactly: 10) == Array("still here".utf8))
        }

        @Test("a transaction is made as a whole, and undone when nobody confirms it")
        func transaction() throws {
            try Self.withMail { daemon, channel in
                let sockets = try daemon.socketCount()
                let traffic = try EchoTraffic(4, to: daemon.endpoint())
                let before = try daemon.ask("show config").lines
                let client = try ControlClient(path: daemon.controlPath)
                for line in [
                    "begin", "create group mail/new \(channel) \(channel) balance=hash",
                    "remove mail/main", "set mail max-sessions 500", "commit confirm 3s",
                ] {
                    guard case .ok = try client.ask(line) else {
                        Issue.record("“\(line)” was refused")
                        return
                    }
                }
                client.socket.close()
                #expect(try daemon.groups().map(\.path) == ["mail/new"])
                try traffic.goOn()
                try eventually("it is undone") { try daemon.ask("show config").lines == before }
                try traffic.goOn()
                try traffic.end()
                try Self.expectNothingLeft(daemon, traffic, sockets: sockets)
            }
        }

        @Test("whoever comes while everything is replaced is served by the old or by the new")
        func replaced() throws {
            try Self.withMail { daemon, channel in
                let traffic = try EchoTraffic(8, to: daemon.endpoint(), block: 64)
                let client = try ControlClient(path: daemon.controlPath)
                var last = "main"
                for round in 0..<100 {
                    let next = "g\(round)"
                    for line in [
                        "begin", "create group mail/\(next) \(channel)", "remove mail/\(last)",
                        "commit", "begin", "create mail/\(next) \(channel)",
                        "remove mail/\(next)/0", "commit",
                    ] {
                        let reply = try client.ask(line)
                        guard case .ok = reply else {
                            throw UnexpectedReply(question: line, reply: reply)
                        }
                    }
                    last = next
                    try traffic.goOn(for: 1)
                }
                try traffic.end()
                try daemon.waitUntilNoSessions()
                #expect(Set(try daemon.endings().keys) == ["--"])
            }
        }

        @Test("what was saved is what the next daemon runs")
        func saved() throws {
            try Self.withMail { daemon, channel in
                for line in [
                    "create mail/main \(channel) name=b weight=3 maxc=20 label=\"new \\\"b\\\"\"",
                    "set mail/main balance maglev seed=7", "create mail/main \(channel)",
                    "create group mail/spare \(channel) balance=first", "remove mail/main/a",
                    "create listener mail unix:\(daemon.directory("listener.sock")) mode=0600",
                    "set mail timeouts.idle 90s", "set mail per-source.max 50",
                    "create service web listen=127.0.0.1:0 \(channel) max-sessions=9", "save",
                ] { try daemon.ask(line) }
                #expect(try daemon.ask("diff").lines.count == 1)
                let config = try daemon.ask("show config").lines
                let groups = try daemon.groups().map(\.digest)
                try daemon.stop()
                let next = try Daemon(
                    arguments: ["run", daemon.directory("proxyd.yaml")], in: daemon.directory)
                #expect(try next.ask("show config").lines == config)
                #expect(try next.groups().map(\.digest) == groups)
                #expect(try next.ask("diff").lines.count == 1)
                try next.stop()
            }
        }
    }
}

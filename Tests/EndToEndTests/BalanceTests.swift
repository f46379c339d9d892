import Foundation
import Shared
import Testing

extension EndToEnd {
    /// The scenarios of the replaced programs that concern choosing, among channels that say their letter.
    @Suite("balance")
    struct BalanceTests {
        static let letters = ["A", "B", "C"]

        /// A daemon in front of A, B and C; `balance` as in the file, `more` in each channel's map.
        private static func withLetters(
            _ balance: String, more: [String] = ["", "", ""], groups: String = "",
            _ body: (Daemon, [LocalChannel]) throws -> Void
        ) throws {
            let channels = try Self.letters.map { try LocalChannel.letter($0) }
            let list = zip(channels, more).map { "{ address: \"\($0.endpoint)\"\($1) }" }
            let services = """
                - listen: ["127.0.0.1:0"]
                  groups:
                  - balance: \(balance)
                    channels: [ \(list.joined(separator: ", ")) ]
                \(groups)
                """
            try withDaemon(services) { try body($0, channels) }
        }

        private static func letter(of client: Socket) throws -> String {
            let bytes = try client.receive(atMost: 1)
            return bytes.isEmpty ? "-" : String(decoding: bytes, as: UTF8.self)
        }

        /// One client that comes and goes; the next one comes when all is counted.
        private static func serve(
            _ daemon: Daemon, sending bytes: Int = 0, besides others: Int = 0
        ) throws -> String {
            let client = try daemon.client()
            let letter = try Self.letter(of: client)
            if bytes > 0 { try client.send([UInt8](repeating: 0x78, count: bytes)) }
            client.shutDownWrites()
            _ = try client.receiveAll()
            client.close()
            try eventually("the session is over") { try daemon.sessions().count == others }
            return letter
        }

        private static func sequence(
            _ daemon: Daemon, _ count: Int, besides others: Int = 0
        ) throws -> String {
            try (0..<count).map { _ in try Self.serve(daemon, besides: others) }.joined()
        }

        private static func client(from source: String, of daemon: Daemon) throws -> Socket {
            let address = try #require(IPAddress(source))
            return try .connected(from: .ip(address, port: 0), to: daemon.endpoint())
        }

        @Test(
            "clients one after the other",
            arguments: [
                // balance 10, fproxy 2 and lighttpd 6; fproxy 3.
                ("round-robin", 6, "ABCABC"), ("fewest-connections-total", 6, "ABCABC"),
                ("first", 3, "AAA"), ("fair", 3, "AAA"), ("least-bytes", 6, "ABCABC"),
            ])
        func sequential(balance: String, count: Int, expected: String) throws {
            try Self.withLetters(balance) { daemon, _ in
                let served = try Self.sequence(daemon, count)
                #expect(served == expected)
            }
        }

        @Test(
            "clients that stay",
            arguments: [
                // tcprelay 3; lighttpd 4; fproxy 4.
                ("least-connections", ", weight: 2", "ABCAABCAABCA"), ("fair", "", "ABCABCA"),
                ("fewest-connections-total", "", "ABCABC"),
            ])
        func held(balance: String, first: String, expected: String) throws {
            try Self.withLetters(balance, more: [first, "", ""]) { daemon, _ in
                var clients: [Socket] = []
                for letter in expected {
                    clients.append(try daemon.client())
                    #expect(try Self.letter(of: clients[clients.count - 1]) == String(letter))
                }
            }
        }

        @Test("a dead channel costs no client, and the others take turns (balance 11)")
        func dead() throws {
            try Self.withLetters("round-robin") { daemon, channels in
                channels[1].stop()
                let served = try Self.sequence(daemon, 9)
                #expect(served == "ACACACACA")
                let rows = try daemon.channels()
                #expect(rows.map(\.current) == [0, 0, 0])
                #expect(rows[1].failed == 1)
                #expect(rows[1].state == .grace)
            }
        }

        @Test("balance's hash knows its clients by address (balance 13)")
        func balanceHash() throws {
            try Self.withLetters("{ policy: hash, function: balance }") { daemon, _ in
                for (source, expected) in [
                    ("127.0.0.1", "C"), ("127.0.0.2", "B"), ("127.0.0.3", "A"), ("127.0.0.9", "A"),
                    ("127.0.0.77", "A"), ("127.0.0.200", "B"), ("127.0.0.1", "C"),
                ] {
                    let letter = try Self.letter(of: Self.client(from: source, of: daemon))
                    #expect(letter == expected, "\(source)")
                }
            }
        }

        @Test(
            "a hash group whose channel refuses (balance 14)",
            arguments: [("false", "D"), ("true", "A")])
        func hashFailover(failover: String, expected: String) throws {
            let spare = try LocalChannel.letter("D")
            try Self.withLetters(
                "{ policy: hash, function: balance, failover: \(failover) }",
                groups: "  - channels: [\"\(spare.endpoint)\"]"
            ) { daemon, channels in
                channels[2].stop()
                let served = try Self.sequence(daemon, 3)
                #expect(served == String(repeating: expected, count: 3))
            }
        }

        @Test("sticky clients stay, and only those of a channel that goes move (lighttpd 7)")
        func sticky() throws {
            try Self.withLetters("{ policy: sticky, function: lighttpd }") { daemon, _ in
                let sources = (1...20).map { "127.0.0.\($0)" }
                func letters() throws -> [String] {
                    try sources.map { try Self.letter(of: Self.client(from: $0, of: daemon)) }
                }
                let before = try letters()
                #expect(try letters() == before)
                try daemon.ask("disable 0/0/0")
                for (old, new) in zip(before, try letters()) {
                    if old == "A" { #expect(new != "A") } else { #expect(new == old) }
                }
                try daemon.ask("enable 0/0/0")
                #expect(try letters() == before)
            }
        }

        @Test("a channel that moved a megabyte waits for the others (fproxy 5)")
        func leastBytes() throws {
            try Self.withLetters("least-bytes") { daemon, _ in
                let first = try Self.serve(daemon, sending: 1_000_000)
                #expect(first == "A")
                #expect(try Self.sequence(daemon, 6) == "BCBCBC")
            }
        }

        @Test("a session that lasts counts while it lasts (fproxy 6)")
        func leastTime() throws {
            try Self.withLetters("least-time") { daemon, _ in
                let long = try daemon.client()
                #expect(try Self.letter(of: long) == "A")
                let served = try Self.sequence(daemon, 8, besides: 1)
                #expect(!served.contains("A"), "\(served)")
            }
        }

        @Test("workload is even among equals, and spares who carried much more (fproxy 7)")
        func workload() throws {
            try Self.withLetters("workload") { daemon, _ in
                let served = try Self.sequence(daemon, 12)
                for letter in Self.letters {
                    // How long such short sessions last is chance; equals are equal in DistributionTests.
                    #expect(served.contains(letter), "\(served)")
                }
                let busy = try Self.serve(daemon, sending: 1_000_000)
                let next = try Self.sequence(daemon, 2)
                #expect(!next.contains(busy), "\(busy), then \(next)")
            }
        }

        @Test("the policy is changed by command, and no session is dropped")
        func live() throws {
            try Self.withLetters("round-robin") { daemon, _ in
                let held = try daemon.client()
                #expect(try Self.letter(of: held) == "A")
                let reply = try daemon.ask("set 0 balance maglev seed=7")
                let table = try #require(Table(lines: reply.lines))
                #expect(table.rows == [["0/0", "balance", "round-robin", "maglev seed=7"]])
                #expect(try daemon.groups()[0].balance == "maglev")
                #expect(try daemon.groups()[0].digest?.count == 16)
                #expect(try daemon.ask("set 0 balance maglev seed=7").lines.count == 1)
                try daemon.ask("set 0/0 balance first")
                #expect(try daemon.groups()[0].digest == nil)
                let next = try daemon.client()
                #expect(try Self.letter(of: next) == "A")
                #expect(try daemon.channels()[0].current == 2)
                held.shutDownWrites()
                #expect(try held.receiveAll().ending == .endOfStream)
                try daemon.waitForLine("group 0/0 balance round-robin → maglev seed=7: by ")
            }
        }

        @Test(
            "a change that cannot be is refused",
            arguments: [
                ("set 0", Reply.ErrorCode.usage), ("set 7 balance first", .notFound),
                ("set 0 colour red", .usage), ("set 0 balance", .usage),
                ("set 0 balance best", .invalid), ("set 0 balance first seed=1", .invalid),
                ("set 0 balance hash key=colour", .invalid), ("set 0 balance hash x", .invalid),
                ("set 0 balance first if-gen=4000000", .conflict),
            ])
        func refused(question: String, code: Reply.ErrorCode) throws {
            try Self.withLetters("round-robin") { daemon, _ in
                guard
                    case .error(let given, _) = try ControlClient(path: daemon.controlPath).ask(
                        question)
                else {
                    Issue.record("“\(question)” was done")
                    return
                }
                #expect(given == code)
                #expect(try daemon.groups()[0].balance == "round-robin")
            }
        }
    }
}

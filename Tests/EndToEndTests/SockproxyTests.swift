import Foundation
import Shared
import Testing

extension EndToEnd {
    /// The scenarios of mod_sockproxy's reference, by their numbers.
    @Suite("sockproxy", .timeLimit(.minutes(5)))
    struct SockproxyTests {
        private let directory: TemporaryDirectory

        init() throws { directory = try TemporaryDirectory() }

        private func host(_ endpoint: Endpoint, _ more: String = "") -> String {
            "( \"host\" => \"127.0.0.1\", \"port\" => \(endpoint.port)\(more) )"
        }

        private func server(_ hosts: [String], ext: String = "") -> String {
            "sockproxy.server = ( \"\(ext)\" => ( \(hosts.joined(separator: ",\n    ")) ) )"
        }

        private func block(_ lines: String) -> String {
            "$SERVER[\"socket\"] == \"127.0.0.1:0\" {\n\(lines)\n}\n"
        }

        @discardableResult
        private func write(_ text: String) throws -> String {
            try directory.write(
                "server.modules += ( \"mod_sockproxy\" )\n" + text, to: "lighttpd.conf")
        }

        private func dialect(_ options: [String] = ["-D"]) -> RelayDialect {
            RelayDialect(
                ["sockproxy"] + options + ["-f", directory("lighttpd.conf")], in: directory)
        }

        private func letters() throws -> [LocalChannel] {
            try ["A", "B", "C"].map { try LocalChannel.letter($0) }
        }

        @Test("sockproxy 1 and 2: bytes pass both ways unchanged", arguments: ["", "/"])
        func passing(ext: String) throws {
            let (channel, handover) = try LocalChannel.handingOver()
            try write(block(server([host(channel.endpoint)], ext: ext)))
            try dialect().run { daemon throws in
                let client = try daemon.client()
                let served = try handover.next()
                // The channel speaks first.
                let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
                try served.send("220 hello\r\n")
                #expect(try client.receive(exactly: 11) == Array("220 hello\r\n".utf8))
                try client.send(bytes)
                #expect(try served.receive(exactly: bytes.count) == bytes)
                // Half-close, and an answer after it.
                client.shutDownWrites()
                #expect(try served.receive().isEmpty)
                try served.send(bytes)
                served.close()
                #expect(try client.receiveAll().bytes == bytes)
            }
        }

        @Test("sockproxy 3: port 80 unless said otherwise", .enabled(if: getuid() == 0))
        func standardPort() throws {
            let endpoint = try Endpoint("127.0.0.47:80")
            let channel = try LocalChannel.letter("A", on: endpoint)
            try write(block(server(["( \"host\" => \"127.0.0.47\" )"])))
            try dialect().run { daemon throws in #expect(try daemon.letter() == "A") }
            channel.stop()
        }

        @Test(
            "sockproxy 4, 5 and 9: fair, in all its words, and where the word is unknown",
            arguments: ["", "fair", "least-connection", "blub"])
        func fair(word: String) throws {
            let channels = try letters()
            let balance = word.isEmpty ? "" : "sockproxy.balance = \"\(word)\"\n"
            try write(block(balance + server(channels.map { host($0.endpoint) })))
            try dialect().run { daemon throws in
                let (letters, clients) = try daemon.held(7)
                #expect(letters == "ABCABCA")
                if word == "blub" { try daemon.waitForLine("but not: blub") }
                #expect(daemon.program.errorsSoFar.contains("but not: ") == (word == "blub"))
                for client in clients { client.close() }
            }
        }

        @Test("sockproxy 6: round-robin")
        func roundRobin() throws {
            let channels = try letters()
            try write(
                block(
                    "sockproxy.balance = \"round-robin\"\n"
                        + server(channels.map { host($0.endpoint) })))
            try dialect().run { daemon throws in
                var seen = ""
                for index in 0..<6 { seen += try daemon.letters(1, from: "127.0.0.\(index + 1)") }
                #expect(seen == "ABCABC")
            }
        }

        /// The vectors need these very ports.
        private func vectorChannels() throws -> [LocalChannel] {
            try zip(["A", "B", "C"], [21001, 21002, 21003]).map { letter, port in
                try LocalChannel.letter(letter, on: Endpoint("127.0.0.1:\(port)"))
            }
        }

        @Test("sockproxy 7 and 8: sticky and hash, with the vectors of 1.4.74 and later")
        func vectors() throws {
            let channels = try vectorChannels()
            for word in ["sticky", "hash"] {
                try write(
                    block(
                        "sockproxy.balance = \"\(word)\"\n"
                            + server(channels.map { host($0.endpoint) })))
                try dialect().run { daemon throws in
                    var seen = ""
                    for last in [1, 2, 3, 9, 77] {
                        seen += try daemon.letter(from: "127.0.0.\(last)")
                    }
                    #expect(seen == (word == "sticky" ? "CAACB" : "CCCCC"))
                    guard word == "sticky" else { return }
                    try daemon.ask("disable 0/2")
                    var moved = ""
                    for last in [2, 3, 77] { moved += try daemon.letter(from: "127.0.0.\(last)") }
                    #expect(moved == "AAB")
                    #expect(try daemon.letter(from: "127.0.0.1") != "-")
                }
            }
            for channel in channels { channel.stop() }
        }

        @Test("sockproxy 10: Unix sockets by host and by socket", arguments: ["host", "socket"])
        func unix(key: String) throws {
            let path = directory("u.sock")
            let channel = try LocalChannel.letter("A", on: .unix(path: path))
            try write(block(server(["( \"\(key)\" => \"\(path)\" )"])))
            try dialect().run { daemon throws in #expect(try daemon.letter() == "A") }
            channel.stop()
        }

        @Test("sockproxy 11: labels are in the statistics")
        func labels() throws {
            let channel = try LocalChannel.letter("A")
            try write(block(server(["\"big one\" => \(host(channel.endpoint))"])))
            try dialect().run { daemon throws in
                #expect(try daemon.letter() == "A")
                #expect(
                    try daemon.ask("show channel 0/0").lines.contains { $0.contains("big one") })
            }
        }

        @Test("sockproxy 12: one of three refuses, no client is lost, and it comes back")
        func refusing() throws {
            let channels = try letters()
            let closed = try Socket.bound()
            let endpoint = try closed.endpoint
            try write(
                block(
                    "sockproxy.balance = \"round-robin\"\n"
                        + server(
                            [host(endpoint)] + channels.dropFirst().map { host($0.endpoint) })))
            try dialect().run { daemon throws in
                #expect(!(try daemon.letters(6)).contains("-"))
                try daemon.waitForLine("establishing connection failed: socket: tcp:\(endpoint)")
                let back = try LocalChannel.letter("A", on: endpoint)
                try eventually("it is asked again") { try daemon.letter() == "A" }
                try daemon.waitForLine("re-enabled: tcp:\(endpoint)")
                back.stop()
            }
        }

        @Test("sockproxy 13: disable-time 5")
        func disabling() throws {
            let alive = try LocalChannel.letter("B")
            let closed = try Socket.bound()
            let endpoint = try closed.endpoint
            try write(
                block(
                    "sockproxy.balance = \"round-robin\"\n"
                        + server([
                            host(endpoint, ", \"disable-time\" => 5"),
                            host(alive.endpoint, ", \"disable-time\" => 5"),
                        ])))
            try dialect().run { daemon throws in
                let start = ContinuousClock.now
                #expect(try daemon.letter() == "B")
                let back = try LocalChannel.letter("A", on: endpoint)
                try eventually("it is asked again") { try daemon.letter() == "A" }
                let pause = start.duration(to: .now)
                #expect(pause > .milliseconds(4900), "\(pause)")
                back.stop()
            }
        }

        @Test("sockproxy 14: all refuse, and clients are closed at once")
        func allRefuse() throws {
            let closed = try [Socket.bound(), Socket.bound()]
            try write(block(server(try closed.map { host(try $0.endpoint) })))
            try dialect().run { daemon throws in
                for _ in 0..<4 { #expect(try daemon.letter() == "-") }
                try daemon.waitForLine("has lost all 2 channels")
                let said = daemon.program.errorsSoFar
                #expect(said.components(separatedBy: "has lost all").count == 2)
            }
        }

        @Test("sockproxy 15: connect-timeout 2 against a black hole")
        func blackHole() throws {
            let hole = try BlackHole()
            let alive = try LocalChannel.letter("B")
            let more = ", \"connect-timeout\" => 2"
            try write(
                block(
                    "sockproxy.balance = \"round-robin\"\n"
                        + server([host(hole.endpoint, more), host(alive.endpoint, more)])))
            try dialect().run { daemon throws in
                let start = ContinuousClock.now
                #expect(try daemon.letter() == "B")
                let waited = start.duration(to: .now)
                #expect(waited > .milliseconds(1900) && waited < .seconds(15), "\(waited)")
            }
        }

        @Test("sockproxy 16: server.max-read-idle, in which either direction counts")
        func idle() throws {
            let (channel, handover) = try LocalChannel.handingOver()
            try write("server.max-read-idle = 2\n" + block(server([host(channel.endpoint)])))
            try dialect().run { daemon throws in
                let client = try daemon.client()
                let served = try handover.next()
                let start = ContinuousClock.now
                // The original ends this one, as the client sends nothing.
                var silent = start
                while start.duration(to: .now) < .seconds(3) {
                    silent = .now
                    try served.send("x")
                    _ = try client.receive(exactly: 1)
                    try eventually("a while has passed") {
                        silent.duration(to: .now) > .milliseconds(300)
                    }
                }
                #expect(try client.receiveAll().bytes.isEmpty)
                let lived = silent.duration(to: .now)
                #expect(lived > .milliseconds(1900) && lived < .seconds(15), "\(lived)")
            }
        }

        @Test(
            "sockproxy 17: what cannot be is refused before anything is bound",
            arguments: [
                (
                    "( \"host\" => \"127.0.0.1\", \"port\" => 1, \"socket\" => \"/s\" )",
                    "either host/port or socket have to be set in: "
                ),
                ("( \"port\" => 1 )", "host or bin-path have to be set in: "),
                ("( \"host\" => \"no-such-host.invalid\" )", "no-such-host.invalid"),
            ])
        func refused(host: String, words: String) throws {
            try write(block(server([host])))
            let (status, program) = try dialect().end()
            #expect(status == 255)
            #expect(program.errors.contains(words), "\(program.report)")
            // Names are looked up when it starts.
            guard !host.contains("invalid") else { return }
            #expect(try dialect(["-tt"]).end().status == 255)
        }

        @Test("sockproxy 18: two sockets, two balances")
        func independent() throws {
            let channels = try letters()
            let inner =
                "sockproxy.balance = \"round-robin\"\n" + server(channels.map { host($0.endpoint) })
            try write(
                block(inner)
                    + "$SERVER[\"socket\"] == \"127.0.0.2:0\" {\n\(inner)\n}\n")
            try dialect().run { daemon throws in
                var seen = ""
                for _ in 0..<2 {
                    seen += try daemon.letter(listener: 0)
                    seen += try daemon.letter(listener: 1)
                }
                #expect(seen == "AABB")
            }
        }

        @Test("-t looks at the syntax, -tt at the sense, and both say so")
        func checking() throws {
            try write(block("sockproxy.server = ( \"\" => ( ( \"port\" => 1 ) ) )"))
            #expect(try dialect(["-t"]).end().status == 0)
            #expect(try dialect(["-tt"]).end().status == 255)
            try write(block(server(["( \"host\" => \"127.0.0.1\" )"])))
            let (status, program) = try dialect(["-tt"]).end()
            #expect(status == 0)
            #expect(program.output.hasSuffix("Syntax OK\n"))
            try write("$SERVER[\"socket\"] == ")
            #expect(try dialect(["-t"]).end().status == 255)
        }

        @Test("-tt fails where the start would, and leaves nothing behind")
        func rehearsal() throws {
            let good = server(["( \"host\" => \"127.0.0.1\" )"])
            for more in [
                "server.errorlog = \"/none/error.log\"", "server.pid-file = \"/none/pid\"",
                "server.username = \"nobody-here\"", "server.chroot = \"/none\"",
                "ssl.engine = \"enable\"\nssl.pemfile = \"/none.pem\"",
            ] {
                try write(block(good) + more + "\n")
                for options in [["-tt"], ["-D"]] {
                    let (status, program) = try dialect(options).end()
                    #expect(status == 255, "\(options) \(more): \(program.report)")
                }
            }
            try write(block(server(["( \"host\" => \"nobody.invalid\" )"])))
            #expect(try dialect(["-tt"]).end().status == 255)
            try write(block(good) + "server.errorlog = \"error.log\"\nserver.pid-file = \"pid\"\n")
            #expect(try dialect(["-tt"]).end().status == 0)
            for name in ["error.log", "pid"] {
                #expect(!FileManager.default.fileExists(atPath: directory(name)))
            }
        }

        @Test(
            "an error log that is a program, or nothing, is no obstacle",
            arguments: ["|/bin/cat", ""])
        func errorLog(target: String) throws {
            let channel = try LocalChannel.letter("A")
            try write(
                "server.errorlog = \"\(target)\"\n" + block(server([host(channel.endpoint)])))
            try dialect().run { daemon throws in #expect(try daemon.letter() == "A") }
        }

        @Test("signals: SIGINT drains, SIGTERM ends at once, SIGUSR1 takes the file again")
        func signals() throws {
            let (old, handover) = try LocalChannel.handingOver()
            let new = try LocalChannel.letter("B")
            try write(block(server([host(old.endpoint)])))
            try dialect().run { daemon throws in
                let client = try daemon.client()
                let served = try handover.next()
                try write(block(server([host(new.endpoint)])))
                kill(daemon.program.pid, SIGUSR1)
                try daemon.waitForLine("SIGUSR1: reloaded")
                #expect(try daemon.letter() == "B")
                kill(daemon.program.pid, SIGINT)
                try daemon.waitForLine("draining")
                try served.send("x")
                #expect(try client.receive(exactly: 1) == [0x78])
                kill(daemon.program.pid, SIGTERM)
                #expect(try daemon.program.waitForEnd() == 0)
                client.close()
            }
        }
    }
}

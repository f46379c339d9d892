import Foundation
import Shared
import Testing

extension EndToEnd {
    /// A live copy of traffic, as an operator has it.
    @Suite("dump")
    struct DumpTests {
        private static func noise(_ stream: Int, _ count: Int) -> [UInt8] {
            stride(from: 0, to: count, by: Noise.longestSlice).flatMap {
                Noise.bytes(of: stream, from: $0, count: count - $0)
            }
        }

        /// Where both legs of a session are.
        enum Family: String, CaseIterable, CustomTestStringConvertible {
            case v4, v6, unix
            var testDescription: String { rawValue }

            func endpoint(_ name: String, in directory: TemporaryDirectory) -> Endpoint {
                switch self {
                case .v4: Socket.anyPort
                case .v6: Socket.anyPortV6
                case .unix: .unix(path: directory(name))
                }
            }
        }

        private func services(_ listener: Endpoint, _ channel: LocalChannel) -> String {
            "- { listen: [\"\(listener)\"], channels: [\"\(channel.endpoint)\"] }"
        }

        private func echoing(_ body: (Daemon) throws -> Void) throws {
            let channel = try LocalChannel.echo()
            try withDaemon(services(Socket.anyPort, channel), body)
        }

        /// A client whose session is relaying.
        private func session(_ daemon: Daemon) throws -> (client: Socket, id: UInt64) {
            let client = try daemon.client()
            try client.send("!")
            #expect(try client.receive(exactly: 1) == Array("!".utf8))
            return (client, try #require(try daemon.sessions().last).id)
        }

        /// Sends and receives at once, so that nobody waits for the other.
        private func exchange(_ bytes: [UInt8], through client: Socket) throws -> [UInt8] {
            let sender = Foundation.Thread {
                try? client.send(bytes)
                client.shutDownWrites()
            }
            sender.start()
            return try client.receiveAll().bytes
        }

        private func ctl(_ words: String, of daemon: Daemon) throws -> Program {
            let all =
                ["ctl", "--socket", daemon.controlPath, "dump"]
                + words.split(separator: " ")
                .map(String.init)
            return try Program([Daemon.binary] + all, in: TemporaryDirectory())
        }

        // MARK: Packets

        @Test(
            "tshark reads both legs, byte for byte and without a complaint",
            .enabled(if: Program.exist("tshark")), .tags(.realProgram),
            arguments: Family.allCases, Relay.allCases)
        func packets(family: Family, relay: Relay) throws {
            let directory = try TemporaryDirectory()
            let channel = try LocalChannel.echo(on: family.endpoint("echo", in: directory))
            let listener = family.endpoint("listener", in: directory)
            let bytes = Self.noise(1, 300_001)
            try withDaemon(services(listener, channel), options: relay.options) { daemon in
                let reader = try ControlClient(path: daemon.controlPath)
                var file = try file(reader.ask("dump where id > 0 pcapng"))
                let client = try daemon.client()
                var echoed: [UInt8] = []
                // In pieces, so that a slow machine drops nothing.
                for piece in stride(from: 0, to: bytes.count, by: 50_000) {
                    let part = Array(bytes[piece..<min(piece + 50_000, bytes.count)])
                    try client.send(part)
                    echoed += try client.receive(exactly: part.count)
                }
                client.shutDownWrites()
                #expect(try client.receiveAll().bytes.isEmpty)
                #expect(echoed == bytes)
                var end: String?
                while end == nil {
                    let reply = try reader.nextReply()
                    file += try self.file(reply)
                    if case .ok(let attributes, _) = reply { end = attributes["end"] }
                }
                #expect(end == "closed")
                try Data(file).write(to: URL(fileURLWithPath: directory("capture")))
                try check(directory("capture"), carries: bytes)
            }
        }

        /// The part of the capture file that a reply carries.
        private func file(_ reply: Reply) throws -> [UInt8] {
            guard case .ok(_, let lines) = reply else {
                throw UnexpectedReply(question: "dump", reply: reply)
            }
            return try lines.flatMap { Array(try #require(Data(base64Encoded: $0))) }
        }

        private func check(_ path: String, carries bytes: [UInt8]) throws {
            let tshark = [
                "tshark", "-r", path, "-o", "tcp.check_checksum:TRUE", "-o",
                "ip.check_checksum:TRUE",
            ]
            let fields = ["_ws.malformed", "tcp.checksum.status", "ip.checksum.status"]
            let rows = try Program.run(
                tshark + ["-T", "fields"] + fields.flatMap { ["-e", $0] }
            ).split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            #expect(rows.count > 20)
            for row in Set(rows) { #expect(row == "\t1\t1" || row == "\t1\t", "\(row)") }
            // Ends and beginnings are told below the level of a warning.
            let odd = "_ws.expert.severity >= \"Warning\" || tcp.analysis.flags"
            #expect(try Program.run(tshark + ["-Y", odd]).isEmpty)
            let closes = try Program.run(tshark + ["-Y", "frame.comment contains \"-- done\""])
            #expect(closes.split(separator: "\n").count == 2)
            for stream in 0..<2 {
                let text = try Program.run(
                    tshark + ["-q", "-z", "follow,tcp,raw,\(stream)"])
                let lines = text.split(separator: "\n")
                let isHex = { (line: Substring) in
                    line.drop { $0 == "\t" }.allSatisfy(\.isHexDigit)
                }
                // What the callee has said is indented.
                for isCallee in [false, true] {
                    let digits = lines.filter { isHex($0) && $0.hasPrefix("\t") == isCallee }
                        .joined().filter { $0 != "\t" }
                    #expect(digits == hex(bytes), "stream \(stream), \(isCallee)")
                }
            }
        }

        private func hex(_ bytes: [UInt8]) -> String {
            let digits = Array("0123456789abcdef".utf8)
            return String(
                decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] },
                as: UTF8.self)
        }

        @Test("ctl writes a file of packets, and text and its end for people")
        func ctl() throws {
            try echoing { daemon in
                let (client, id) = try session(daemon)
                let text = try ctl("\(id) text", of: daemon)
                let packets = try ctl("\(id) pcapng", of: daemon)
                try daemon.waitForLine(" begins: by ", times: 2)
                try client.send("GET \\\n")
                #expect(try client.receive(exactly: 6).count == 6)
                client.shutDownWrites()
                _ = try client.receiveAll()
                #expect(try text.waitForEnd() == 0)
                #expect(try packets.waitForEnd() == 0)
                #expect(text.output.contains("-> 6\nGET \\\\\\0A\n\n"))
                #expect(text.output.contains("-< 6\nGET \\\\\\0A\n\n"))
                #expect(text.output.contains("# session \(id) closed: -- done\n"))
                #expect(text.errors.contains("end: closed, 12 bytes shown, 0 not shown"))
                #expect(try daemon.sessions().isEmpty)
            }
        }

        // MARK: Ends

        @Test(
            "a dump ends with its limit, its time or the next line",
            arguments: [("limit 3", "limit"), ("for 100ms", "time"), ("", "request")])
        func ends(option: String, end: String) throws {
            try echoing { daemon in
                let (client, id) = try session(daemon)
                let reader = try ControlClient(path: daemon.controlPath)
                guard case .ok = try reader.ask("dump \(id) \(option)") else {
                    Issue.record("no dump")
                    return
                }
                try client.send("abcde")
                #expect(try client.receive(exactly: 5).count == 5)
                if end == "request" { try reader.socket.send("hello\n") }
                var said: [String] = []
                while true {
                    guard case .ok(let attributes, let lines) = try reader.nextReply() else {
                        throw TooLate(what: "the end")
                    }
                    said += lines
                    guard let last = attributes["end"] else { continue }
                    #expect(last == end)
                    break
                }
                if end == "limit" { #expect(said.suffix(2) == ["-> 3", "abc"]) }
                // And the connection is good for more.
                if end != "request" { try reader.socket.send("hello\n") }
                guard case .ok(let attributes, _) = try reader.nextReply() else {
                    Issue.record("no hello")
                    return
                }
                #expect(attributes["pid"] == String(daemon.program.pid))
                try client.send("still")
                #expect(try client.receive(exactly: 5) == Array("still".utf8))
            }
        }

        @Test("a session that is not there cannot be dumped")
        func missing() throws {
            try echoing { daemon in
                let reply = try ControlClient(path: daemon.controlPath).ask("dump 4711")
                guard case .error(.notFound, _) = reply else {
                    Issue.record("\(reply)")
                    return
                }
            }
        }

        // MARK: Readers

        @Test(
            "a reader that does not read slows nobody, and is told what it missed",
            arguments: Relay.allCases)
        func slowReader(relay: Relay) throws {
            let channel = try LocalChannel.echo()
            let bytes = Self.noise(2, 16 << 20)
            try withDaemon(services(Socket.anyPort, channel), options: relay.options) { daemon in
                let (client, id) = try session(daemon)
                let reader = try ControlClient(path: daemon.controlPath)
                guard case .ok = try reader.ask("dump \(id) hex") else { return }
                let before = try daemon.residentKibibytes()
                #expect(try exchange(bytes, through: client) == bytes)
                #expect(try daemon.residentKibibytes() - before < 16 * 1024)
                var missedLines = 0
                while true {
                    guard case .ok(let attributes, let lines) = try reader.nextReply() else {
                        throw TooLate(what: "the end")
                    }
                    missedLines += lines.count { $0.hasSuffix(" not shown") }
                    guard attributes["end"] != nil else { continue }
                    let shown = Int(attributes["shown_bytes"] ?? "") ?? 0
                    let missed = Int(attributes["missed_bytes"] ?? "") ?? 0
                    #expect(shown + missed == 2 * bytes.count)
                    #expect(missed > 0)
                    break
                }
                #expect(missedLines > 0)
            }
        }

        @Test("a reader that goes away in the middle takes nothing with it")
        func vanishes() throws {
            try echoing { daemon in
                let (client, id) = try session(daemon)
                let reader = try ControlClient(path: daemon.controlPath)
                guard case .ok = try reader.ask("dump \(id) text") else { return }
                let bytes = Self.noise(3, 2 << 20)
                let closing = DispatchGroup()
                closing.enter()
                let reading = Foundation.Thread { [socket = reader.socket] in
                    defer { closing.leave() }
                    _ = try? socket.receive(exactly: 100_000)
                    socket.close()
                }
                reading.start()
                let sending = Foundation.Thread { try? client.send(bytes) }
                sending.start()
                #expect(try client.receive(exactly: bytes.count) == bytes)
                // The session outlives the reader, however late that one comes to read.
                closing.wait()
                try eventually("the dump is over") {
                    daemon.program.errorsSoFar.contains("ended: its reader has gone")
                        || daemon.program.errorsSoFar.contains("ended: request")
                }
                #expect(try exchange(bytes, through: client) == bytes)
                try daemon.waitUntilNoSessions()
            }
        }

        @Test("as many readers as connections may see one session")
        func manyReaders() throws {
            try echoing { daemon in
                let (client, id) = try session(daemon)
                let readers = try (0..<60).map { _ in
                    let reader = try ControlClient(path: daemon.controlPath)
                    guard case .ok = try reader.ask("dump \(id) limit 5") else {
                        throw TooLate(what: "a dump")
                    }
                    return reader
                }
                try client.send("hello")
                #expect(try client.receive(exactly: 5) == Array("hello".utf8))
                for reader in readers {
                    var said: [String] = []
                    var end: String?
                    while end == nil {
                        guard case .ok(let attributes, let lines) = try reader.nextReply() else {
                            throw TooLate(what: "the end")
                        }
                        said += lines
                        end = attributes["end"]
                    }
                    #expect(said.suffix(2) == ["-> 5", "hello"])
                    #expect(end == "limit")
                }
            }
        }
    }
}

import Foundation
import Shared
import Testing

extension EndToEnd {
    /// One channel takes everything until it fails; the scenarios of flopsy, and what it lacks.
    @Suite("election")
    struct ElectionTests {
        /// Three addresses with nobody behind them yet, and a service whose primary is one of them.
        struct Scene {
            let directory: TemporaryDirectory
            let endpoints: [Endpoint]
            private let bound: [Socket]

            init(channels: Int = 2) throws {
                directory = try TemporaryDirectory()
                bound = try (0..<channels).map { _ in try Socket.bound() }
                endpoints = try bound.map { try $0.endpoint }
            }

            /// From now on the channel accepts, and says which one it is.
            @discardableResult
            func begin(_ index: Int) throws -> LocalChannel {
                try LocalChannel.letter(Self.letters[index], on: endpoints[index])
            }

            static let letters = ["A", "B", "C"]

            func services(_ election: String = "{}", service: String = "when-empty: refuse")
                -> String
            {
                let channels = endpoints.map { "\"\($0)\"" }.joined(separator: ", ")
                return """
                    - name: s
                      listen: ["127.0.0.1:0"]
                      \(service)
                      groups:
                      - { name: g, balance: primary, election: \(election), channels: [\(channels)] }
                    """
            }

            /// An executable script in the scene's directory.
            func script(_ text: String, _ name: String, mode: mode_t = 0o700) throws -> String {
                let path = try directory.write("#!/bin/sh\n" + text + "\n", to: name)
                _ = unsafe chmod(path, mode)
                return path
            }

            var log: [String] {
                directory.read("log").split(separator: "\n").map(String.init)
            }

            /// Runs `body` once there is a primary, or at once if nobody is expected to be.
            func run(
                _ services: String, primary: Int?, _ body: (Daemon) throws -> Void
            ) throws {
                let daemon = try Daemon(services, in: directory)
                do {
                    if let primary { try expectPrimary(primary, of: daemon) }
                    try body(daemon)
                } catch {
                    Issue.record("proxyd said: \(daemon.program.errorsSoFar.suffix(3000))")
                    throw error
                }
                try daemon.stop()
            }

            func expectPrimary(_ index: Int, of daemon: Daemon) throws {
                try eventually("\(Self.letters[index]) is primary") {
                    try daemon.groups()[0].elected == "s/g/\(index)"
                }
            }
        }

        private static func letter(_ daemon: Daemon) throws -> String {
            let client = try daemon.client()
            return String(decoding: try client.receive(atMost: 1), as: UTF8.self)
        }

        /// Asks until the daemon listens: `when-empty: refuse`.
        private static func isRefused(_ daemon: Daemon) throws -> Bool {
            do {
                try daemon.client().close()
                return false
            } catch let error as SocketError where error.isRefused {
                return true
            }
        }

        @Test("the first that accepts is primary and takes every client")
        func first() throws {
            let scene = try Scene()
            let (a, b) = (try scene.begin(0), try scene.begin(1))
            try scene.run(scene.services(), primary: 0) { daemon in
                for _ in 0..<5 { #expect(try Self.letter(daemon) == "A") }
                // One more connect came from the election.
                #expect(a.count == 6)
                #expect(b.count == 0)
                let channels = try daemon.channels()
                #expect(channels.map(\.isElected) == [true, false])
                #expect(channels.map(\.state) == [.up, .up])
            }
        }

        @Test("one that refuses is passed over")
        func second() throws {
            let scene = try Scene()
            try scene.begin(1)
            try scene.run(scene.services(), primary: 1) { daemon in
                #expect(try Self.letter(daemon) == "B")
                let states = try daemon.channels().map(\.state)
                #expect(states == [.down, .up])
                try daemon.waitForLine("discarded: Connection refused")
            }
        }

        @Test("while nobody will do the port refuses, then it opens within the pause")
        func nobody() throws {
            let scene = try Scene()
            try scene.run(scene.services(), primary: nil) { daemon in
                try eventually("the port refuses") { try Self.isRefused(daemon) }
                try daemon.waitForLine("tried again in 2.0s")
                try scene.begin(0)
                try scene.expectPrimary(0, of: daemon)
                try eventually("the port is open") { try !Self.isRefused(daemon) }
                #expect(try Self.letter(daemon) == "A")
                try daemon.waitForLine("tried again in 1.0s")
            }
        }

        @Test("the client that finds the primary dead is served by the next one, soon")
        func failover() throws {
            let scene = try Scene()
            let a = try scene.begin(0)
            try scene.begin(1)
            try scene.run(scene.services(), primary: 0) { daemon in
                let old = try daemon.client()
                #expect(try old.receive(exactly: 1) == Array("A".utf8))
                a.stop()
                let start = ContinuousClock.now
                #expect(try Self.letter(daemon) == "B")
                let time = ContinuousClock.now - start
                // Less than a connect timeout.
                #expect(time < .seconds(5))
                print("failover: first byte after \(time)")
                // What runs already goes on where it is.
                #expect(try daemon.sessions().contains { $0.channel == "s/g/0" })
                #expect(try daemon.channels().map(\.state) == [.down, .up])
                for _ in 0..<3 { #expect(try Self.letter(daemon) == "B") }
            }
        }

        @Test("many clients at once lose nothing, and one election is held")
        func crowd() throws {
            let scene = try Scene()
            let a = try scene.begin(0)
            try scene.begin(1)
            try scene.run(scene.services(), primary: 0) { daemon in
                a.stop()
                let endpoint = try daemon.endpoint()
                let letters = try concurrently(50) { _ in
                    let client = try Socket.connected(to: endpoint)
                    return String(decoding: try client.receive(exactly: 1), as: UTF8.self)
                }
                #expect(letters.allSatisfy { $0 == "B" })
                try daemon.waitForLine("selects a primary", times: 2)
                let said = daemon.program.errorsSoFar
                #expect(said.components(separatedBy: "selects a primary").count == 3)
            }
        }

        @Test("one that is back stays where it is until the primary fails")
        func noFailback() throws {
            let scene = try Scene()
            let b = try scene.begin(1)
            try scene.run(scene.services(), primary: 1) { daemon in
                try scene.begin(0)
                for _ in 0..<3 { #expect(try Self.letter(daemon) == "B") }
                b.stop()
                #expect(try Self.letter(daemon) == "A")
            }
        }

        @Test("with failback: auto it becomes primary again by itself")
        func failback() throws {
            let scene = try Scene()
            try scene.begin(1)
            let services = scene.services("{failback: auto, failback-delay: 50ms}")
            try scene.run(services, primary: 1) { daemon in
                #expect(try Self.letter(daemon) == "B")
                try scene.begin(0)
                try scene.expectPrimary(0, of: daemon)
                #expect(try Self.letter(daemon) == "A")
            }
        }

        @Test("a check decides, with the address as its only argument")
        func check() throws {
            let scene = try Scene()
            try scene.begin(0)
            try scene.begin(1)
            let log = scene.directory("log")
            let path = try scene.script(
                """
                echo "$# $1 $PROXYD_SERVICE/$PROXYD_GROUP/$PROXYD_CHANNEL" >> \(log)
                case $1 in *:\(scene.endpoints[0].port)) echo not me; exit 1;; esac
                """, "check")
            try scene.run(scene.services("{check: \(path)}"), primary: 1) { daemon in
                #expect(try Self.letter(daemon) == "B")
                #expect(
                    scene.log == [
                        "1 \(scene.endpoints[0]) s/g/0", "1 \(scene.endpoints[1]) s/g/1",
                    ])
                let why = try daemon.channels()[0].why
                #expect(why == "check: exit status 1, it said: not me")
            }
        }

        @Test("a check that hangs or cannot be run says no, and leaves nothing behind")
        func badChecks() throws {
            let scene = try Scene(channels: 1)
            try scene.begin(0)
            let hanging = try scene.script("sleep 600 & sleep 600", "hanging")
            let services = scene.services("{check: \(hanging), check-timeout: 500ms}")
            try scene.run(services, primary: nil) { daemon in
                try daemon.waitForChannel(0) { $0.state == .check }
                try daemon.waitForChannel(0) {
                    $0.state == .down && $0.why == "check: took too long and was ended"
                }
                try daemon.ask("hello")
            }
            let plain = try scene.script("exit 0", "plain", mode: 0o600)
            try scene.run(scene.services("{check: \(plain)}"), primary: nil) { daemon in
                try daemon.waitForChannel(0) {
                    $0.state == .down && $0.why == "check: cannot be started: Permission denied"
                }
            }
        }

        @Test("triggers run in byte order, to their ends, before anybody is served")
        func triggers() throws {
            let scene = try Scene(channels: 1)
            try scene.begin(0)
            let folder = scene.directory("triggers")
            try FileManager.default.createDirectory(
                atPath: folder + "/sub", withIntermediateDirectories: true)
            let gate = scene.directory("gate")
            #expect(unsafe mkfifo(gate, 0o600) == 0)
            let log = scene.directory("log")
            _ = try scene.script("echo b $1 >> \(log); exit 3", "triggers/10-b")
            _ = try scene.script("read line < \(gate); echo a $1 >> \(log)", "triggers/02-a")
            _ = try scene.script("echo sub >> \(log)", "triggers/sub/00")
            _ = try scene.script("echo plain >> \(log)", "triggers/05-plain", mode: 0o600)
            let services = scene.services("{triggers: \(folder)}")
            try scene.run(services, primary: nil) { daemon in
                try daemon.waitForChannel(0) { $0.state == .check }
                // Accepted, and not served.
                let client = try daemon.client()
                try eventually("the client waits") {
                    try daemon.sessions().first?.phase == .hold
                }
                #expect(scene.log.isEmpty)
                try "\n".write(toFile: gate, atomically: false, encoding: .utf8)
                #expect(try client.receive(exactly: 1) == Array("A".utf8))
                #expect(scene.log == ["a \(scene.endpoints[0])", "b \(scene.endpoints[0])"])
                try daemon.waitForLine("10-b failed: exit status 3")
                try daemon.waitForLine("05-plain failed: cannot be started: Permission denied")
            }
        }

        @Test("clients that wait learn when nobody was found")
        func inVain() throws {
            let scene = try Scene(channels: 1)
            try scene.begin(0)
            let gate = scene.directory("gate")
            #expect(unsafe mkfifo(gate, 0o600) == 0)
            let check = try scene.script("read line < \(gate); exit 1", "check")
            let services = scene.services("{check: \(check)}", service: "when-empty: close")
            try scene.run(services, primary: nil) { daemon in
                let clients = try (0..<5).map { _ in try daemon.client() }
                try eventually("all of them wait") {
                    try daemon.sessions().count { $0.phase == .hold } == 5
                }
                try "\n".write(toFile: gate, atomically: false, encoding: .utf8)
                for client in clients { #expect(try client.receive(atMost: 1).isEmpty) }
                try daemon.waitUntilNoSessions()
                // So does whoever comes in the pause.
                #expect(try Self.letter(daemon) == "")
                // The next round's check is waiting to read.
                try daemon.waitForChannel(0) { $0.state == .check }
            }
        }

        @Test("while-electing: refuse opens the port only when the triggers have ended")
        func refuse() throws {
            let scene = try Scene(channels: 1)
            try scene.begin(0)
            let gate = scene.directory("gate")
            #expect(unsafe mkfifo(gate, 0o600) == 0)
            let trigger = try scene.script("read line < \(gate)", "trigger")
            let services = scene.services("{triggers: \(trigger), while-electing: refuse}")
            try scene.run(services, primary: nil) { daemon in
                try daemon.waitForChannel(0) { $0.state == .check }
                try eventually("refused") { try Self.isRefused(daemon) }
                try "\n".write(toFile: gate, atomically: false, encoding: .utf8)
                try eventually("accepted") { try !Self.isRefused(daemon) }
                #expect(try Self.letter(daemon) == "A")
            }
        }

        @Test("promote changes the primary if the other one is good, and says from what to what")
        func promote() throws {
            let scene = try Scene(channels: 3)
            try scene.begin(0)
            try scene.begin(1)
            try scene.run(scene.services("{on-change: close}"), primary: 0) { daemon in
                let old = try daemon.client()
                #expect(try old.receive(exactly: 1) == Array("A".utf8))
                #expect(
                    try daemon.ask("promote s/g/1").lines == [
                        "path\tfield\tfrom\tto", "s/g\tprimary\ts/g/0\ts/g/1",
                    ])
                #expect(try Self.letter(daemon) == "B")
                // on-change: close
                #expect(throws: SocketError.self) { try old.receive(exactly: 1) }
                #expect(try daemon.endings()["UD"] == 1)
                // Nobody is there.
                let error = #expect(throws: UnexpectedReply.self) {
                    try daemon.ask("promote s/g/2")
                }
                let reply = try #require(error).description
                #expect(reply.contains("Connection refused"), "\(reply)")
                #expect(try Self.letter(daemon) == "B")
                #expect(try daemon.ask("elect s").lines.last == "s/g\tprimary\ts/g/1\ts/g/0")
                #expect(throws: UnexpectedReply.self) { try daemon.ask("promote s/g") }
                #expect(throws: UnexpectedReply.self) { try daemon.ask("elect nobody") }
            }
        }

        @Test("a primary that is switched off is replaced, and enabling one ends a pause")
        func switches() throws {
            let scene = try Scene()
            try scene.begin(0)
            try scene.begin(1)
            try scene.run(scene.services(), primary: 0) { daemon in
                try daemon.ask("disable s/g/0")
                try scene.expectPrimary(1, of: daemon)
                try daemon.ask("drain s/g/1")
                try eventually("nobody") { try daemon.groups()[0].elected == nil }
                try daemon.ask("enable s/g/0")
                try scene.expectPrimary(0, of: daemon)
                #expect(try Self.letter(daemon) == "A")
            }
        }

        @Test("a primary whose queue is full costs one connect timeout, and is tried last")
        func silent() throws {
            let scene = try Scene()
            let a = try scene.begin(0)
            try scene.begin(1)
            let service = "timeouts: { connect: 300ms }"
            try scene.run(scene.services(service: service), primary: 0) { daemon in
                a.stop()
                // Nobody accepts any more; of the third on, nobody hears (listen(2)).
                let full = try Socket.listening(on: scene.endpoints[0], backlog: 0)
                defer { full.close() }
                let filling = try (0..<4).map { _ in
                    let socket = try Socket.unconnected(for: full.endpoint)
                    socket.setNonBlocking()
                    try socket.beginConnecting(to: full.endpoint)
                    return socket
                }
                defer { for socket in filling { socket.close() } }
                let start = ContinuousClock.now
                #expect(try Self.letter(daemon) == "B")
                // Less than the standard connect timeout.
                #expect(ContinuousClock.now - start < .seconds(5))
            }
        }
    }
}

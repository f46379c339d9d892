import CLinux
import Foundation
import Glibc
import Shared
import Testing

extension EndToEnd {
    /// `upgrade`: another process takes the daemon's place, and nobody notices.
    @Suite("upgrade", .timeLimit(.minutes(5)))
    struct UpgradeTests {
        let directory: TemporaryDirectory
        /// Where the daemon's program is; another one may be put there.
        let binary: String

        init() throws {
            directory = try TemporaryDirectory()
            binary = directory("proxyd")
            try FileManager.default.createSymbolicLink(
                atPath: binary, withDestinationPath: Daemon.binary)
        }

        func daemon(
            _ services: String, options: [String] = [], environment: [String: String] = [:]
        ) throws -> Daemon {
            let file = try directory.write(
                """
                control: { socket: "\(directory("control.sock"))" }
                workers: 2
                services:
                \(services)
                """, to: "proxyd.yaml")
            return try Daemon(
                arguments: ["run", "--drain", "0s"] + options + [file], binary: binary,
                environment: environment, in: directory)
        }

        static func mail(_ channel: Endpoint) -> String {
            """
            - name: mail
              listen: ["127.0.0.1:0", "127.0.0.1:0"]
              groups:
              - name: main
                channels:
                - { name: a, address: "\(channel)" }
                - { name: b, address: "\(channel)" }
                - { name: c, address: "\(channel)" }
            """
        }

        static func echo(_ text: String = "still here", over client: Socket) throws {
            try client.send(text)
            #expect(try client.receive(exactly: text.utf8.count) == Array(text.utf8))
        }

        private func process(of daemon: Daemon) throws -> String {
            try #require(try daemon.ask("hello").attributes["pid"])
        }

        // MARK: Yes

        @Test("sessions, states, counters, history and events go on under another process")
        func everything() throws {
            let channel = try LocalChannel.echo()
            let daemon = try daemon(
                Self.mail(channel.endpoint), options: ["--pid-file", directory("d.pid")])
            let clients = try (0..<6).map { try daemon.client($0 % 2) }
            for client in clients { try Self.echo(over: client) }
            try daemon.ask("disable mail/main/b")
            try daemon.ask("drain mail/main/c")
            try daemon.ask("set mail/main/a weight 7")
            try daemon.ask("create mail/main \(channel.endpoint) name=d weight=3")
            try daemon.ask("reset mail/main/c")
            let before = try (daemon.ask("hello").attributes, daemon.channels(), daemon.listeners())
            let sessions = try daemon.sessions()
            let events = try daemon.ask("show events").lines
            try eventually("there is history") {
                try daemon.ask("show history mail/main/a").lines.count > 1
            }
            for round in 1...3 {
                let (attributes, _) = try daemon.ask("upgrade 20s")
                #expect(attributes["sessions"] == "6" && attributes["left"] == "0")
                let hello = try daemon.ask("hello").attributes
                #expect(hello["pid"] == attributes["pid"] && hello["upgrades"] == "\(round)")
                #expect(hello["epoch"] == before.0["epoch"])
                #expect(directory.read("d.pid") == "\(hello["pid"] ?? "")\n")
                let channels = try daemon.channels()
                #expect(channels.map(\.path) == before.1.map(\.path))
                #expect(channels.map(\.serial) == before.1.map(\.serial))
                #expect(channels.map(\.state) == before.1.map(\.state))
                #expect(channels.map(\.weight) == before.1.map(\.weight))
                #expect(channels.map(\.current) == before.1.map(\.current))
                #expect(channels.map(\.total) == before.1.map(\.total))
                #expect(channels.map(\.by) == before.1.map(\.by))
                let listeners = try daemon.listeners()
                #expect(listeners.map(\.address) == before.2.map(\.address))
                #expect(listeners.map(\.total) == before.2.map(\.total))
                #expect(
                    try Set(daemon.sessions().map(\.id)) == Set(sessions.map(\.id)))
                for client in clients { try Self.echo(over: client) }
            }
            let totals = try daemon.channels().reduce(0) { $0 + Int($1.inBytes) }
            #expect(totals == before.1.reduce(0) { $0 + Int($1.inBytes) } + 3 * 60)
            // Ids go on, too.
            let next = try daemon.client()
            try Self.echo(over: next)
            #expect(
                try daemon.sessions().map(\.id).max().map { "\($0)" }
                    != sessions.map(\.id).max().map { "\($0)" })
            try eventually("events have come along") {
                try daemon.ask("show events").lines.starts(with: events)
            }
            try eventually("the past has come along, and goes on") {
                try daemon.ask("show history mail/main/a").lines.count > 2
            }
            for client in clients { client.shutDownWrites() }
            for client in clients { #expect(try client.receiveAll() == ([], .endOfStream)) }
            try eventually("all six have ended") { try daemon.endings()["--"] == 6 }
            // Who stands where the daemon was started ends as the daemon does.
            try daemon.stop()
            #expect(!FileManager.default.fileExists(atPath: directory("d.pid")))
            #expect(!FileManager.default.fileExists(atPath: daemon.controlPath))
        }

        @Test("bytes on their way arrive, and so do ends", arguments: Relay.allCases)
        func residue(relay: Relay) throws {
            let size = 8 << 20
            let noise = (0..<size / Noise.longestSlice).flatMap {
                Noise.bytes(of: 3, from: $0 * Noise.longestSlice, count: Noise.longestSlice)
            }
            let channel = try LocalChannel { connection in
                try connection.send(noise)
                connection.shutDownWrites()
                while try !connection.receive().isEmpty {}
            }
            let daemon = try daemon(
                "- { name: big, listen: [\"127.0.0.1:0\"], channels: [\"\(channel.endpoint)\"] }",
                options: relay.options)
            // One has ended its writes, and none has read a byte.
            let clients = try (0..<4).map { _ in try daemon.client(buffers: 8192) }
            clients[0].shutDownWrites()
            try eventually("their buffers are full") {
                try daemon.sessions().filter { $0.outBytes > 0 }.count == 4
                    && daemon.sessions().contains { "\($0.phase)".contains("half") }
            }
            for round in 0..<3 {
                #expect(try daemon.ask("upgrade 20s").attributes["sessions"] == "4")
                guard round == 1 else { continue }
                for client in clients {
                    #expect(try client.receive(exactly: 100_000) == Array(noise[..<100_000]))
                }
            }
            for client in clients {
                let rest = try client.receiveAll()
                #expect(rest.ending == .endOfStream)
                #expect(rest.bytes == Array(noise[100_000...]))
                client.shutDownWrites()
            }
            try daemon.waitUntilNoSessions()
            try daemon.stop()
        }

        @Test("whoever waits goes on waiting, and whoever connects goes on connecting")
        func beginnings() throws {
            let echo = try LocalChannel.echo()
            // A queue that is full: whoever comes now waits for the next SYN to be heard.
            let full = try Socket.listening(backlog: 0)
            let stuffing = try (0..<2).map { _ in
                let socket = try Socket.unconnected(for: full.endpoint)
                socket.setNonBlocking()
                try? socket.beginConnecting(to: full.endpoint)
                return socket
            }
            let daemon = try daemon(
                """
                - name: patient
                  listen: [ { address: "127.0.0.1:0", when-empty: hold 60s } ]
                  channels: [ { name: a, address: "\(echo.endpoint)", enabled: false } ]
                - name: slow
                  listen: ["127.0.0.1:0"]
                  timeouts: { connect: 60s }
                  channels: [ { name: a, address: "\(full.endpoint)" } ]
                - name: listening
                  listen: [ { address: "127.0.0.1:0", wait-for-bytes: 5 } ]
                  channels: [ "\(echo.endpoint)" ]
                """)
            let patient = try daemon.client(0)
            let slow = try daemon.client(1)
            let silent = try daemon.client(2)
            for client in [patient, slow] { try client.send("hello") }
            try silent.send("hel")
            try eventually("all wait") {
                try Set(daemon.sessions().map { "\($0.phase)" }).isSuperset(of: ["hold", "connect"])
                    && daemon.sessions().count == 3
            }
            let phases = try Set(daemon.sessions().map { "\($0.phase)" })
            for _ in 0..<2 {
                #expect(try daemon.ask("upgrade 20s").attributes["sessions"] == "3")
            }
            #expect(try Set(daemon.sessions().map { "\($0.phase)" }) == phases)
            try silent.send("lo")
            #expect(try silent.receive(exactly: 5) == Array("hello".utf8))
            try daemon.ask("enable patient")
            #expect(try patient.receive(exactly: 5) == Array("hello".utf8))
            // Whose SYN is heard next is a matter of their timers.
            let others = try stuffing.map { try $0.endpoint }
            var connection = try full.accept()
            var accepted = [connection]
            while try others.contains(connection.peer()) {
                connection = try full.accept()
                accepted.append(connection)
            }
            #expect(try connection.receive(exactly: 5) == Array("hello".utf8))
            withExtendedLifetime((stuffing, accepted)) {}
            try daemon.stop()
        }

        @Test(
            "a primary stays, its trigger is not run again, and a channel that is down stays down")
        func verdicts() throws {
            let channel = try LocalChannel.echo()
            let log = directory("runs")
            for (name, text) in [("triggers/1", "echo $1 >>\(log)"), ("probe", "exit 1")] {
                try FileManager.default.createDirectory(
                    atPath: directory("triggers"), withIntermediateDirectories: true)
                try directory.write("#!/bin/sh\n\(text)\n", to: name)
                _ = unsafe chmod(directory(name), 0o755)
            }
            let daemon = try daemon(
                """
                - name: db
                  listen: [ { address: "127.0.0.1:0", when-empty: refuse } ]
                  groups:
                  - { name: g, balance: primary, election: { triggers: "\(directory("triggers"))" },
                      channels: ["\(channel.endpoint)", "\(channel.endpoint)"] }
                - name: web
                  listen: [ { address: "127.0.0.1:0", when-empty: refuse } ]
                  channels:
                  - { address: "\(channel.endpoint)",
                      probe: { kind: script, command: "\(directory("probe"))", interval: 60s, fast-interval: 60s } }
                """)
            try eventually("there is a primary, and the other one is down") {
                try daemon.groups()[0].elected == "db/g/0"
                    && daemon.channels().contains { "\($0.state)" == "down" }
            }
            try daemon.ask("promote db/g/1")
            let runs = directory.read("runs")
            let port = try daemon.port(1)
            let client = try daemon.client()
            try Self.echo(over: client)
            for _ in 0..<2 {
                try daemon.ask("upgrade 20s")
                #expect(try daemon.groups()[0].elected == "db/g/1")
                #expect(try daemon.channels().map { "\($0.state)" }.last == "down")
                try Self.echo(over: client)
                try Self.echo(over: daemon.client())
                // It refuses clients here as it did there, at the port that it had.
                #expect(try daemon.port(1) == port)
                #expect(throws: SocketError.self) { try daemon.client(1) }
            }
            #expect(directory.read("runs") == runs && !runs.isEmpty)
            try daemon.stop()
        }

        @Test("a file that was changed meanwhile is taken as a reload would take it")
        func changedFile() throws {
            let channel = try LocalChannel.echo()
            let daemon = try daemon(Self.mail(channel.endpoint))
            try daemon.ask("disable mail/main/b")
            try daemon.ask("disable mail/main/c")
            let stays = try daemon.client()
            try Self.echo(over: stays)
            try daemon.ask("enable mail/main/b")
            try daemon.ask("disable mail/main/a")
            let goes = try daemon.client()
            try Self.echo(over: goes)
            let text = daemon.directory.read("proxyd.yaml")
                .replacingOccurrences(
                    of: "    - { name: b, address: \"\(channel.endpoint)\" }\n", with: ""
                )
                .replacingOccurrences(of: "  groups:", with: "  on-remove: cut\n  groups:")
                .replacingOccurrences(of: "workers: 2", with: "workers: 3")
            try daemon.directory.write(text, to: "proxyd.yaml")
            try daemon.ask("upgrade 20s")
            #expect(try goes.receiveAll().ending == .reset)
            try Self.echo(over: stays)
            #expect(try daemon.channels().map(\.path) == ["mail/main/a", "mail/main/c"])
            #expect(try daemon.channels().map { "\($0.state)" } == ["off", "off"])
            #expect(try daemon.ask("hello").attributes["workers"] == "3")
            #expect(try daemon.ask("diff").lines.count == 1)
            try daemon.stop()
        }

        @Test("in the background the new process is all there is")
        func background() throws {
            let channel = try LocalChannel.echo()
            let file = try directory.write(
                """
                control: { socket: "\(directory("control.sock"))" }
                services: [ { listen: ["127.0.0.1:0"], channels: ["\(channel.endpoint)"] } ]
                """, to: "proxyd.yaml")
            // Paths are those of the caller, also for the process that comes after.
            let caller = try Program(
                [
                    binary, "run", "--daemon", "--drain", "0s", "--pid-file", "d.pid",
                    (file as NSString).lastPathComponent,
                ], in: directory)
            #expect(try caller.waitForEnd() == 0, "\(caller.report)")
            func number() throws -> pid_t {
                try #require(pid_t(directory.read("d.pid").trimmingCharacters(in: .newlines)))
            }
            let first = try number()
            Leftovers.add { kill(first, SIGKILL) }
            let upgrade = try Program(
                [binary, "upgrade", "--socket", directory("control.sock")], in: directory)
            #expect(try upgrade.waitForEnd() == 0, "\(upgrade.report)")
            #expect(upgrade.output.contains("has taken over 0 sessions, which stood still for"))
            let second = try number()
            Leftovers.add { kill(second, SIGKILL) }
            #expect(second != first)
            try eventually("the old process has ended") { kill(first, 0) != 0 }
            kill(second, SIGTERM)
            try eventually("the new one has ended") {
                !FileManager.default.fileExists(atPath: directory("d.pid"))
                    && !FileManager.default.fileExists(atPath: directory("control.sock"))
            }
        }

        @Test("a signal asks for it, and one that is sent to where the daemon was started arrives")
        func signals() throws {
            let channel = try LocalChannel.echo()
            let daemon = try daemon(Self.mail(channel.endpoint))
            let client = try daemon.client()
            try Self.echo(over: client)
            for round in 1...2 {
                kill(daemon.program.pid, SIGUSR2)
                try eventually("there was an upgrade") {
                    (try? daemon.ask("hello").attributes["upgrades"]) == "\(round)"
                }
                try Self.echo(over: client)
            }
            kill(try #require(pid_t(process(of: daemon))), SIGKILL)
            #expect(try daemon.program.waitForEnd() == 128 + Int(SIGKILL))
        }

        @Test(
            "once the new process has everything, it alone answers on the control socket",
            .enabled(if: hasPython))
        func controlSocket() throws {
            let channel = try LocalChannel.echo()
            let daemon = try daemon(Self.mail(channel.endpoint))
            let old = try process(of: daemon)
            try Interloper.install(.holding(.running), at: binary)
            kill(daemon.program.pid, SIGUSR2)
            try eventually("there was an upgrade") {
                (try? daemon.ask("hello").attributes["upgrades"]) == "1"
            }
            // The old process has not heard yet that the new one runs.
            for _ in 0..<50 { #expect(try process(of: daemon) != old) }
            #expect(!daemon.program.errorsSoFar.contains("has taken over"))
            try Interloper.release(binary)
            try daemon.waitForLine("has taken over")
            try daemon.stop()
        }

        @Test("a service manager hears who the new main process is, before that one speaks")
        func serviceManager() throws {
            let place = directory("notify")
            let socket = Glibc.socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue), 0)
            defer { close(socket) }
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            unsafe withUnsafeMutableBytes(of: &address.sun_path) {
                unsafe $0.copyBytes(from: place.utf8)
            }
            let size = socklen_t(MemoryLayout<sockaddr_un>.size)
            let bound = unsafe withUnsafePointer(to: &address) {
                unsafe bind(socket, __CONST_SOCKADDR_ARG(__sockaddr_un__: $0), size)
            }
            try #require(bound == 0)
            func next() throws -> String {
                var event = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
                guard unsafe poll(&event, 1, 60_000) == 1 else { throw TooLate(what: "a word") }
                var bytes = [UInt8](repeating: 0, count: 4096)
                let count = unsafe recv(socket, &bytes, bytes.count, 0)
                return String(decoding: bytes[..<max(0, count)], as: UTF8.self)
            }
            func nextBut(_ sign: String) throws -> String {
                while true {
                    let text = try next()
                    if text != sign { return text }
                }
            }
            let channel = try LocalChannel.echo()
            let daemon = try daemon(
                Self.mail(channel.endpoint),
                environment: ["NOTIFY_SOCKET": place, "WATCHDOG_USEC": "400000"])
            #expect(try nextBut("WATCHDOG=1").hasPrefix("READY=1"))
            let process = try #require(try daemon.ask("upgrade 20s").attributes["pid"])
            #expect(try nextBut("WATCHDOG=1") == "MAINPID=\(process)")
            #expect(try nextBut("WATCHDOG=1").hasPrefix("READY=1"))
            #expect(try next() == "WATCHDOG=1")
            // The old one does not stay: the service manager has another process to wait for.
            #expect(try daemon.program.waitForEnd() == 0)
            let number = try #require(pid_t(process))
            Leftovers.add { kill(number, SIGKILL) }
            try Self.echo(over: daemon.client())
            kill(number, SIGTERM)
            #expect(try nextBut("WATCHDOG=1").hasPrefix("STOPPING=1"))
            try eventually("it has ended") {
                !FileManager.default.fileExists(atPath: daemon.controlPath)
            }
        }

        @Test(
            "privileges stay given up, and ports that were bound stay bound",
            .enabled(if: getuid() == 0))
        func privileges() throws {
            directory.open(mode: 0o711)
            // Where others may run it.
            try FileManager.default.removeItem(atPath: binary)
            try FileManager.default.copyItem(atPath: Daemon.binary, toPath: binary)
            let channel = try LocalChannel.echo()
            let port = try #require(
                (UInt16(600)..<1024).shuffled().first {
                    (try? Socket.bound(to: .ip(.loopbackV4, port: $0))) != nil
                })
            let file = try directory.write(
                """
                control: { socket: "\(directory("control.sock"))" }
                privileges: { user: nobody, keep-bind: true }
                services: [ { name: low, listen: ["127.0.0.1:\(port)"], channels: ["\(channel.endpoint)"] } ]
                """, to: "proxyd.yaml")
            _ = unsafe chmod(file, 0o600)
            let daemon = try Daemon(
                arguments: ["run", "--drain", "0s", file], binary: binary, in: directory)
            let client = try daemon.client()
            try Self.echo(over: client)
            for _ in 0..<2 {
                let process = try #require(try daemon.ask("upgrade 20s").attributes["pid"])
                let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
                #expect(!status.contains("Uid:\t0"))
                #expect(status.contains("CapEff:\t0000000000000400"))
                #expect(status.contains("CapAmb:\t0000000000000000"))
                #expect(status.contains("NoNewPrivs:\t1"))
                try Self.echo(over: client)
                try Self.echo(over: daemon.client())
            }
            try daemon.waitForLine("what runs goes on")
            try daemon.stop()
        }

        // MARK: No

        /// Everything is as before: the same process, its sessions, and room for more.
        private func expectNothing(_ daemon: Daemon, _ client: Socket, _ process: String) throws {
            try Self.echo(over: client)
            try Self.echo(over: daemon.client())
            #expect(try self.process(of: daemon) == process)
            try daemon.ask("set mail/main/a weight 2")
            #expect(try daemon.ask("hello").attributes["upgrades"] == "0")
        }

        @Test(
            "a program that does not get ready changes nothing, and what it died of is said",
            arguments: [
                ("#!/bin/sh\nexit 3\n", "20s", "ended with exit code 3 before it was ready"),
                ("#!/bin/sh\nkill -9 $$\n", "20s", "was ended by signal 9 before it was ready"),
                ("#!/bin/sh\nexec sleep 100\n", "300ms", "was not ready after"),
                ("no program", "20s", "posix_spawn: Exec format error"),
                ("", "20s", "No such file"),
            ])
        func unready(program: String, time: String, words: String) throws {
            let channel = try LocalChannel.echo()
            let daemon = try daemon(Self.mail(channel.endpoint))
            let client = try daemon.client()
            try Self.echo(over: client)
            let process = try process(of: daemon)
            try FileManager.default.removeItem(atPath: binary)
            if !program.isEmpty {
                try directory.write(program, to: "proxyd")
                _ = unsafe chmod(binary, 0o755)
            }
            let failure = #expect(throws: UnexpectedReply.self) {
                try daemon.ask("upgrade \(time)")
            }
            #expect("\(failure.map { "\($0.reply)" } ?? "")".contains(words))
            try daemon.waitForLine("upgrade failed, and nothing has changed")
            try expectNothing(daemon, client, process)
            try daemon.stop()
        }

        @Test("a file with a mistake changes nothing, and is told where it is")
        func badFile() throws {
            let channel = try LocalChannel.echo()
            let daemon = try daemon(Self.mail(channel.endpoint))
            let client = try daemon.client()
            try Self.echo(over: client)
            let process = try process(of: daemon)
            let good = directory.read("proxyd.yaml")
            let taken = try Socket.listening()
            for (text, words) in [
                (good + "\nservces: []\n", "did you mean “services”"),
                (
                    good.replacingOccurrences(
                        of: "listen: [", with: "listen: [\"\(try taken.endpoint)\", "),
                    "stop whoever listens there"
                ),
            ] {
                try directory.write(text, to: "proxyd.yaml")
                let failure = #expect(throws: UnexpectedReply.self) {
                    try daemon.ask("upgrade 20s")
                }
                #expect("\(failure.map { "\($0.reply)" } ?? "")".contains(words))
            }
            try directory.write(good, to: "proxyd.yaml")
            try expectNothing(daemon, client, process)
            try daemon.ask("upgrade 20s")
            try Self.echo(over: client)
            try daemon.stop()
        }

        @Test("there is one at a time, and none while a change waits or the daemon ends")
        func refused() throws {
            let channel = try LocalChannel.echo()
            let daemon = try daemon(Self.mail(channel.endpoint))
            let control = try RawControl(daemon)
            for line in ["begin", "set mail/main/a weight 2", "commit confirm 60s"] {
                #expect(try control.ask(line).word == "OK")
            }
            #expect(try control.ask("upgrade").word == "conflict")
            #expect(try control.ask("confirm").word == "OK")
            #expect(try control.ask("upgrade never").word == "usage")
            try FileManager.default.removeItem(atPath: binary)
            try directory.write("#!/bin/sh\nexec sleep 100\n", to: "proxyd")
            _ = unsafe chmod(binary, 0o755)
            let first = try RawControl(daemon)
            try first.send("upgrade 2s\n")
            try eventually("it is under way") {
                try control.ask("set mail/main/a weight 2").word == "busy"
            }
            #expect(try control.ask("upgrade").word == "busy")
            #expect(try first.reply().word == "invalid")
            #expect(try control.ask("set mail/main/a weight 3").word == "OK")
            #expect(try control.ask("drain-daemon 10s").word == "OK")
        }

        // MARK: Two builds

        private static let hasPython = Program.exist("python3")

        @Test("two versions that differ understand each other", .enabled(if: hasPython))
        func later() throws {
            let channel = try LocalChannel.echo()
            let daemon = try daemon(Self.mail(channel.endpoint))
            try daemon.ask("drain mail/main/b")
            let client = try daemon.client()
            try Self.echo(over: client)
            let states = try daemon.channels().map(\.state)
            try Interloper.install(.later, at: binary)
            #expect(try daemon.ask("upgrade 20s").attributes["sessions"] == "1")
            try Self.echo(over: client)
            #expect(try daemon.channels().map(\.state) == states)
            #expect(try daemon.ask("hello").attributes["upgrades"] == "1")
            try daemon.stop()
        }

        /// A program that differs in a number of its hand-over's revision.
        private func otherBuild(_ mark: String) throws {
            let own = Array("revision 0001 readable from 0001 reads from 0001".utf8)
            let other = Array(mark.utf8)
            try #require(own.count == other.count)
            var bytes = try Data(contentsOf: URL(fileURLWithPath: Daemon.binary))
            let place = try #require(bytes.range(of: Data(own)))
            bytes.replaceSubrange(place, with: other)
            try FileManager.default.removeItem(atPath: binary)
            try bytes.write(to: URL(fileURLWithPath: binary))
            _ = unsafe chmod(binary, 0o755)
        }

        @Test("a build of another revision takes over if it can, and the one after it, too")
        func otherRevision() throws {
            let channel = try LocalChannel.echo()
            let daemon = try daemon(Self.mail(channel.endpoint))
            let client = try daemon.client()
            try Self.echo(over: client)
            try otherBuild("revision 0002 readable from 0001 reads from 0001")
            try daemon.ask("upgrade 20s")
            try Self.echo(over: client)
            // Back to the older one, as one does when the new one is no good.
            try otherBuild("revision 0001 readable from 0001 reads from 0001")
            try daemon.ask("upgrade 20s")
            try Self.echo(over: client)
            #expect(try daemon.ask("hello").attributes["upgrades"] == "2")
            // This one writes what an older one cannot read.
            try otherBuild("revision 0003 readable from 0003 reads from 0001")
            try daemon.ask("upgrade 20s")
            try otherBuild("revision 0001 readable from 0001 reads from 0001")
            let failure = #expect(throws: UnexpectedReply.self) { try daemon.ask("upgrade 20s") }
            #expect("\(failure.map { "\($0.reply)" } ?? "")".contains("cannot take over from"))
            try Self.echo(over: client)
            try daemon.stop()
        }

        @Test(
            "versions that do not understand each other change nothing, and say so",
            .enabled(if: hasPython),
            arguments: [Interloper.Kind.forgetful, .demanding])
        func incompatible(kind: Interloper.Kind) throws {
            let channel = try LocalChannel.echo()
            let daemon = try daemon(Self.mail(channel.endpoint))
            let client = try daemon.client()
            try Self.echo(over: client)
            let process = try process(of: daemon)
            try Interloper.install(kind, at: binary)
            let failure = #expect(throws: UnexpectedReply.self) { try daemon.ask("upgrade 20s") }
            #expect(
                "\(failure.map { "\($0.reply)" } ?? "")".contains("cannot take over from proxyd"))
            try expectNothing(daemon, client, process)
            try daemon.stop()
        }

        @Test(
            "whenever the new process dies or stands still before the end, the old one goes on",
            .enabled(if: hasPython),
            arguments: [
                Interloper.Kind.dying(.offer), .dying(.prepared), .dying(.state), .dying(.session),
                .dying(.stateEnd), .dying(.taken), .hanging(.stateEnd), .hanging(.taken),
            ])
        func leftAlone(kind: Interloper.Kind) throws {
            let channel = try LocalChannel.echo()
            let daemon = try daemon(Self.mail(channel.endpoint))
            let clients = try (0..<4).map { try daemon.client($0 % 2) }
            for client in clients { try Self.echo(over: client) }
            let process = try process(of: daemon)
            try Interloper.install(kind, at: binary)
            #expect(throws: UnexpectedReply.self) { try daemon.ask("upgrade 20s") }
            for client in clients { try Self.echo(over: client) }
            try expectNothing(daemon, clients[0], process)
            if case .hanging = kind {
                // It had everything but the last word, and has to see that there is none to come.
                try daemon.waitForLine("cannot take over from the running process")
                for client in clients { try Self.echo("and again", over: client) }
            }
            try daemon.stop()
        }
    }
}

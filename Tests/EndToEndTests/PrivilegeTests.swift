import Foundation
import Shared
import Testing

extension EndToEnd {
    /// What root gives up once everything is bound.
    @Suite("privileges", .enabled(if: getuid() == 0), .timeLimit(.minutes(5)))
    struct PrivilegeTests {
        private let directory: TemporaryDirectory

        init() throws { directory = try TemporaryDirectory() }

        private func daemon(
            _ privileges: String, listen: String = "127.0.0.1:0", channel: String = "127.0.0.1:9",
            probe: String? = nil, options: [String] = []
        ) throws -> Daemon {
            let probed = probe.map { ", probe: { kind: script, command: \"\($0)\" }" } ?? ""
            let file = try directory.write(
                """
                control: { socket: "\(directory("control.sock"))" }
                privileges: { \(privileges) }
                services:
                - name: web
                  listen: ["\(listen)"]
                  channels: [ { address: "\(channel)"\(probed) } ]
                """, to: "proxyd.yaml")
            return try Daemon(
                arguments: ["run", "--drain", "0s"] + options + [file], in: directory)
        }

        /// What the kernel says of every thread (proc(5)), by its keys.
        private func threads(of daemon: Daemon) throws -> [[String: String]] {
            let tasks = "/proc/\(daemon.program.pid)/task"
            return try FileManager.default.contentsOfDirectory(atPath: tasks).compactMap { task in
                let path = "\(tasks)/\(task)/status"
                // One that looks a name up, or the like, may have ended meanwhile.
                guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
                    #expect(!FileManager.default.fileExists(atPath: "\(tasks)/\(task)"))
                    return nil
                }
                let pairs = text.split(separator: "\n").compactMap { line in
                    let parts = line.split(separator: ":", maxSplits: 1)
                    return parts.count == 2
                        ? (String(parts[0]), parts[1].trimmingCharacters(in: .whitespaces)) : nil
                }
                return Dictionary(pairs) { first, _ in first }
            }
        }

        /// A port that nobody but root may bind, and that nobody has.
        private func lowPort() throws -> UInt16 {
            let ports = (UInt16(600)..<1024).shuffled()
            let free = ports.first { (try? Socket.bound(to: .ip(.loopbackV4, port: $0))) != nil }
            return try #require(free)
        }

        @Test(
            "are gone in every thread, and a low port can be had only when that was asked for",
            arguments: [(false, "0000000000000000"), (true, "0000000000000400")])
        func gone(keepsBind: Bool, set: String) throws {
            guard let nobody = unsafe getpwnam("nobody") else {
                throw Program.Failed(description: "there is no user nobody")
            }
            let (user, group) = unsafe (nobody.pointee.pw_uid, nobody.pointee.pw_gid)
            let echo = try LocalChannel.echo()
            let port = try lowPort()
            let daemon = try daemon(
                "user: nobody" + (keepsBind ? ", keep-bind: true" : ""),
                listen: "127.0.0.1:\(port)", channel: "\(echo.endpoint)",
                options: ["--pid-file", directory("d.pid")])
            let threads = try threads(of: daemon)
            #expect(threads.count >= 3)
            for thread in threads {
                func words(_ key: String) -> [String] {
                    (thread[key] ?? "").split { $0 == "\t" || $0 == " " }.map(String.init)
                }
                #expect(words("Uid") == Array(repeating: "\(user)", count: 4))
                #expect(words("Gid") == Array(repeating: "\(group)", count: 4))
                #expect(!words("Groups").contains("0"))
                for key in ["CapPrm", "CapEff", "CapBnd"] { #expect(thread[key] == set, "\(key)") }
                for key in ["CapInh", "CapAmb"] { #expect(thread[key] == "0000000000000000") }
                #expect(thread["NoNewPrivs"] == "1")
            }
            let client = try daemon.client()
            try client.send("hello")
            #expect(try client.receive(exactly: 5) == Array("hello".utf8))
            let line = "create listener web 127.0.0.1:\(try lowPort())"
            if keepsBind {
                try daemon.ask(line)
            } else {
                #expect(throws: UnexpectedReply.self) { try daemon.ask(line) }
            }
            // The file is root's alone, as is the directory.
            try daemon.waitForLine(
                "proxyd.yaml is not readable any more, so it cannot be reloaded for user nobody")
            try daemon.stop()
            // What cannot be taken away is left so that nobody is misled, and the next one takes it over.
            #expect(directory.read("d.pid").isEmpty)
            let socket = try FileManager.default.attributesOfItem(
                atPath: directory("control.sock"))
            #expect(socket[.ownerAccountID] as? UInt32 ?? UInt32.max == user)
            let next = try self.daemon(
                "user: nobody", options: ["--pid-file", directory("d.pid")])
            try next.stop()
        }

        @Test("another root directory, and what is out of reach in it")
        func chroot() throws {
            let jail = directory("jail")
            try FileManager.default.createDirectory(
                atPath: jail, withIntermediateDirectories: false)
            let echo = try LocalChannel.echo()
            let daemon = try daemon(
                "user: nobody, chroot: \(jail)", channel: "localhost:\(echo.endpoint.port)",
                probe: "/bin/true")
            let root = try FileManager.default.destinationOfSymbolicLink(
                atPath: "/proc/\(daemon.program.pid)/root")
            #expect(root == jail)
            for words in [
                "privileges: /bin/true in \(jail) cannot be run for user nobody: No such file",
                "proxyd.yaml in \(jail) is not readable any more, so it cannot be reloaded",
                "in \(jail) there is no /etc/resolv.conf, so names do not resolve again",
            ] { try daemon.waitForLine(words) }
            try daemon.stop()
        }

        @Test("a reload says that they take a restart")
        func reload() throws {
            directory.open(mode: 0o755)
            let daemon = try daemon("user: nobody")
            let text = directory.read("proxyd.yaml")
            try directory.write(
                text.replacingOccurrences(of: "user: nobody", with: "user: daemon"),
                to: "proxyd.yaml")
            let (attributes, _) = try daemon.ask("reload")
            #expect(attributes["restart"] == "privileges.user")
            try daemon.stop()
        }

        @Test(
            "what cannot be done ends the start, and leaves nothing behind",
            arguments: [
                ("chroot: /no/such/directory", [], 71, "chroot: No such file or directory"),
                (
                    "user: daemon", ["setpriv", "--reuid", "65534", "--clear-groups"], 77,
                    "only root can become user daemon"
                ),
            ] as [(String, [String], Int, String)])
        func impossible(
            privileges: String, prefix: [String], code: Int, words: String
        ) throws {
            // The other user has to get at the file.
            directory.open(mode: 0o755)
            let file = try directory.write(
                """
                control: { socket: "\(directory("control.sock"))" }
                privileges: { \(privileges) }
                services: [ { listen: ["127.0.0.1:0"], channels: ["127.0.0.1:9"] } ]
                """, to: "proxyd.yaml")
            let program = try Program(
                [Daemon.binary, "run", file], prefix: prefix, in: directory)
            #expect(try program.waitForEnd() == code, "\(program.errors)")
            #expect(program.errors.contains(words), "\(program.errors)")
            #expect(!FileManager.default.fileExists(atPath: directory("control.sock")))
        }
    }

    /// The first process of a container.
    @Suite("first process", .enabled(if: Container.isPossible), .timeLimit(.minutes(5)))
    struct FirstProcessTests {
        /// Processes whose parent is this one, with their states.
        private func children(of pid: pid_t) -> [(pid: pid_t, state: String)] {
            let text = try? String(
                contentsOfFile: "/proc/\(pid)/task/\(pid)/children", encoding: .utf8)
            return (text ?? "").split(separator: " ").compactMap { word in
                guard let child = pid_t(word),
                    let stat = try? String(contentsOfFile: "/proc/\(child)/stat", encoding: .utf8),
                    let rest = stat.split(separator: ")").last,
                    let state = rest.split(separator: " ").first
                else { return nil }
                return (child, String(state))
            }
        }

        @Test("orphans are put away, and our own are asked how they ended")
        func orphans() throws {
            let directory = try TemporaryDirectory()
            // Leaves a process behind that belongs to nobody, and ends it a little later.
            let script = try directory.write(
                "#!/bin/sh\nsetsid -f sleep 0.05\necho x >>'\(directory("runs"))'\nexit 3\n",
                to: "probe")
            _ = unsafe chmod(script, 0o755)
            let file = try directory.write(
                """
                control: { socket: "\(directory("control.sock"))" }
                services:
                - listen: ["127.0.0.1:0"]
                  channels:
                  - address: 127.0.0.1:9
                    probe: { kind: script, command: "\(script)", interval: 10ms, fast-interval: 10ms }
                """, to: "proxyd.yaml")
            let container = try Program(
                [Daemon.binary, "run", "--drain", "0s", file],
                prefix: Container.prefix, in: directory)
            try container.waitForLine("ready: ")
            let daemon = try #require(children(of: container.pid).first?.pid)
            try eventually("the script has run often") { directory.read("runs").utf8.count >= 60 }
            let client = try ControlClient(path: directory("control.sock"))
            guard case .ok(let attributes, _) = try client.ask("hello"),
                case .ok(_, let lines) = try client.ask("show channels")
            else {
                Issue.record("no answer")
                return
            }
            #expect(attributes["pid"] == "1")
            #expect(lines.contains { $0.contains("exit status 3") }, "\(lines)")
            // Thirty orphans have ended by now.
            #expect(children(of: daemon).count { $0.state == "Z" } < 5)
            kill(daemon, SIGTERM)
            #expect(try container.waitForEnd() == 0)
        }
    }

    /// Whoever has started us may have ignored what we need.
    @Suite("signals that were ignored", .timeLimit(.minutes(5)))
    struct IgnoredSignalTests {
        @Test("scripts can be asked how they ended all the same, and SIGTERM ends the daemon")
        func ignored() throws {
            let directory = try TemporaryDirectory()
            let daemon = try Daemon(
                """
                - listen: ["127.0.0.1:0"]
                  channels:
                  - address: 127.0.0.1:9
                    probe: { kind: script, command: /bin/false, interval: 10ms, fast-interval: 10ms }
                """,
                prefix: [
                    "perl", "-e",
                    "$SIG{$_} = 'IGNORE' for qw(CHLD TERM HUP QUIT PIPE); exec @ARGV",
                ], in: directory)
            try daemon.waitForChannel(0) { $0.state == .down }
            #expect(try daemon.ask("show channels").lines.contains { $0.contains("exit status 1") })
            try daemon.stop()
        }
    }
}

/// Processes of its own, as a container has.
enum Container {
    /// Who is not root needs users of its own for that, too.
    static let prefix =
        ["unshare"] + (getuid() == 0 ? [] : ["--user", "--map-root-user"])
        + ["--pid", "--fork", "--kill-child"]

    static let isPossible = (try? Program.run(prefix + ["true"])) != nil
}

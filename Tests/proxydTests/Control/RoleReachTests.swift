import Glibc
import Shared
import Testing

@testable import proxyd

/// What each role can make the daemon do that costs more than looking into its own memory.
@Suite("What a role reaches", .timeLimit(.untilHung))
struct RoleReachTests {
    /// What a command makes the daemon touch, at most, on behalf of whoever may give it.
    enum Reach {
        /// Its own memory.
        case memory
        /// What the workers have in theirs; they answer between two turns.
        case workers
        /// The configuration file, and the files that stand in it: none that the command names.
        case configuration
        /// Channels, by probes that stand in the configuration.
        case probes
        /// Sessions and switches of channels.
        case sessions
        /// Files, programs and sockets that the command names, and the daemon itself.
        case everything
    }

    private static let table: [String: (Peer.Role, Reach)] = [
        "hello": (.viewer, .memory), "help": (.viewer, .memory), "describe": (.viewer, .memory),
        "describe keys": (.viewer, .memory), "show services": (.viewer, .memory),
        "show listeners": (.viewer, .memory), "show tls": (.viewer, .memory),
        "show groups": (.viewer, .memory), "show channels": (.viewer, .workers),
        "show channel": (.viewer, .workers), "show workers": (.viewer, .workers),
        "show control": (.viewer, .memory), "show limits": (.viewer, .workers),
        "show sessions": (.viewer, .workers), "show session": (.viewer, .workers),
        "show config": (.viewer, .memory), "show debug": (.viewer, .memory),
        "show history": (.viewer, .memory), "show events": (.viewer, .memory),
        "events follow": (.viewer, .memory), "explain": (.viewer, .memory),
        "watch": (.viewer, .workers), "mrtg-bytes": (.viewer, .memory),
        "mrtg-conns": (.viewer, .memory), "metrics": (.viewer, .workers),
        "plan": (.viewer, .configuration), "diff": (.viewer, .configuration),
        "enable": (.operator, .sessions), "drain": (.operator, .sessions),
        "disable": (.operator, .sessions), "promote": (.operator, .sessions),
        "elect": (.operator, .sessions), "probe": (.operator, .probes),
        "begin": (.operator, .memory), "abort": (.operator, .memory),
        "intend": (.operator, .memory), "kill session": (.operator, .sessions),
        "kill sessions": (.operator, .sessions), "shed": (.operator, .sessions),
        "debug session": (.operator, .workers), "debug client": (.operator, .workers),
        "debug off": (.operator, .workers), "reset": (.operator, .memory),
        "set": (.admin, .everything), "set listener": (.admin, .everything),
        "create": (.admin, .everything), "create listener": (.admin, .everything),
        "create group": (.admin, .everything), "create service": (.admin, .everything),
        "remove": (.admin, .everything), "remove listener": (.admin, .everything),
        "commit": (.admin, .everything), "confirm": (.admin, .everything),
        "rollback": (.admin, .everything), "save": (.admin, .everything),
        "reload": (.admin, .everything), "drain-daemon": (.admin, .everything),
        "shutdown": (.admin, .everything), "upgrade": (.admin, .everything),
        "log reopen": (.admin, .everything), "dump": (.admin, .everything),
    ]

    @Test("every command has a role that fits what it reaches")
    func commands() {
        #expect(Set(CommandTable.entries.map(\.verb)) == Set(Self.table.keys))
        for entry in CommandTable.entries {
            #expect(Self.table[entry.verb]?.0 == entry.role, "\(entry.verb)")
        }
        for (verb, (role, reach)) in Self.table {
            switch reach {
            case .everything: #expect(role == .admin, "\(verb)")
            case .probes, .sessions: #expect(role >= .operator, "\(verb)")
            case .memory, .workers, .configuration: break
            }
        }
    }

    // MARK: Arguments

    private static func peer(_ role: Peer.Role) -> Peer {
        Peer(uid: 1000, pid: 1, program: "test", role: role)
    }

    private static let file = """
        services:
          - name: mail
            listen: ["127.0.0.1:0"]
            groups: [{name: main, channels: ["127.0.0.1:1"]}]
        """

    /// Every way to have a line looked at without making the change.
    private static func lines(naming path: String) -> [String] {
        let values = ["deny-file \(path)", "allow-file \(path)", path, "regex:\(path)"]
        var lines: [String] = []
        let things: [(String, KeySet)] = [
            ("set mail", .service), ("set mail/main", .group), ("set mail/main/0", .channel),
            ("set listener mail/0", .listener),
        ]
        for (verb, set) in things {
            for key in set.keys + set.settablePaths {
                lines += values.map { "plan \(verb) \(key) \"\($0)\"" }
            }
        }
        for (verb, set) in [
            ("create main 127.0.0.1:2", KeySet.channel),
            ("create listener mail 127.0.0.1:0", .listener),
            ("create group mail/new 127.0.0.1:2", .group),
            ("create service new listen=127.0.0.1:0 127.0.0.1:2", .service),
        ] {
            for key in set.keys { lines += values.map { "plan \(verb) \"\(key)=\($0)\"" } }
        }
        return lines
    }

    @Test(
        "no argument of a viewer or an operator opens a file, and no reply repeats one",
        arguments: [Peer.Role.viewer, .operator])
    func arguments(role: Peer.Role) throws {
        let folder = try TestFolder()
        try folder.write("TopSecret hunter2\n", to: "secret")
        #expect(unsafe mkfifo(folder.file("fifo"), 0o600) == 0)
        let daemon = try FakeDaemon.running(Self.file)
        var forbidden = 0
        for name in ["secret", "fifo"] {
            for line in Self.lines(naming: folder.file(name)) {
                for case .error(let code, let message) in try daemon.replies(
                    to: line, peer: Self.peer(role))
                {
                    if code == .forbidden { forbidden += 1 }
                    #expect(!message.contains("TopSecret"), "\(line)")
                    #expect(!message.contains("line 1"), "\(line)")
                    #expect(!message.contains("regular file"), "\(line)")
                }
            }
        }
        // access of service and listener, to be set and to be made, of both files, to allow and to deny.
        #expect(forbidden >= 16)
    }

    @Test("an admin is told the line that is wrong, and not what stands there")
    func admin() throws {
        let folder = try TestFolder()
        try folder.write("10.0.0.0/8\nTopSecret hunter2\n", to: "secret")
        #expect(unsafe mkfifo(folder.file("fifo"), 0o600) == 0)
        let daemon = try FakeDaemon.running(Self.file)
        let wrong = try daemon.refusal(
            "plan set mail access \"deny-file \(folder.file("secret"))\"")
        #expect(wrong.message.contains("line 2: not a network"))
        #expect(!wrong.message.contains("TopSecret"))
        let pipe = try daemon.refusal("plan set mail access \"deny-file \(folder.file("fifo"))\"")
        #expect(pipe.message.contains("not a regular file"))
    }

    @Test("a rule with a file that is in force stays when something else is planned")
    func kept() throws {
        let folder = try TestFolder()
        try folder.write("10.0.0.0/8\n", to: "list")
        let daemon = try FakeDaemon.running(
            Self.file + "\n    access: [{deny-file: \(folder.file("list"))}]\n")
        _ = unsafe unlink(folder.file("list"))
        let replies = try daemon.replies(to: "plan set mail grace 5s", peer: Self.peer(.viewer))
        guard case .ok(_, let lines)? = replies.first else { throw Missing("OK") }
        #expect(lines.count == 2)
    }

    @Test("of a file with mistakes only an admin hears what they are")
    func brokenFile() throws {
        let daemon = try FakeDaemon.running(Self.file)
        daemon.fileContents = Self.file + "\n    grace: TopSecret\n"
        for line in ["diff", "plan reload", "plan save"] {
            for case .error(_, let message) in try daemon.replies(
                to: line, peer: Self.peer(.viewer))
            {
                #expect(!message.contains("TopSecret"))
                #expect(message.contains("test.yaml:5"))
            }
            #expect(try daemon.refusal(line).message.contains("TopSecret"))
        }
    }

    @Test("a file that does not answer fails what reads files, and an admin alone is told which")
    func hanging() throws {
        let daemon = try FakeDaemon.running(Self.file)
        daemon.fileFailure = .init(.busy, "reading /mnt/far took longer than 10s")
        for line in [
            "diff", "plan reload", "plan save", "reload", "save",
            "set mail access \"deny-file /mnt/far\"", "plan set mail access deny-file /mnt/far",
            "create listener mail 127.0.0.1:0 \"access=deny-file /mnt/far\"",
        ] {
            let refusal = try daemon.refusal(line)
            #expect(refusal.code == .busy)
            #expect(refusal.message == "reading /mnt/far took longer than 10s", "\(line)")
        }
        for line in ["diff", "plan reload", "plan save"] {
            for case .error(let code, let message) in try daemon.replies(
                to: line, peer: Self.peer(.viewer))
            {
                #expect(code == .busy)
                #expect(!message.contains("/mnt/far"))
            }
        }
        guard case .ok = try daemon.reply(to: "set mail grace 5s") else { throw Missing("OK") }
    }

    @Test("secrets of probes are shown to nobody, saved, and a change of them is a change")
    func secrets() throws {
        func text(_ word: String) -> String {
            Self.file + """

                    probe:
                      - {kind: send-expect, steps: [{send: "AUTH \(word)\\r\\n"}, {expect: "+OK"}]}
                      - {kind: http, path: "/health?token=\(word)"}
                """
        }
        let daemon = try FakeDaemon.running(text("hunter2"))
        guard case .ok(_, let lines) = try daemon.reply(to: "show config") else {
            throw Missing("OK")
        }
        #expect(!lines.joined().contains("hunter2"))
        #expect(
            lines.contains { $0.contains("send: (hidden)") || $0.contains("send: \"(hidden)\"") })
        #expect(ConfigurationText.yaml(daemon.configuration).contains("hunter2"))
        var dumped = "\(daemon.configuration) \(String(reflecting: daemon.configuration))"
        dump(daemon.configuration, to: &dumped)
        #expect(!dumped.contains("hunter2"))
        // Nor as bytes.
        #expect(!dumped.contains("104, 117, 110, 116"))
        daemon.fileContents = text("hunter3")
        for line in ["diff", "plan reload"] {
            let rows = try daemon.table(line).table.rows
            #expect(!rows.isEmpty)
            #expect(!"\(rows)".contains("hunter"), "\(rows)")
        }
        let rows = try daemon.table("reload").table.rows
        #expect(!rows.isEmpty)
        #expect(!"\(rows)".contains("hunter"))
        #expect(ConfigurationText.yaml(daemon.configuration).contains("hunter3"))
        // What was read from `show config` is not a configuration.
        #expect(throws: ConfigurationErrors.self) {
            _ = try ConfigurationFile.parse(lines.joined(separator: "\n"), name: "f")
        }
    }
}

internal import Glibc
internal import Shared

/// A command of the control protocol, declared once: `help` and `describe` come from here, too.
struct CommandEntry: Sendable {
    /// One word or two, as they are typed.
    let verb: String
    /// What follows, for people and for completion.
    let arguments: String
    let mutates: Bool
    let role: Peer.Role
    let summary: String
    let run: @Sendable (ControlRequest) -> Void

    init(
        _ verb: String, _ arguments: String = "", mutates: Bool = false, role: Peer.Role = .viewer,
        _ summary: String, run: @escaping @Sendable (ControlRequest) -> Void
    ) {
        self.verb = verb
        self.arguments = arguments
        self.mutates = mutates
        self.role = role
        self.summary = summary
        self.run = run
    }
}

/// Every command there is.
enum CommandTable {
    static let entries: [CommandEntry] = [
        CommandEntry(
            "hello", "who this daemon is, and who you are to it", run: InfoCommands.hello),
        CommandEntry("help", "[COMMAND]", "this list, or one command", run: InfoCommands.help),
        CommandEntry("describe", "the commands, for programs", run: InfoCommands.describe),
        CommandEntry("show services", "every service", run: ShowCommands.services),
        CommandEntry("show listeners", "every listener", run: ShowCommands.listeners),
        CommandEntry("show groups", "every group", run: ShowCommands.groups),
        CommandEntry("show channels", "every channel", run: ShowCommands.channels),
        CommandEntry("show workers", "every data thread", run: ShowCommands.workers),
        CommandEntry(
            "show limits", "what is bounded, and how far it is used", run: ShowCommands.limits),
        CommandEntry(
            "show sessions",
            "[where FIELD OP VALUE [and …]] [sort [-]FIELD] [limit N] [offset N]",
            "running sessions, filtered and sorted here", run: SessionCommands.show),
        CommandEntry(
            "enable", "PATH [if-gen=N]", mutates: true, role: .operator,
            "let new sessions go there again", run: SwitchCommands.enable),
        CommandEntry(
            "drain", "PATH [if-gen=N]", mutates: true, role: .operator,
            "no new sessions; running ones end by themselves", run: SwitchCommands.drain),
        CommandEntry(
            "disable", "PATH [cut] [if-gen=N]", mutates: true, role: .operator,
            "no new sessions; cut ends the running ones too", run: SwitchCommands.disable),
        CommandEntry(
            "promote", "PATH [if-gen=N]", mutates: true, role: .operator,
            "make a channel the primary of its group", run: ElectionCommands.promote),
        CommandEntry(
            "elect", "SERVICE [if-gen=N]", mutates: true, role: .operator,
            "select the primaries of a service anew", run: ElectionCommands.elect),
        CommandEntry(
            "probe", "PATH", "look at channels now; the result is not counted",
            run: ProbeCommands.probe),
        CommandEntry(
            "set", "GROUP balance POLICY [OPTION=VALUE …] [if-gen=N]", mutates: true, role: .admin,
            "choose among the group's channels in another way", run: SetCommands.set),
        CommandEntry(
            "kill session", "ID", mutates: true, role: .operator, "end one session",
            run: SessionCommands.kill),
        CommandEntry(
            "shed", "PATH COUNT [RATE/s] [preview] [if-gen=N]", mutates: true, role: .operator,
            "end some sessions, the longest idle first, a few at a time", run: ShedCommand.run),
        CommandEntry(
            "explain", "CLIENT [SERVICE]",
            "which channel a client would get, and why not each of the others",
            run: ExplainCommand.run),
        CommandEntry("watch", "SECONDS COMMAND", "repeat a command until the next line comes") {
            $0.refuse(.usage, "watch SECONDS COMMAND")
        },
        CommandEntry(
            "dump",
            "ID|where FIELD OP VALUE … [sessions N] [text|hex|pcapng] [limit BYTES] [for DURATION]",
            role: .admin, "a live copy of what sessions move, until the next line comes",
            run: DumpCommand.run),
        CommandEntry("metrics", "everything counted, for Prometheus", run: Metrics.answer),
    ]

    /// Finds the command, sees whether this peer may, and runs it.
    static func run(_ request: ControlRequest) {
        guard let entry = entry(for: request.words) else {
            return request.refuse(.unknown, unknown(request.words))
        }
        let role = request.peer.role(daemonUser: geteuid())
        guard role >= entry.role else {
            return request.refuse(
                .forbidden, "“\(entry.verb)” needs the role \(entry.role.rawValue)")
        }
        var request = request
        request.words.removeFirst(entry.verb.split(separator: " ").count)
        if entry.mutates {
            guard checkGeneration(&request) else { return }
        }
        entry.run(request)
    }

    static func entry(for words: [String]) -> CommandEntry? {
        entries.first { entry in
            words.starts(with: entry.verb.split(separator: " ").map(String.init))
        }
    }

    /// `if-gen=N`: only if nothing has changed since the caller looked.
    private static func checkGeneration(_ request: inout ControlRequest) -> Bool {
        let prefix = "if-gen="
        guard let index = request.words.firstIndex(where: { $0.hasPrefix(prefix) }) else {
            return true
        }
        let text = request.words.remove(at: index).dropFirst(prefix.count)
        guard let expected = UInt64(text) else {
            request.refuse(.usage, "“\(text)” is no generation; write if-gen=NUMBER")
            return false
        }
        let present = request.daemon.share.generation
        guard expected == present else {
            request.refuse(
                .conflict, "the generation is \(present), not \(expected); look again first")
            return false
        }
        return true
    }

    private static func unknown(_ words: [String]) -> String {
        let verb = words.first ?? ""
        let kin = entries.filter { $0.verb.hasPrefix(verb + " ") }
        if !kin.isEmpty {
            let list = kin.map(\.verb).joined(separator: ", ")
            return words.count == 1
                ? "“\(verb)” what? There are: \(list)"
                : "no command “\(words.prefix(2).joined(separator: " "))”; there are: \(list)"
        }
        return "no command “\(verb.prefix(40))”; “help” lists them"
    }
}

extension CommandEntry {
    /// A command without arguments.
    fileprivate init(
        _ verb: String, _ summary: String, run: @escaping @Sendable (ControlRequest) -> Void
    ) {
        self.init(verb, "", summary, run: run)
    }
}

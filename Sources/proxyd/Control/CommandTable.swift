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
    /// Says what `run` would do (`plan`), where it changes something.
    let plan: (@Sendable (ControlRequest) -> Void)?
    /// Whether it may stand between `begin` and `commit`, or ends the transaction.
    let isTransactional: Bool

    init(
        _ verb: String, _ arguments: String = "", mutates: Bool = false, role: Peer.Role = .viewer,
        _ summary: String, isTransactional: Bool = false,
        plan: (@Sendable (ControlRequest) -> Void)? = nil,
        run: @escaping @Sendable (ControlRequest) -> Void
    ) {
        self.plan = plan
        self.isTransactional = isTransactional
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
        CommandEntry(
            "describe keys", "what set may change, by what it is of, for programs",
            run: InfoCommands.describeKeys),
        CommandEntry("describe", "the commands, for programs", run: InfoCommands.describe),
        CommandEntry("show services", "every service", run: ShowCommands.services),
        CommandEntry("show listeners", "every listener", run: ShowCommands.listeners),
        CommandEntry(
            "show tls", "certificates and handshakes of listeners and channels that speak TLS",
            run: TLSCommand.show),
        CommandEntry("show groups", "every group", run: ShowCommands.groups),
        CommandEntry(
            "show channels", "[PATH]", "every channel, or those of a service or group",
            run: ShowCommands.channels),
        CommandEntry(
            "show channel", "PATH", "one channel in detail, with its last errors",
            run: ShowChannel.run),
        CommandEntry("show workers", "every data thread", run: ShowCommands.workers),
        CommandEntry(
            "show control", "who is at the control socket, and what they are about to change",
            run: PresenceCommands.show),
        CommandEntry(
            "show limits", "what is bounded, and how far it is used", run: ShowCommands.limits),
        CommandEntry(
            "show sessions",
            "[where FIELD OP VALUE [and …]] [sort [-]FIELD] [limit N] [offset N]",
            "running sessions, filtered and sorted here", run: SessionCommands.show),
        CommandEntry(
            "show session", "ID", "everything that is known of one session",
            run: SessionCommands.showOne),
        CommandEntry(
            "enable", "PATH [if-gen=N]", mutates: true, role: .operator,
            "let new sessions go there again", isTransactional: true,
            plan: SwitchCommands.planEnable, run: SwitchCommands.enable),
        CommandEntry(
            "drain", "PATH [if-gen=N]", mutates: true, role: .operator,
            "no new sessions; running ones end by themselves", isTransactional: true,
            plan: SwitchCommands.planDrain, run: SwitchCommands.drain),
        CommandEntry(
            "disable", "PATH [cut] [if-gen=N]", mutates: true, role: .operator,
            "no new sessions; cut ends the running ones too", isTransactional: true,
            plan: SwitchCommands.planDisable, run: SwitchCommands.disable),
        CommandEntry(
            "promote", "PATH [if-gen=N]", mutates: true, role: .operator,
            "make a channel the primary of its group", plan: ElectionCommands.planPromote,
            run: ElectionCommands.promote),
        CommandEntry(
            "elect", "SERVICE [if-gen=N]", mutates: true, role: .operator,
            "select the primaries of a service anew", plan: ElectionCommands.planElect,
            run: ElectionCommands.elect),
        CommandEntry(
            "probe", "PATH", role: .operator, "look at channels now; the result is not counted",
            run: ProbeCommands.probe),
        edit(.setListener, "change one key of a listener"),
        edit(.set, "change one key of a channel, group or service, as it stands in the file"),
        edit(.createListener, "listen at another address"),
        edit(.createGroup, "another group, tried after those that are there"),
        edit(.createService, "another service"),
        edit(.create, "another channel; it takes sessions unless enabled=false"),
        edit(
            .removeListener,
            "listen there no more; running sessions go on unless on-remove ends them"),
        edit(.remove, "take a channel, group or service away; cut ends its sessions too"),
        CommandEntry(
            "begin", "", mutates: true, role: .operator,
            "open a transaction: the next changes are made together by commit",
            isTransactional: true, plan: { PlanCommand.answer($0, []) }, run: ChangeCommands.begin),
        CommandEntry(
            "commit", "[cut] [confirm TIME] [if-gen=N]", mutates: true, role: .admin,
            "make the transaction’s changes; undo them after TIME unless confirmed",
            isTransactional: true, plan: ChangeCommands.planCommit, run: ChangeCommands.commit),
        CommandEntry(
            "abort", "", mutates: true, role: .operator, "drop the transaction",
            isTransactional: true, plan: { PlanCommand.answer($0, []) }, run: ChangeCommands.abort),
        CommandEntry(
            "confirm", "", mutates: true, role: .admin, "keep a change that waits to be confirmed",
            plan: { PlanCommand.answer($0, []) }, run: ChangeCommands.confirm),
        CommandEntry(
            "rollback", "", mutates: true, role: .admin, "undo a change that waits to be confirmed",
            plan: ChangeCommands.planRollBack, run: ChangeCommands.rollBack),
        CommandEntry(
            "plan", "LINE", "what a line that changes something would do, without doing it",
            run: PlanCommand.run),
        CommandEntry(
            "intend", "[PATH …]", role: .operator,
            "tell others what you are about to change; nothing: no more",
            run: PresenceCommands.intend),
        CommandEntry(
            "show config", "the running configuration, as a file", run: FileCommands.showConfig),
        CommandEntry("diff", "what differs between the file and what runs", run: FileCommands.diff),
        CommandEntry(
            "save", "", mutates: true, role: .admin,
            "write the running configuration to the file; the old one stays as .bak",
            plan: FileCommands.planSave, run: FileCommands.save),
        CommandEntry(
            "reload", "[if-gen=N]", mutates: true, role: .admin,
            "take the file again; what did not change is not touched",
            plan: FileCommands.planReload, run: FileCommands.reload),
        CommandEntry(
            "drain-daemon", "[TIME]", mutates: true, role: .admin,
            "accept no new sessions, and end with the last session, or after TIME",
            plan: DaemonCommands.planDrain, run: DaemonCommands.drain),
        CommandEntry(
            "shutdown", "", mutates: true, role: .admin, "end every session and the daemon",
            plan: DaemonCommands.planShutdown, run: DaemonCommands.shutdown),
        CommandEntry(
            "upgrade", "[TIME]", mutates: true, role: .admin,
            "start the program again; within TIME (30s) it takes over every session, or nothing happens",
            plan: DaemonCommands.planUpgrade, run: DaemonCommands.upgrade),
        CommandEntry(
            "log reopen", "", mutates: true, role: .admin, "open the log files again",
            plan: { PlanCommand.answer($0, []) }, run: DaemonCommands.reopenLog),
        CommandEntry(
            "kill session", "ID", mutates: true, role: .operator, "end one session",
            plan: { PlanCommand.answer($0, [["daemon", "sessions_cut", "1", "0"]]) },
            run: SessionCommands.kill),
        CommandEntry(
            "kill sessions", "where FIELD OP VALUE [and …] [preview] [if-gen=N]", mutates: true,
            role: .operator, "end all sessions that match; preview ends none",
            plan: { request in
                var request = request
                request.words.append("preview")
                SessionCommands.killMany(request)
            }, run: SessionCommands.killMany),
        CommandEntry(
            "shed", "PATH COUNT [RATE/s] [preview] [if-gen=N]", mutates: true, role: .operator,
            "end some sessions, the longest idle first, a few at a time",
            plan: { request in
                var request = request
                request.words.append("preview")
                ShedCommand.run(request)
            }, run: ShedCommand.run),
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
        CommandEntry(
            "debug session", "ID [for TIME]", role: .operator,
            "tell in the log what happens to one session", run: DebugCommands.session),
        CommandEntry(
            "debug client", "ADDRESS|NETWORK [for TIME]", role: .operator,
            "tell in the log what happens to the sessions of these clients",
            run: DebugCommands.client),
        CommandEntry(
            "debug off", "", role: .operator, "debug nothing any more", run: DebugCommands.off),
        CommandEntry("show debug", "what is debugged, and by whom", run: DebugCommands.show),
        CommandEntry(
            "show history", "PATH [since AGE] [step 1s|10s]",
            "what a channel or a service did lately", run: HistoryCommand.run),
        CommandEntry(
            "show events", "[since N] [where FIELD OP VALUE [and …]] [limit N]",
            "what has happened, and who did it", run: EventCommands.show),
        CommandEntry(
            "events follow", "[since N] [where FIELD OP VALUE [and …]]",
            "what happens, as it happens, until the next line comes"
        ) { $0.refuse(.usage, "events follow is a request of its own") },
        CommandEntry(
            "reset", "PATH [if-gen=N]", mutates: true, role: .operator,
            "tables count from now on; metrics go on",
            plan: CounterCommands.planReset, run: CounterCommands.reset),
        CommandEntry(
            "mrtg-bytes", "PATH", "received, sent, for MRTG", run: CounterCommands.mrtgBytes),
        CommandEntry(
            "mrtg-conns", "PATH", "sessions, for MRTG", run: CounterCommands.mrtgSessions),
        CommandEntry("metrics", "everything counted, for Prometheus", run: MetricsCommand.answer),
    ]

    private static func edit(_ verb: ConfigurationEdit.Verb, _ summary: String) -> CommandEntry {
        let cut = verb == .remove ? " [cut]" : ""
        return CommandEntry(
            verb.rawValue, verb.arguments + cut + " [if-gen=N]", mutates: true, role: .admin,
            summary, isTransactional: true, plan: ChangeCommands.plan(verb),
            run: ChangeCommands.edit(verb))
    }

    /// Finds the command, sees whether this peer may, and runs it.
    static func run(_ request: ControlRequest) {
        guard let entry = entry(for: request.words) else {
            return request.refuse(.unknown, unknown(request.words))
        }
        let role = request.peer.role
        guard role >= entry.role else {
            return request.refuse(
                .forbidden,
                "“\(entry.verb)” needs the role \(entry.role.rawValue), and yours is \(role.rawValue)"
            )
        }
        var request = request
        request.words.removeFirst(entry.verb.split(separator: " ").count)
        if entry.mutates {
            guard checkGeneration(&request) else { return }
            guard entry.isTransactional || request.conversation.transaction == nil else {
                return request.refuse(
                    .conflict,
                    "“\(entry.verb)” cannot stand in a transaction; commit or abort it first")
            }
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
            request.refuse(.usage, "invalid generation “\(text)”; write if-gen=NUMBER")
            return false
        }
        let present = request.state.share.generation
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

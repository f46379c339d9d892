/// flopsy's messages.
struct FlopsyMessages: DialectMessages {
    /// A host that names no port, and can never be reached.
    struct Unreachable: Equatable, Sendable {
        var host: String
        /// The next host of the list that can be tried; nil behind the last.
        var next: String?
    }

    /// Where the triggers are, and how that was written.
    var triggers: (path: String, written: String)?
    var unreachable: [Unreachable] = []

    /// It says nothing but what follows here.
    func replaces(_ event: Event) -> Bool {
        switch event.kind {
        case .failed: [.trigger, .channel, .listener].contains(event.subject.kind)
        case .electing, .discarded, .vacant, .elected, .trigger, .allFailed, .refusing, .opened,
            .returned, .resolved, .unresolved, .ending:
            true
        default: false
        }
    }

    func lines(about step: ElectionStep) -> [String] {
        switch step {
        case .selects: ["selecting a new primary..."]
        case .tries(let host): tried(before: host) + ["trying host '\(host)'"]
        case .discards(let host, isReachable: false):
            ["host '\(host)' discarded because it is unreachable"]
        case .discards(let host, isReachable: true):
            ["host '\(host)' discarded because it failed the primary check"]
        case .selected(let host): ["host '\(host)' selected as the new primary"]
        case .runsTriggers(let host): ["running failover triggers on host '\(host)'"]
        case .runs(let path, let host): ["running trigger '\(written(path))' on host '\(host)'"]
        case .failed(let path, let outcome): [Self.words(for: outcome, of: written(path))]
        case .noTriggers(let path):
            ["path '\(written(path))' is neither a file nor a directory"]
        case .pauses(let pause):
            tried(before: nil) + [
                "no hosts available; sleeping for \(pause.components.seconds) seconds, "
                    + "then trying again"
            ]
        }
    }

    /// Hosts that need no connect to be found unreachable.
    private func tried(before host: String?) -> [String] {
        unreachable.filter { $0.next == host }.flatMap {
            ["trying host '\($0.host)'", "host '\($0.host)' discarded because it is unreachable"]
        }
    }

    /// A trigger as the command line has it.
    private func written(_ path: String) -> String {
        guard let triggers, path.hasPrefix(triggers.path) else { return path }
        let name = path.dropFirst(triggers.path.count).drop { $0 == "/" }
        if name.isEmpty { return triggers.written }
        return triggers.written + (triggers.written.hasSuffix("/") ? "" : "/") + name
    }

    private static func words(for outcome: ScriptResult.Outcome, of path: String) -> String {
        switch outcome {
        case .exited(let status): "trigger '\(path)' failed with status exit status: \(status)"
        case .signalled(let number):
            "trigger '\(path)' failed with status signal: \(number) (\(name(of: number)))"
        case .timedOut: "trigger '\(path)' failed with status signal: 9 (SIGKILL)"
        case .cannotStart(let number):
            "unable to call trigger '\(path)': \(SystemError.words(for: number)) (os error \(number))"
        }
    }

    private static func name(of signal: Int32) -> String {
        let names: [Int32: String] = [
            1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 6: "SIGABRT", 8: "SIGFPE",
            9: "SIGKILL", 11: "SIGSEGV", 13: "SIGPIPE", 14: "SIGALRM", 15: "SIGTERM",
        ]
        return names[signal] ?? "?"
    }
}

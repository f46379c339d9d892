/// flopsy's messages.
struct FlopsyMessages: DialectMessages {
    func replaces(_ event: Event) -> Bool {
        switch event.kind {
        case .electing, .discarded, .vacant, .elected, .trigger: true
        case .failed: event.subject.kind == .trigger
        default: false
        }
    }

    func lines(about step: ElectionStep) -> [String] {
        switch step {
        case .selects: ["selecting a new primary..."]
        case .tries(let host): ["trying host '\(host)'"]
        case .discards(let host, isReachable: false):
            ["host '\(host)' discarded because it is unreachable"]
        case .discards(let host, isReachable: true):
            ["host '\(host)' discarded because it failed the primary check"]
        case .selected(let host): ["host '\(host)' selected as the new primary"]
        case .runsTriggers(let host): ["running failover triggers on host '\(host)'"]
        case .runs(let path, let host): ["running trigger '\(path)' on host '\(host)'"]
        case .failed(let path, let outcome): [Self.words(for: outcome, of: path)]
        case .noTriggers(let path):
            ["unable to call trigger '\(path)': No such file or directory (os error 2)"]
        case .pauses(let pause):
            [
                "no hosts available; sleeping for \(pause.components.seconds) seconds, "
                    + "then trying again"
            ]
        }
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

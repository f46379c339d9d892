internal import Shared

/// The scripts of one group's election: the check of a candidate, and the triggers of a new primary, one after
/// the other.
final class ElectionScripts {
    private let group: Group
    private let service: Service
    private let runner: ScriptRunner
    private var running: ScriptRunner.Number?
    private var triggers: ArraySlice<String> = []

    init(_ group: Group, of service: Service, runner: ScriptRunner) {
        self.group = group
        self.service = service
        self.runner = runner
    }

    var isRunning: Bool { running != nil }

    func cancel() {
        if let running { runner.cancel(running) }
        running = nil
    }

    private func start(
        _ path: String, _ channel: Channel, _ timeout: Duration,
        then finish: @escaping (ScriptResult) -> Void
    ) {
        let job = ScriptJob(
            path: path, arguments: ["\(channel.endpoint)"],
            environment: [
                "PROXYD_SERVICE": service.name, "PROXYD_GROUP": group.name,
                "PROXYD_CHANNEL": channel.name,
            ], timeout: timeout)
        running = runner.start(job, now: .now) { [weak self] result in
            self?.running = nil
            finish(result)
        }
    }

    /// `finish` gets why the candidate will not do; nil: it will.
    func check(
        _ channel: Channel, with path: String, within timeout: Duration,
        then finish: @escaping (String?) -> Void
    ) {
        start(path, channel, timeout) { result in
            finish(result.isSuccess ? nil : "check: \(result.outcome)\(result.said)")
        }
    }

    /// Whatever becomes of one trigger, the next is run.
    func runTriggers(
        _ files: [String], on channel: Channel, within timeout: Duration,
        for audience: (any ElectionAudience)?, then finish: @escaping () -> Void
    ) {
        triggers = files[...]
        runNextTrigger(on: channel, timeout, audience, finish)
    }

    private func runNextTrigger(
        on channel: Channel, _ timeout: Duration, _ audience: (any ElectionAudience)?,
        _ finish: @escaping () -> Void
    ) {
        guard let path = triggers.popFirst() else { return finish() }
        let subject = Event.Subject(kind: .trigger, name: path)
        audience?.emit(
            Event(
                .info, .trigger, of: subject, because: "\(channel.path) becomes primary",
                line: "trigger \(path) runs: \(channel.path) \(channel.endpoint) becomes primary"))
        audience?.handle(.runs(trigger: path, host: "\(channel.endpoint)"))
        start(path, channel, timeout) { [weak self, weak audience] result in
            if !result.isSuccess {
                audience?.handle(.failed(trigger: path, result.outcome))
                let why = "\(result.outcome)\(result.said)"
                audience?.emit(
                    Event(
                        .error, .failed, of: subject, because: why,
                        line: "trigger \(path) failed: \(why)"))
            }
            self?.runNextTrigger(on: channel, timeout, audience, finish)
        }
    }
}

extension ScriptResult {
    /// Its last line, to stand behind the outcome.
    var said: String {
        guard let line = tail.split(separator: "\n").last else { return "" }
        return ", it said: \(line.prefix(200))"
    }
}

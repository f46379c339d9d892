internal import Shared

/// Commands about the daemon as a whole.
enum DaemonCommands {
    /// `drain-daemon [TIME]`: no new clients; ends when the last session has, or the time is over.
    static func drain(_ request: ControlRequest) {
        var deadline: Duration?
        if let word = request.words.first {
            guard request.words.count == 1, let age = Age(word), age.milliseconds <= 604_800_000
            else {
                return request.refuse(.usage, "drain-daemon [TIME], as in drain-daemon 10m")
            }
            deadline = age.duration
        }
        request.lifecycle.drain(within: deadline, by: request.peer.actor)
        request.answer([], [sessions(request)])
    }

    static func planDrain(_ request: ControlRequest) {
        var table = PlanCommand.emptyTable
        let count = request.state.share.admission.current
        table.append([
            "daemon", "listeners_open", String(request.state.topology.listeners.count), "0",
        ])
        table.append(["daemon", "sessions_kept", String(count), String(count)])
        request.answer(table)
    }

    /// `shutdown`: every session ends, and so does the daemon.
    static func shutdown(_ request: ControlRequest) {
        guard request.words.isEmpty else { return request.refuse(.usage, "shutdown stands alone") }
        request.answer([], [sessions(request)])
        request.lifecycle.shutDown(by: request.peer.actor)
    }

    static func planShutdown(_ request: ControlRequest) {
        var table = PlanCommand.emptyTable
        let count = request.state.share.admission.current
        table.append(["daemon", "sessions_cut", String(count), "0"])
        request.answer(table)
    }

    /// `upgrade [TIME]`: the program is started again, from where it was started before, and takes over every
    /// session, if it gets ready within the time.
    static func upgrade(_ request: ControlRequest) {
        var time = UpgradeAttempt.standardTime
        if let word = request.words.first {
            guard request.words.count == 1, let age = Age(word),
                (100...600_000).contains(age.milliseconds)
            else {
                return request.refuse(
                    .usage, "upgrade [TIME], from 100ms to 10m, as in upgrade 30s")
            }
            time = age.duration
        }
        request.lifecycle.upgrade(within: time, by: request.peer.actor) { result in
            switch result {
            case .success(let outcome):
                request.answer(
                    [],
                    [
                        Reply.Attribute("pid", String(outcome.process)),
                        Reply.Attribute("version", outcome.version),
                        Reply.Attribute("sessions", String(outcome.sessions)),
                        Reply.Attribute("left", String(outcome.left)),
                        Reply.Attribute(
                            "pause_us",
                            outcome.pause.map { String($0 / 1000) } ?? Table.absent),
                    ])
            case .failure(let mistake): request.refuse(mistake)
            }
        }
    }

    static func planUpgrade(_ request: ControlRequest) {
        var table = PlanCommand.emptyTable
        let count = request.state.share.admission.current
        table.append(["daemon", "sessions_kept", String(count), String(count)])
        request.answer(table)
    }

    /// After log files were moved away: lines go into new ones from now on.
    static func reopenLog(_ request: ControlRequest) {
        guard request.words.isEmpty else {
            return request.refuse(.usage, "log reopen stands alone")
        }
        request.changes.reopenLogs { count, problem in
            if let problem {
                return request.refuse(.invalid, "\(problem); lines go into the old file")
            }
            request.answer([], [Reply.Attribute("reopened", String(count))])
        }
    }

    private static func sessions(_ request: ControlRequest) -> Reply.Attribute {
        Reply.Attribute("sessions", String(request.state.share.admission.current))
    }
}

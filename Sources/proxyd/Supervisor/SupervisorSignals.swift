internal import Glibc
internal import Shared

/// What the daemon does when a signal comes.
extension Supervisor {
    func handleSignals() {
        while let arrival = signals.next() {
            let signal = arrival.number
            guard signal != SIGCHLD else {
                signals.reaper.childEnded(now: now)
                continue
            }
            guard !upgrades.isRetired else {
                upgrades.passOn(arrival)
                continue
            }
            if let pidPipe = upgrades.pidPipe, !pidPipe.isOurs,
                signals.isEcho(arrival, now: now)
            {
                continue
            }
            let meaning = core.options.dialect?.signals[signal] ?? DaemonSignals.meaning(of: signal)
            if meaning == .drain || meaning == .end { core.endingSignal = signal }
            handle(meaning, DaemonSignals.name(of: signal))
        }
    }

    private func handle(_ meaning: SignalMeaning, _ name: String) {
        switch meaning {
        case .reload:
            logs.reopen(because: name)
            // What has no file does not miss one, in another program's ways.
            if core.options.dialect == nil || core.options.dialect?.reload != nil {
                reload(because: name)
            }
        case .reopenLogs: logs.reopen(because: name)
        case .dumpState: dumpState()
        case .upgrade: upgrades.start(within: UpgradeAttempt.standardTime, because: name) { _ in }
        case .drain where !drainage.isUnderWay:
            startDrain(within: core.options.drain, because: name)
            drainage.meetDeadlines(now: now)
        case .drain, .end:
            core.events.emit(.notice, .ending, of: .daemon, because: name, "\(name): ending")
            core.isStopping = true
        }
    }

    /// The log has the outcome for the sender of the signal.
    private func reload(because name: String) {
        manager?.notifyReloading(now: now)
        Reload.run(on: self, by: nil) { [unowned self] result in
            defer { manager?.notifyReady(summary) }
            switch result {
            case .success(let reload):
                let count = reload.difference.rows.count
                let later =
                    reload.later.isEmpty
                    ? "" : "; these take a restart: \(reload.later.joined(separator: " "))"
                let certificates =
                    reload.certificates.isEmpty
                    ? "" : "; other certificates: \(reload.certificates.joined(separator: " "))"
                core.events.emit(
                    .notice, .reloaded, of: .daemon, to: String(count), because: name,
                    "\(name): reloaded, \(count) differences\(certificates)\(later)")
            case .failure(let mistake):
                core.events.emit(
                    .error, .reloaded, of: .daemon, because: mistake.message,
                    "\(name): nothing was changed: \(mistake.message)")
            }
        }
    }

    /// Everything that one would ask first, a line each, as often as it is asked for.
    private func dumpState() {
        func line(_ text: String) { Log.line(text, .notice, deduplicationKey: nil) }
        line(
            "state: generation \(share.generation), \(share.admission.current) of "
                + "\(limits.sessions) sessions, \(share.workers.count) workers")
        for service in topology.services {
            for listener in service.listeners {
                line(
                    "state: listener \(listener.path) \(listener.endpoint) "
                        + "\(listener.isOpen ? "open" : "closed"), \(listener.current) sessions")
            }
            for channel in service.channels {
                let note = channel.note(now: now)
                let why = note.why.map { ": \($0)" } ?? ""
                let maxc = channel.maxc.map { " of \($0)" } ?? ""
                line(
                    "state: channel \(channel.path) \(channel.endpoint) "
                        + "\(channel.state(now: now).rawValue) for "
                        + "\(Age(milliseconds: now.milliseconds(since: note.since)))\(why), "
                        + "\(channel.current)\(maxc) sessions")
            }
        }
    }
}

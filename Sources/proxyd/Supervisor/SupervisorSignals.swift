internal import Glibc
internal import Shared

/// What signals mean to the daemon.
enum SupervisorSignals {
    /// SIGCHLD for the first process of a container, which gets everybody's orphans, and for what stays of a
    /// daemon that was upgraded: a thread that does not block it would take it from whoever waits for it.
    static let all = [SIGTERM, SIGQUIT, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD]

    static func meaning(of signal: CInt) -> SignalMeaning {
        switch signal {
        case SIGTERM, SIGQUIT: .drain
        case SIGHUP: .reload
        case SIGUSR1: .dumpState
        case SIGUSR2: .upgrade
        default: .end
        }
    }

    static func name(of signal: CInt) -> String {
        switch signal {
        case SIGTERM: "SIGTERM"
        case SIGQUIT: "SIGQUIT"
        case SIGINT: "SIGINT"
        case SIGHUP: "SIGHUP"
        case SIGUSR2: "SIGUSR2"
        default: "SIGUSR1"
        }
    }
}

extension Supervisor {
    func takeSignals() {
        while let arrival = signals.nextWithSender() {
            let signal = arrival.number
            if let retirement, signal != SIGCHLD {
                passOn(arrival, after: retirement)
                continue
            }
            guard !isEcho(arrival) else { continue }
            let name = SupervisorSignals.name(of: signal)
            guard signal != SIGCHLD else {
                if getpid() == 1 { reapAt = now }
                continue
            }
            switch options.dialect?.signals[signal] ?? SupervisorSignals.meaning(of: signal) {
            case .reload:
                reopenLogs(because: name)
                // What has no file does not miss one, in another program's ways.
                if options.dialect == nil || options.dialect?.reload != nil {
                    reload(because: name)
                }
            case .reopenLogs: reopenLogs(because: name)
            case .dumpState: dumpState()
            case .upgrade:
                upgrade(within: UpgradeAttempt.standardTime, because: name) { _ in }
            case .drain where draining == nil:
                drain(within: options.drain, because: name)
                endIfDrained()
            case .drain, .end:
                tell(.notice, .ending, of: .daemon, because: name, "\(name): ending")
                isStopping = true
            }
        }
    }

    /// Who ends a whole group of processes at once tells us twice: directly, and through the one that stands
    /// where the daemon was started. That is no second signal.
    private func isEcho(_ arrival: SignalSource.Arrival) -> Bool {
        guard let post, !post.isOurs else { return false }
        let isPassedOn = arrival.sender == getppid()
        defer { lastSignal = (arrival.number, isPassedOn, now) }
        guard let last = lastSignal, last.number == arrival.number else { return false }
        return last.isPassedOn != isPassedOn && now.milliseconds(since: last.at) < 1000
    }

    /// The signal tells of many at once, and does not come again for those that wait behind one of our own.
    func reapIfDue() {
        guard let due = reapAt, due <= now else { return }
        reapAt = Spawn.reapStrangers() ? now.advanced(by: Self.reapInterval) : nil
    }

    private static let reapInterval = Duration.milliseconds(20)

    /// Whoever sent the signal sees in the log what came of it.
    private func reload(because name: String) {
        manager?.tellReloading(now: now)
        Reload.run(on: self, by: nil) { [unowned self] result in
            defer { manager?.tellReady(summary) }
            switch result {
            case .success(let reload):
                let count = reload.difference.rows.count
                let later =
                    reload.later.isEmpty
                    ? "" : "; these take a restart: \(reload.later.joined(separator: " "))"
                let certificates =
                    reload.certificates.isEmpty
                    ? "" : "; other certificates: \(reload.certificates.joined(separator: " "))"
                tell(
                    .notice, .reloaded, of: .daemon, to: String(count), because: name,
                    "\(name): reloaded, \(count) differences\(certificates)\(later)")
            case .failure(let mistake):
                tell(
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

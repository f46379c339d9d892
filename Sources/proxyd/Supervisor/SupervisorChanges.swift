internal import Shared

extension Supervisor: Daemon, ScrapeSource {
    var file: String? { options.file }

    func write(_ text: String, to path: String, then finish: @escaping (SystemError?) -> Void) {
        replace(path, with: Array(text.utf8), .configuration, then: finish)
    }

    /// Puts other bytes in a file's place, on another thread.
    func replace(
        _ path: String, with bytes: [UInt8], _ purpose: FileReplacement.Purpose,
        then finish: @escaping (SystemError?) -> Void
    ) {
        questionNumber += 1
        let number = questionNumber
        questions[number] = Question(missing: 1) { answers in
            guard case .written(let error) = answers.first else { return }
            finish(error)
        }
        let notices = share.notices
        do throws(SystemError) {
            try Thread.detached(name: "save") {
                do throws(SystemError) {
                    try FileReplacement.write(bytes, to: path, purpose)
                    notices.post(.answer(.written(nil), question: number))
                } catch {
                    notices.post(.answer(.written(error), question: number))
                }
            }
        } catch {
            questions[number] = nil
            finish(error)
        }
    }

    func reload() throws(ConfigurationErrors) -> Configuration? { try options.reload() }
}

extension Supervisor: TopologyAudience {
    func prepare(_ configuration: Configuration) throws(StartError) {
        try logs.prepare(configuration.log)
    }

    func lookUp(_ names: [Endpoint], then finish: @escaping (WorkerReply) -> Void) {
        questionNumber += 1
        questions[questionNumber] = Question(missing: 1) { answers in
            if let answer = answers.first { finish(answer) }
        }
        self.names.lookUp(names, question: questionNumber)
    }

    func topologyChanged(
        _ difference: ConfigurationDifference, by actor: Actor?, removed: [Channel]
    ) {
        for row in difference.rows { tell(Event(row, by: actor)) }
        logs.commit()
        limits = DaemonLimits(
            descriptors: limits.descriptors, wanted: configuration.maxSessions)
        share.admission.setLimit(limits.sessions)
        for channel in removed { unresolved.remove(channel.serial) }
        if !removed.isEmpty {
            for worker in share.workers { worker.mailbox.post(.forget(removed.map(\.serial))) }
        }
        share.raiseGeneration()
        elections.follow(topology)
        prober.watch(topology.channels, now: now)
        names.follow(topology)
        followUnbound()
        if draining != nil { sockets = [] }
        listen()
        channelsChanged()
    }

    func cut(_ channels: [Channel], then finish: @escaping (Int) -> Void) {
        let serials = Set(channels.map(\.serial))
        ask({ .cutChannels(serials: serials, question: $0) }) { finish($0.cutCount) }
    }
}

extension Supervisor {
    /// Sessions of what was removed, and until when they may run.
    struct Leavers {
        var due: Instant
        var removal: Reconfiguration.Removal
    }

    func end(
        _ removals: [Reconfiguration.Removal], then finish: @escaping (Int) -> Void
    ) {
        let serials = Set(
            removals.flatMap { $0.channels.map(\.serial) + $0.listeners.map(\.serial) })
        ask({ .cutRemoved(serials: serials, question: $0) }) { finish($0.cutCount) }
    }

    func end(_ removal: Reconfiguration.Removal, after time: Duration) {
        // One entry each that has sessions, so that there are never more of them than sessions.
        expiringSessions.removeAll { $0.removal.serialsInUse.isEmpty }
        guard !removal.serialsInUse.isEmpty else { return }
        expiringSessions.append(Leavers(due: now.advanced(by: time), removal: removal))
    }

    /// Whoever had time to leave and is still there is shown out.
    func endLeaversIfDue() {
        let due = expiringSessions.filter { $0.due <= now }.map(\.removal)
        guard !due.isEmpty else { return }
        expiringSessions.removeAll { $0.due <= now }
        end(due) { [unowned self] count in
            guard count > 0 else { return }
            tell(
                .notice, .cut, of: .daemon, to: "\(count) sessions", because: "removed",
                "\(count) sessions of what was removed are ended: their time is over (on-remove)")
        }
    }
}

extension Supervisor: ElectionAudience {
    func hear(_ step: ElectionStep) {
        guard let voice = options.dialect?.voice else { return }
        for line in voice.lines(about: step) { Log.verbatim(line) }
    }

    func electionChanged() {
        share.raiseGeneration()
        channelsChanged()
    }

    func supersede(_ channel: Channel) {
        for worker in share.workers { worker.mailbox.post(.supersede(channel.serial)) }
    }
}

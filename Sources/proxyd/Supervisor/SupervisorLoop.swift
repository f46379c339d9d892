internal import Glibc
internal import Shared

/// From the threads' start to the end of the process.
extension Supervisor {
    func startThreads() throws(StartError) {
        try logs.logs.start()
        try core.workers.start(core.options, pipeLimit: limits.pipes)
        listeners.reportUnbound()
        do throws(SystemError) {
            try names.start()
        } catch {
            throw StartError(code: .system, message: "cannot watch names: \(error)")
        }
        names.follow(topology)
        live.start(for: self)
    }

    /// Returns at once when there was no process before this one. When it has returned, everything is ours.
    func takeOver() throws(StartError) {
        guard takeovers.takeover != nil else { return }
        try takeovers.receiveState()
        metrics.statsd?.startFrom(topology)
        try takeovers.waitForGo()
        listeners.inherited.ownFiles()
        pidFile?.takeOver()
        upgrades.pidPipe?.sendOwnPID()
    }

    /// Clients are accepted from now on.
    func serve() {
        takeovers.adoptSessions(shedder, expiring)
        takeovers.reportRunning { [unowned self] number throws(SystemError) in
            try poller.add(number, Token(.upgrade, slot: 1), .readable)
        }
        // Where clients are refused until there is a primary, nothing listens yet.
        listeners.openOrClose()
        listeners.publish()
        takeovers.endRemoved(expiring)
    }

    /// One line that says all is well, and what was made of it.
    func announce() {
        for socket in listeners.inherited.closeRest() {
            core.events.emit(
                .warning, .failed, of: .daemon, because: "no listener",
                "the service manager's socket \(socket) is closed: no listener has this address; "
                    + "add the address under “listen”, or take it out of the socket unit")
        }
        let addresses = topology.listeners.filter { $0.bindFailure == nil }
            .map { "\($0.endpoint)" }.joined(separator: " ")
        core.events.emit(
            .info, .ready, of: .daemon,
            "\(takeovers.takeover?.readiness ?? "ready"): listening on \(addresses); "
                + "\(topology.channels.count) channels, "
                + "\(share.workers.count) workers, at most \(limits.sessions) sessions "
                + "(\(limits.descriptors) descriptors, \(limits.reserved) reserved); "
                + "control \(control.path)"
                + (metrics.scrapes.map { "; metrics \($0.address)" } ?? ""))
        if let failure = control.failure {
            core.events.emit(
                .warning, .failed, of: Event.Subject(kind: .control), because: failure.message,
                "there is no control socket: \(failure.message)")
        }
        state.reportFound()
        manager?.notifyReady(summary)
    }

    /// What a service manager shows.
    var summary: String {
        "\(topology.services.count) services, \(topology.channels.count) channels"
    }

    func loop() {
        for line in core.options.dialect?.greeting ?? [] { Log.verbatim(line) }
        control.start(with: self, poller: poller)
        metrics.scrapes?.start(for: self)
        elections.start(for: self)
        startProbes()
        startTranscript()
        channels.haveChanged = { [unowned self] in channelsChanged() }
        channels.follow(topology)
        timed = ownTimed + lastingTimed
        while !core.isStopping {
            let (start, milliseconds) = (Instant.now, waitMilliseconds)
            let count = poller.wait(milliseconds: milliseconds)
            core.now = .now
            dispatch(count)
            handleEvents()
            if let time = Standstill.duration(from: start, waiting: milliseconds, to: now) {
                reportStandstill(time)
            }
            if let next = timed.nextDeadline, next <= now { lookAgain() }
            for task in timed { task.meetDeadlines(now: now) }
        }
    }

    private func dispatch(_ count: Int) {
        for event in 0..<count {
            let (token, readiness) = poller[event]
            dispatch(token, readiness)
        }
    }

    /// Answers to probes that have come, in a standstill say, count before the probes' deadlines; they come by way of
    /// pollers within this one, a batch at a time.
    private func lookAgain() {
        for _ in 0..<16 {
            let count = poller.wait(milliseconds: 0)
            if count == 0 { return }
            dispatch(count)
        }
    }

    private func reportStandstill(_ time: Duration) {
        core.events.emit(
            .warning, .clock, of: .daemon, because: "standstill",
            "stood still for \(Age(time)): the process was stopped, or its machine slept")
    }

    private func dispatch(_ token: Token, _ readiness: Readiness) {
        switch token.kind {
        case .signal: handleSignals()
        case .mailbox: inbox.append(contentsOf: share.notices.take())
        case .controlListener: control.acceptAll(poller: poller)
        case .control: control.resume(token, readiness, poller: poller)
        case .elections: elections.resume(now: now)
        case .probes: prober.resume(now: now)
        case .scrapes: metrics.scrapes?.resume(now: now)
        case .upgrade where token.slot == 0: upgrades.resume()
        case .upgrade:
            guard let number = takeovers.receiveHistory(into: history) else { return }
            poller.remove(number)
            takeovers.close()
        case .listener, .client, .channel, .process, .output, nil: break
        }
    }

    private var waitMilliseconds: CInt {
        if !inbox.isEmpty { return 0 }
        guard let next = timed.nextDeadline else { return -1 }
        return CInt(clamping: next.elapsed(since: .now) / 1_000_000 + 1)
    }

    /// What only the process does that is the daemon.
    private var ownTimed: [any Timed] {
        var own: [any Timed] = [elections, prober, live, core.files]
        if let scrapes = metrics.scrapes { own.append(scrapes) }
        if let statsd = metrics.statsd {
            own.append(
                TimedTask(next: { statsd.nextDeadline }) { [unowned self] now in
                    statsd.meetDeadline(topology, now: now)
                })
        }
        if let manager { own.append(manager) }
        if let printer { own.append(printer) }
        own += [channels, listeners, shedder, expiring, drainage, state] as [any Timed]
        own.append(
            TimedTask(next: { [history] in history.nextDeadline }) { [unowned self] now in
                history.meetDeadline(topology, generation: share.generation, now: now)
            })
        return own
    }

    /// What goes on when another process is the daemon. The control socket is the last, so that whatever has
    /// happened is reported before the loop waits again.
    private var lastingTimed: [any Timed] {
        [
            upgrades, signals.reaper, logs,
            TimedTask(next: { [control] in control.nextDeadline }) { [unowned self] _ in
                control.meetDeadlines(poller: poller)
            },
        ]
    }

    /// Another process is the daemon.
    func keepLastingTimed() { timed = lastingTimed }

    // MARK: The end

    func stop() {
        upgrades.abandon()
        manager?.notifyStopping("ending")
        elections.stop()
        prober.stop()
        core.workers.stop()
        printer?.resume(now: .now)
        state.writeLast()
        logs.logs.finishAccess(within: Self.longestFlush)
        close()
        core.events.emit(
            .info, .ended, of: .daemon,
            upgrades.oldProcessDrain.map { "ended: process \($0.process) is the daemon" }
                ?? "ended")
        Log.finish()
    }

    /// Takes away what we have put into the file system.
    func close() {
        guard !upgrades.isRetired else { return }
        for socket in core.sockets { socket.removeFile() }
        metrics.scrapes?.close()
        control.close()
        pidFile?.remove()
    }

    /// How long the end waits until the access log is read.
    private static let longestFlush = Duration.seconds(2)

    /// What stays where the daemon was started.
    var foregroundShim: ForegroundShim? {
        upgrades.foregroundShim(without: listeners.inherited.passedNumbers)
    }
}

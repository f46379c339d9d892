internal import DequeModule
internal import Shared

/// What the workers, the watch of names and the prober report to the supervisor.
extension Supervisor {
    /// Events of one turn: when thousands of channels fail at once, control and probes have their turns in between.
    static let eventsPerTurn = 64

    func handleEvents() {
        for _ in 0..<Self.eventsPerTurn {
            guard let event = inbox.popFirst() else { return }
            handle(event)
        }
    }

    private func handle(_ event: WorkerEvent) {
        switch event {
        case .channelFailed(let channel, let cause):
            channels.reportFailure(of: channel, cause)
        case .primaryFailed(let channel, let cause):
            elections.primaryFailed(channel, why: cause.rawValue, slowly: cause == .timeout)
        case .channelReturned(let channel):
            channels.reportReturn(of: channel)
        case .sessionEnded(let record, let reason): sessions.reportEnd(of: record, reason)
        case .shortage(let error): sessions.reportShortage(error)
        case .serviceFull(let service), .serviceHasRoom(let service):
            sessions.reportWhetherFull(service)
            listeners.openOrClose()
        case .denied(let denied): sessions.reportDenied(denied)
        case .handshakeFailed(let client, let listener, let why, let untold):
            sessions.reportHandshake(of: client, listener, why, untold: untold)
        case .resolved(let channel, let endpoint, let addresses):
            channels.resolved(channel, endpoint, to: addresses)
        case .unresolved(let channel, let failure): channels.resolvingFailed(channel, failure)
        case .tapped(let dump):
            if let printer, printer.tap.number == dump { return printer.resume(now: now) }
            control.continueDump(dump)
        case .answer(let reply, let number):
            var cost: UInt64 = 0
            if case .done(let nanoseconds) = reply { cost = nanoseconds }
            control.usage.answer(after: cost) { core.workers.handle(reply, of: number) }
        }
    }

    /// A channel's state has changed: held sessions look again, and listeners that refuse open or close.
    func channelsChanged() {
        // Another process opens and closes listeners, and holds elections.
        guard !upgrades.isRetired else { return }
        channels.lookAtOutages()
        elections.lookAtSwitches()
        state.noteChange()
        for service in topology.services { share.wakeNext(of: service) }
        listeners.openOrClose()
    }

    func startProbes() {
        prober.hasChanged = { [unowned self] channel in
            channels.reportProbes(of: channel)
            share.raiseGeneration()
        }
        prober.watch(topology.channels, now: .now)
    }

    /// Writes all traffic to standard output, as another program does.
    func startTranscript() {
        guard let transcript = core.options.dialect?.transcript else { return }
        let tap = TapSink(number: .max, sessions: .max, notices: share.notices)
        printer = TranscriptPrinter(transcript, tap: tap)
        core.workers.send(.tapSessions(TapSearch(sink: tap) { _ in true }, from: 0))
    }
}

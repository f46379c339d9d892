internal import Shared

/// What a worker reports to the supervisor of its own accord, and what it counts for it.
extension Worker {
    /// What is reported and counted of clients that are kept out.
    struct Denials {
        fileprivate var access = DenialReport()
        fileprivate var handshakes = DenialReport()
        /// Clients that are denied and kept waiting.
        fileprivate(set) var tarpitted = 0
    }

    private static let mostEvents = 10_000

    /// Events are for people; a supervisor that is behind must not cost memory without end.
    private func emit(_ event: WorkerEvent) {
        _ = share.notices.post(event, unlessLongerThan: Self.mostEvents)
    }

    func reportShortage(_ error: SystemError) { emit(.shortage(error)) }

    var report: WorkerReport {
        WorkerReport(
            index: index, sessions: sessions.count, totals: TrafficCounters.sum([counters]),
            turns: counts.turns, events: counts.events, pipes: buffers.pipeCount,
            isResting: isResting, ends: counts.ends.byReason, connectTimes: connectTimes,
            violations: counts.violations, tarpitted: denials.tarpitted)
    }

    // MARK: Ends

    func countEnd(of session: inout Session, _ reason: EndReason) {
        counts.ends.add(of: reason)
        guard emitsEveryEnd else { return }
        emit(.sessionEnded(session.record(now: now, worker: index), reason))
    }

    // MARK: Connects

    func recordConnect(to channel: Channel, nanoseconds: UInt64) {
        // A connect may succeed when its channel has gone already.
        if channel.position != .removed {
            connectTimes[channel.serial, default: ConnectTimes(now: now)]
                .record(nanoseconds: nanoseconds, now: now)
        }
        channel.latency.note(nanoseconds: nanoseconds, now: now)
        guard channel.succeeded(now: now) else { return }
        share.raiseGeneration()
        share.notices.post(.channelReturned(channel))
    }

    /// A connect has failed. `term` is of the election that made the channel primary, if one did.
    func report(
        failureOf channel: Channel, _ cause: EndReason.Cause, of service: Service,
        in term: PrimaryState.Term?
    ) {
        if let primaryState = channel.primaryState {
            guard let term, primaryState.lose(channel.serial, in: term) else { return }
            share.raiseGeneration()
            share.notices.post(.primaryFailed(channel, cause))
            return
        }
        let view = service.view(for: index)
        let isLast = view.health.autodisable && service.isLast(channel, now: now, on: index)
        let isNews = channel.failed(
            why: cause.rawValue, grace: view.grace, rules: view.health, isLast: isLast,
            now: now)
        guard isNews else { return }
        share.raiseGeneration()
        share.notices.post(.channelFailed(channel, cause))
    }

    // MARK: Denials

    /// Told now and then only: a denied client can come again and again.
    func reportDenial(
        of client: Endpoint, by words: String, rule: Int, at listener: Listener, isServices: Bool
    ) {
        guard let untold = denials.access.admit(now: now) else { return }
        emit(
            .denied(
                Denied(
                    client: client, listener: listener, rule: rule, words: words,
                    isServices: isServices, untold: untold)))
    }

    /// Likewise: a client that speaks nonsense can come again and again.
    func reportHandshakeFailure(of client: Endpoint, at listener: Listener, _ words: String) {
        guard let untold = denials.handshakes.admit(now: now) else { return }
        emit(.handshakeFailed(client, listener, words, untold: untold))
    }

    /// Beyond that denied clients are closed at once: they cost a descriptor each.
    private static let mostTarpitted = 1024

    /// Whether a denied client can be kept waiting.
    func admitToTarpit() -> Bool {
        guard denials.tarpitted < Self.mostTarpitted else { return false }
        denials.tarpitted += 1
        return true
    }

    /// It was there before, in another process.
    func adoptTarpitPlace() { denials.tarpitted += 1 }

    func leaveTarpit() { denials.tarpitted -= 1 }
}

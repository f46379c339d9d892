internal import Shared

/// What the workers and the watch of names tell the supervisor.
extension Supervisor {
    func hear(_ notice: WorkerEvent) {
        switch notice {
        case .channelFailed(let channel, let cause):
            let remedy = channel.position == .auto ? "; it waits to be enabled" : ""
            tell(
                .warning, .failed, of: .channel(channel), to: channel.state(now: now).rawValue,
                because: channel.mishaps.words(for: cause.rawValue),
                "channel \(channel.path) \(channel.endpoint) failed: "
                    + channel.mishaps.details(of: cause.rawValue) + remedy)
            if channel.position == .auto, let voice = options.dialect?.voice {
                let lines = voice.lines(
                    switchedOff: channel.path, at: "\(channel.endpoint)")
                for line in lines { Log.verbatim(line, .notice) }
            }
            tellIfAllFailed(channel)
            channelsChanged()
        case .primaryFailed(let channel, let cause):
            elections.primaryFailed(channel, why: cause.rawValue, slowly: cause == .timeout)
        case .channelReturned(let channel):
            tell(
                .notice, .returned, of: .channel(channel), to: channel.state(now: now).rawValue,
                because: "connected again",
                "channel \(channel.path) \(channel.endpoint) is back: connected again")
            channelsChanged()
        case .sessionEnded(let record, let reason):
            tellEnd(of: record, reason)
        case .shortage(let error):
            tellShortage(error)
        case .serviceFull(let service), .serviceHasRoom(let service):
            tellWhetherFull(service)
        case .denied(let denied):
            let listener = denied.listener
            let rule =
                "\(denied.isServices ? "service's " : "")rule \(denied.rule), \(denied.words)"
            tell(
                .notice, .denied, of: .listener(listener), because: rule,
                "listener \(listener.path) denied \(denied.client): \(rule)"
                    + (denied.untold > 0 ? "; and \(denied.untold) others before it" : ""))
        case .handshakeFailed(let client, let listener, let words, let untold):
            tell(
                .info, .failed, of: .listener(listener), because: words,
                "listener \(listener.path): TLS with \(client) failed: \(words)"
                    + (untold > 0 ? "; and \(untold) others before it" : ""))
        case .resolved(let channel, let endpoint, let addresses):
            unresolved.remove(channel.serial)
            guard let change = channel.update(addresses: addresses, of: endpoint) else { return }
            share.raiseGeneration()
            tell(
                .notice, .resolved, of: .channel(channel), from: Self.list(change.from),
                to: Self.list(change.to),
                "channel \(channel.path) \(channel.endpoint) has other addresses: "
                    + "\(Self.list(change.from)) → \(Self.list(change.to))")
        case .unresolved(let channel, let failure):
            // Told once until it resolves again; the last good addresses are kept.
            guard unresolved.insert(channel.serial).inserted else { return }
            tell(
                .warning, .unresolved, of: .channel(channel), because: failure.words,
                "channel \(channel.path) \(channel.endpoint) keeps its addresses: "
                    + "the name does not resolve: \(failure.words)")
        case .tapped(let dump):
            if let printer, printer.tap.number == dump { return printer.resume(now: now) }
            control.continueDump(dump)
        case .answer(let answer, let number):
            guard var question = questions[number] else { return }
            question.answers.append(answer)
            question.missing -= 1
            questions[number] = question.missing > 0 ? question : nil
            if question.missing == 0 { question.finish(question.answers) }
        }
    }

    private func tellEnd(of record: SessionRecord, _ reason: EndReason) {
        if options.isVerbose || options.isDebugging {
            Log.line(Self.line(record, reason), .info, deduplicationKey: nil)
        }
        guard let dialect = options.dialect, dialect.tellsIdleEnds,
            reason.who == .clientIdle || reason.who == .channelIdle, reason.cause == .timeout,
            let service = topology.services.first(where: { service in
                service.listeners.contains { $0 === record.listener }
            }),
            let time = service.timeouts.idle
        else { return }
        for line in dialect.voice?.lines(idleFor: time) ?? [] { Log.verbatim(line) }
    }

    /// All that goes by, for whoever reads standard output.
    func startTranscript() {
        guard let transcript = options.dialect?.transcript else { return }
        let tap = TapSink(number: .max, sessions: .max, notices: share.notices)
        printer = TranscriptPrinter(transcript, tap: tap)
        for worker in share.workers {
            worker.mailbox.post(.tapSessions(TapSearch(sink: tap) { _ in true }, from: 0))
        }
    }

    static func list(_ endpoints: [Endpoint]) -> String {
        endpoints.map { "\($0)" }.joined(separator: " ")
    }

    static func line(_ record: SessionRecord, _ reason: EndReason) -> String {
        let channel = record.channel.map { "\($0.endpoint)" } ?? "-"
        let age = Age(milliseconds: record.age / 1_000_000)
        return
            "session \(record.id) \(record.client) → \(channel) via \(record.listener.path) closed after \(age): "
            + "\(reason), in \(record.inward.byteCount) out \(record.outward.byteCount) bytes"
    }

    private func tellWhetherFull(_ service: Service) {
        // The two notices may come in the wrong order; what is so now is what counts.
        let isFull = service.isFull
        let limit = service.places.limit
        tell(
            isFull ? .warning : .notice, isFull ? .full : .returned, of: .service(service),
            to: isFull ? service.limits.overload.rawValue : nil, because: "max-sessions \(limit)",
            isFull
                ? "service \(service.name) is full: \(limit) sessions; new clients: \(service.limits.overload.words)"
                : "service \(service.name) has room again")
        openOrClose()
    }

    /// When the last usable channel of a service fails within seconds of all the others, the trouble is
    /// rarely theirs.
    func tellIfAllFailed(_ channel: Channel) {
        guard let service = topology.services.first(where: { $0.contains(channel) }),
            service.channels.count > 1, !service.isUsable(now: now)
        else { return }
        let failedLately = service.channels.filter {
            $0.isInGrace(now: now) && now.milliseconds(since: $0.note(now: now).since) < 5000
        }
        guard failedLately.count == service.channels.count,
            // Until one of them has proven to be back it is the same outage.
            lost.insert(service.serial).inserted
        else { return }
        tell(
            .error, .allFailed, of: .service(service),
            because: "\(failedLately.count) channels within 5 s",
            "service \(service.name) has lost all \(failedLately.count) channels within 5 s: "
                + "look at the network, or at what they have in common")
    }

    /// Once per ten seconds: a shortage comes with every client that is turned away.
    func tellShortage(_ error: SystemError) {
        if let lastShortage, now.milliseconds(since: lastShortage) < 10_000 { return }
        lastShortage = now
        tell(
            .error, .shortage, of: .daemon, because: error.description,
            "listeners rest until a session ends: \(error)")
    }
}

extension Overload {
    /// What becomes of a client that is one too many.
    fileprivate var words: String {
        switch self {
        case .close: "closed"
        case .reset: "reset"
        case .queue: "wait"
        case .refuse: "refused"
        }
    }
}

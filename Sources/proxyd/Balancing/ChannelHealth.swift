internal import Shared
internal import Synchronization

/// What probes, connects and elections find out about a channel.
extension Channel {
    // MARK: Probes

    /// Whether its probes say that it fails.
    var isDown: Bool { probes.isDown }

    /// Its probes have failed: no sessions until `clearDown`.
    ///
    /// - Returns: whether that is news.
    func setDown(why: String, now: Instant) -> Bool {
        probes.setDown(Note(since: now, why: why, by: "probe"))
    }

    /// Its probes are good. That ends a grace time, too, if it was down: they know better.
    ///
    /// - Returns: whether that is news.
    func clearDown(why: String, now: Instant) -> Bool {
        guard probes.clearDown() else { return false }
        guard isSwitchedOn else { return true }
        graceEnd.store(0, ordering: .relaxed)
        awaitsProof.store(false, ordering: .relaxed)
        returned.store(now.nanoseconds, ordering: .relaxed)
        note.withLock { $0 = Note(since: now, why: why, by: "probe") }
        return true
    }

    // MARK: Connects

    /// A connect has failed, and the rules say what comes of it.
    ///
    /// - Returns: whether that is news. A failure within the grace time is not, and neither is one of
    ///   a channel that was switched off while the connect was under way.
    func failed(
        why: String, grace: Duration, rules: PassiveHealthRules = PassiveHealthRules(),
        isLast: Bool = false, now: Instant
    ) -> Bool {
        guard isSwitchedOn else { return false }
        hasFailed.store(true, ordering: .relaxed)
        let verdict = health.withLock {
            $0.failed(rules, grace: grace, isLast: isLast, now: now)
        }
        switch verdict {
        case .none:
            return false
        case .auto:
            let (isNews, _) = switched.compareExchange(
                expected: Switch.on.rawValue, desired: Switch.auto.rawValue, ordering: .relaxed)
            if isNews { note.withLock { $0 = Note(since: now, why: why, by: "autodisable") } }
            return isNews
        case .grace(let length):
            return startGrace(length, why: why, now: now)
        }
    }

    private func startGrace(_ length: Duration, why: String, now: Instant) -> Bool {
        let end = now.advanced(by: length).nanoseconds
        // Exchanged, so that of workers that fail at once only one has news.
        let isNews = graceEnd.exchange(end, ordering: .relaxed) <= now.nanoseconds
        awaitsProof.store(true, ordering: .relaxed)
        note.withLock { note in
            if isNews { note = Note(since: now, why: why) } else { note.why = why }
        }
        return isNews
    }

    /// A connect has succeeded.
    ///
    /// - Returns: whether that ended a grace time, or is the first one after it.
    func succeeded(now: Instant) -> Bool {
        var isProof = false
        if hasFailed.load(ordering: .relaxed) {
            hasFailed.store(false, ordering: .relaxed)
            health.withLock { $0.connected() }
            isProof = awaitsProof.exchange(false, ordering: .relaxed)
        }
        guard isInGrace(now: now),
            graceEnd.exchange(0, ordering: .relaxed) > now.nanoseconds
        else { return isProof }
        returned.store(now.nanoseconds, ordering: .relaxed)
        note.withLock { $0 = Note(since: now, why: "connected again") }
        return true
    }

    // MARK: Elections

    /// The election has found something out about it.
    func setVerdict(isGood: Bool, why: String?, now: Instant) {
        isDiscarded.store(!isGood, ordering: .relaxed)
        note.withLock { $0 = Note(since: now, why: why) }
    }
}

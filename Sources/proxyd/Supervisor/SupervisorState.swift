internal import Shared

/// What has to happen when a channel becomes usable, or is not any more.
extension Supervisor {
    // MARK: State

    /// A channel's state has changed: held sessions look again, and listeners that refuse open or close.
    func channelsChanged() {
        // Another process opens and closes listeners, and holds elections.
        guard retirement == nil else { return }
        for service in topology.services where lost.contains(service.serial) {
            let isBack = service.channels.contains { $0.isUsable(now: now) && $0.isProven }
            if isBack { lost.remove(service.serial) }
        }
        elections.lookAtSwitches()
        keeping?.schedule.noteChange(now: now)
        for service in topology.services { share.wakeNext(of: service) }
        openOrClose()
        scheduleTick()
    }

    /// The next moment at which a channel's grace time is over by itself.
    func scheduleTick() {
        nextTick = topology.channels.compactMap { $0.returns(now: now) }.min()
        if let reopenAt { nextTick = min(nextTick ?? reopenAt, reopenAt) }
    }

    func tickIfDue() {
        guard let nextTick, nextTick <= now else { return }
        reopenAt = nil
        share.raiseGeneration()
        channelsChanged()
    }

    // MARK: Shedding

    func cut(sessions: [UInt64], perSecond: Double, by actor: Actor) {
        guard !sessions.isEmpty else { return }
        tell(
            .notice, .shed, of: .daemon, to: "\(sessions.count) sessions", by: actor,
            "\(sessions.count) sessions are being shed, \(perSecond) a second: by \(actor)")
        let pause = 1e9 / perSecond
        var due = Double(max(shedding.last?.due ?? now, now).nanoseconds)
        for id in sessions {
            shedding.append((Instant(nanoseconds: UInt64(due)), id))
            due += pause
        }
        shedIfDue()
    }

    func shedIfDue() {
        while let first = shedding.first, first.due <= now {
            shedding.removeFirst()
            let worker = Int(first.id % UInt64(share.workers.count))
            ask(worker: worker, { .cutSession(id: first.id, question: $0) }, then: { _ in })
        }
    }
}

internal import Shared

/// Waiting in the service's line: for room, or for a channel to become usable.
extension Session {
    func whenEmpty(on worker: Worker) -> SessionLife.Action {
        if serviceView.isElecting { return stand(untilElected, on: worker) }
        // Somebody was elected between the choice and this look.
        if serviceView.electionRevision != electionRevision { return .choose }
        switch listenerView.settings.whenEmpty {
        case .close, .refuse:
            return life.closeEmpty(resetting: .neither)
        case .reset:
            return life.closeEmpty(resetting: .client)
        case .hold(let duration):
            let until = started.advanced(by: duration)
            return stand(Wait(until: until, isForRoom: false), on: worker)
        }
    }

    /// Until the election is over, which calls everybody in line; at most as long as the listener holds.
    private var untilElected: Wait {
        var longest = Self.longestElection
        if case .hold(let duration) = listenerView.settings.whenEmpty { longest = duration }
        return Wait(until: started.advanced(by: longest), isForRoom: false)
    }

    /// Checks and triggers have limits of their own; this one is for those who set none that matter.
    private static let longestElection = Duration.seconds(3600)

    func overload(
        _ cause: EndReason.Cause, on worker: Worker
    ) -> SessionLife.Action {
        switch serviceView.limits.overload {
        case .close, .reset, .refuse:
            return life.turnAway(cause, resetting: serviceView.limits.overload.resets)
        case .queue:
            let until = started.advanced(by: serviceView.limits.queueTimeout)
            return stand(Wait(until: until, isForRoom: true), on: worker)
        }
    }

    // MARK: Waiting

    private func waiter(on worker: Worker) -> WaitQueue.Waiter {
        WaitQueue.Waiter(worker: worker.index, token: token(.client))
    }

    /// Goes to the end of the service's line, or stays where it is after having been called in vain.
    func stand(_ wait: Wait, on worker: Worker) -> SessionLife.Action {
        guard wait.until > worker.now else {
            return wait.isForRoom ? life.queueTimedOut() : life.closeEmpty(resetting: .neither)
        }
        if self.wait == nil {
            guard service.line.join(waiter(on: worker)) else {
                return life.turnAway(.queueFull, resetting: .neither)
            }
            if isTraced { trace(.waits(forRoom: wait.isForRoom), on: worker) }
            // What came free while it was joining has called nobody.
            worker.share.wakeNext(of: service)
        }
        self.wait = wait
        life.hold()
        worker.deadlines.schedule(slot: slot, at: min(wait.until, looksAgain ?? wait.until))
        return .none
    }

    /// When channels that refused it may be tried again, whoever calls: a client that waits must not
    /// knock at a closed door without end.
    var looksAgain: Instant? { tried.isEmpty ? nil : lastRefusal.advanced(by: Self.retryPause) }

    private static let retryPause = Duration.seconds(1)

    func leaveLine(on worker: Worker) {
        guard wait != nil else { return }
        wait = nil
        service.line.leave(waiter(on: worker))
    }

    /// It has been called: there may be room, or a usable channel. If so, so there may be for the next.
    func chooseAgain(on worker: Worker) {
        guard life.phase == .holding else { return }
        if let looksAgain, looksAgain <= worker.now { tried.removeAll() }
        perform(.choose, on: worker)
        if life.phase != .holding { worker.share.wakeNext(of: service) }
    }
}

extension Overload {
    /// Who of a session that is one too many sees a reset.
    var resets: SessionLife.Resets { self == .reset ? .client : .neither }
}

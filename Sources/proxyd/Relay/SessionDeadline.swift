internal import Shared

/// How long a session may take over what it does.
extension Session {
    // MARK: Deadlines

    private var lastActivity: Instant { max(inMoved, outMoved) }

    /// When this session must be looked at if nothing happens; nil: never.
    var deadline: Instant? {
        let timeouts = serviceView.timeouts
        switch life.phase {
        case .closed: return nil
        case .preamble: return preamble?.deadline(idle: timeouts.idle)
        case .connecting: return connectStarted.advanced(by: timeouts.connect)
        case .holding:
            return wait.map { min($0.until, looksAgain ?? $0.until) }
        case .relaying: return timeouts.idle.map { lastActivity.advanced(by: $0) }
        case .halfClosed:
            return (timeouts.halfClosed ?? timeouts.idle).map { lastActivity.advanced(by: $0) }
        }
    }

    /// The deadline set earlier has come; what happened since may have moved it.
    func deadlineCame(on worker: Worker) {
        guard let deadline else { return }
        guard deadline <= worker.now else {
            worker.deadlines.schedule(slot: slot, at: deadline)
            return
        }
        if isTraced { trace(.timedOut(life.phase), on: worker) }
        if life.phase == .preamble {
            preambleTimedOut(on: worker)
        } else if life.phase == .holding, let wait, wait.until > worker.now {
            chooseAgain(on: worker)
        } else if life.phase == .connecting {
            perform(connectFailed(.timeout, on: worker), on: worker)
        } else if wait?.isForRoom == true {
            perform(life.queueTimedOut(), on: worker)
        } else {
            perform(life.timedOut(awaiting: lastSpeaker.other), on: worker)
        }
    }
}

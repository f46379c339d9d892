internal import Shared

/// What comes before the choice of a channel: whether the client may come in, and what it has to send first.
extension Session {
    // MARK: Coming in

    /// What becomes of a client that has just come.
    func enter(on worker: Worker) -> SessionLife.Action {
        if listener.isGuarded || service.isGuarded, let action = bar(on: worker) { return action }
        let admission = admit(on: worker)
        guard admission == .choose else { return admission }
        let count = listener.waitForBytes
        return count > 0 ? expect(.bytes(count), on: worker) : .choose
    }

    /// Sees whether the client keeps to the limits of its listener and its source.
    private func admit(on worker: Worker) -> SessionLife.Action {
        guard listener.takeTurn(now: worker.now) else {
            return life.turnAway(.rate, resetting: service.limits.overload.resets)
        }
        guard let sources = service.sources else { return .choose }
        let source = sources.source(of: client)
        switch sources.admit(source, now: worker.now) {
        case .admitted:
            self.source = (sources, source)
            return .choose
        case .tooMany:
            return life.turnAway(.perSource, resetting: service.limits.overload.resets)
        case .tooFast:
            return life.turnAway(.rate, resetting: service.limits.overload.resets)
        }
    }

    /// Both the listener and the service must let it in; nil: they do.
    private func bar(on worker: Worker) -> SessionLife.Action? {
        let lists = [listener.access, service.access]
        for (index, list) in lists.enumerated() {
            guard let list, let denial = list.denial(of: client) else { continue }
            worker.noteDenial(
                of: client, by: list.words(of: denial), rule: denial.rule, at: listener,
                isServices: index == 1)
            return bar(denial.action, on: worker)
        }
        return nil
    }

    private func bar(_ action: DenyAction, on worker: Worker) -> SessionLife.Action {
        switch action {
        case .close: return life.turnAway(.denied, resetting: .neither)
        case .reset: return life.turnAway(.denied, resetting: .client)
        case .drop:
            ClientBytes.forget(clientSocket)
            return life.turnAway(.denied, resetting: .neither)
        case .tarpit(let time):
            guard worker.admitToTarpit() else {
                return life.turnAway(.denied, resetting: .neither)
            }
            let until = worker.now.advanced(by: time)
            return expect(.barred, until: until, on: worker)
        }
    }

    // MARK: Waiting for it to speak

    private func expect(_ stage: Preamble.Stage, on worker: Worker) -> SessionLife.Action {
        let until = service.timeouts.clientHello.map { worker.now.advanced(by: $0) }
        return expect(stage, until: until, on: worker)
    }

    /// Its bytes, or its end, come with the next event: the socket is watched already.
    private func expect(
        _ stage: Preamble.Stage, until: Instant?, on worker: Worker
    ) -> SessionLife.Action {
        preamble = Preamble(stage: stage, until: until, heard: worker.now)
        life.expect()
        if let deadline { worker.deadlines.schedule(slot: slot, at: deadline) }
        return .none
    }

    /// Something has come from the client, or it has gone.
    func resumePreamble(_ readiness: Readiness, on worker: Worker) {
        guard let stage = preamble?.stage else { return }
        if !readiness.isDisjoint(with: [.error, .hangUp]) {
            return perform(
                stage == .barred
                    ? life.turnAway(.denied, resetting: .neither)
                    : life.broke(.client, .reset), on: worker)
        }
        preamble?.heard = worker.now
        switch stage {
        case .barred:
            if readiness.contains(.readEnd) {
                perform(life.turnAway(.denied, resetting: .neither), on: worker)
            }
        case .bytes(let count):
            if ClientBytes.count(clientSocket) ?? count >= count {
                finishPreamble(on: worker)
            } else if readiness.contains(.readEnd) {
                perform(life.endedEarly(), on: worker)
            }
        }
    }

    private func finishPreamble(on worker: Worker) {
        preamble = nil
        life.choose()
        perform(.choose, on: worker)
    }

    /// It has taken too long, or has been barred for long enough.
    func preambleTimedOut(on worker: Worker) {
        let isBarred = preamble?.stage == .barred
        perform(
            isBarred ? life.turnAway(.denied, resetting: .neither) : life.spokeTooLate(),
            on: worker)
    }
}

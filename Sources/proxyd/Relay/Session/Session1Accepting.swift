internal import Shared

/// 1. Accepting: the client is watched, let in or not, and counted against the limits.
extension Session {
    mutating func start(on worker: Worker) {
        listener.counters[worker.index].addSession()
        if isTraced { trace(.accepted(listener), on: worker) }
        do {
            try worker.poller.add(
                clientSocket.number, token(.client), [.readable, .readEnd, .urgent, .edge])
        } catch {
            // Unwatched, it would never be served.
            _ = life.handle(.connectFailed(.memory))
            return perform(life.handle(.gaveUp(resetting: .neither)), on: worker)
        }
        perform(enter(on: worker), on: worker)
    }

    private mutating func enter(on worker: Worker) -> SessionLife.Action {
        if listenerView.expectsHeader(from: client) {
            return expect(.header(needs: 1), on: worker)
        }
        return admit(on: worker)
    }

    /// The client is known: whether it may come in, and what it has to send.
    mutating func admit(on worker: Worker) -> SessionLife.Action {
        let (listener, service) = (listenerView, serviceView)
        // Both the listener and the service must let it in.
        if let action = checkAccess(listener.access, on: worker) { return action }
        if let action = checkAccess(service.access, isServices: true, on: worker) { return action }
        if let action = checkLimits(listener, service, on: worker) { return action }
        if let tls = listener.tls {
            let until = worker.now.advanced(by: tls.settings.handshakeTimeout)
            preread?.until = until
            return expect(.handshake, until: until, on: worker)
        }
        let count = listener.waitForBytes
        return count > 0 ? expect(.bytes(count), on: worker) : route(on: worker)
    }

    // MARK: Access

    /// nil: the list lets it in.
    private mutating func checkAccess(
        _ list: AccessList?, isServices: Bool = false, on worker: Worker
    ) -> SessionLife.Action? {
        guard let list, let denial = list.denial(of: client) else { return nil }
        worker.reportDenial(
            of: client, by: list.words(of: denial), rule: denial.rule, at: listener,
            isServices: isServices)
        return deny(denial.action, on: worker)
    }

    private mutating func deny(_ action: DenyAction, on worker: Worker) -> SessionLife.Action {
        switch action {
        case .close: break
        case .reset: return life.handle(.rejected(.denied, resetting: .client))
        case .drop: ClientBytes.forget(clientSocket)
        case .tarpit(let time):
            guard holdings.acquireTarpit(on: worker) else { break }
            return expect(.tarpitted, until: worker.now.advanced(by: time), on: worker)
        }
        return life.handle(.rejected(.denied, resetting: .neither))
    }

    // MARK: Limits

    /// Whether the client keeps to the limits of its listener and its source; nil: it does.
    private mutating func checkLimits(
        _ listener: ListenerView, _ service: ServiceView, on worker: Worker
    ) -> SessionLife.Action? {
        guard listener.keepsToRate(now: worker.now) else { return reject(.rate) }
        guard let limiter = service.sources else { return nil }
        switch holdings.acquireSource(of: client, in: limiter, now: worker.now) {
        case .admitted: return nil
        case .tooMany: return reject(.perSource)
        case .tooFast: return reject(.rate)
        }
    }

    private mutating func reject(_ cause: EndReason.Cause) -> SessionLife.Action {
        life.handle(.rejected(cause, resetting: serviceView.limits.overload.resets))
    }
}

extension Overload {
    /// The side of a rejected session that sees a reset.
    var resets: SessionLife.Resets { self == .reset ? .client : .neither }
}

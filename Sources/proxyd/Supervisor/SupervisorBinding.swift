internal import Shared

/// Listeners whose address was not to be had (`on-bind-failure`), and the next attempts.
extension Supervisor {
    /// Tells of those that nobody has been told of yet, and forgets those that are no more.
    func followUnbound() {
        let listeners = topology.listeners.filter { $0.bindFailure != nil }
        unbound = unbound.filter { serial, _ in listeners.contains { $0.serial == serial } }
        for listener in listeners where unbound[listener.serial] == nil {
            var due: Instant?
            var plan = "it stays closed"
            if case .retry(let pause) = listener.settings.onBindFailure {
                due = now.advanced(by: pause)
                plan = "trying again every \(Age(pause))"
            }
            unbound[listener.serial] = .some(due)
            let reason = listener.bindFailure ?? ""
            tell(
                .error, .failed, of: .listener(listener), because: reason,
                "listener \(listener.path): \(reason); \(plan)")
        }
    }

    var nextBinding: Instant? { unbound.values.compactMap { $0 }.min() }

    func bindAgainIfDue() {
        guard draining == nil, let next = nextBinding, next <= now else { return }
        var hasChanged = false
        for service in topology.services {
            for listener in service.listeners {
                guard case .some(let due?) = unbound[listener.serial], due <= now else { continue }
                if bindAgain(listener, of: service) { hasChanged = true }
            }
        }
        guard hasChanged else { return }
        share.raiseGeneration()
        listen()
        openOrClose()
    }

    /// - Returns: whether it listens now.
    private func bindAgain(_ listener: Listener, of service: Service) -> Bool {
        do throws(StartError) {
            let socket = try ListeningSocket(reopening: listener, of: service, passed: passed)
            sockets.append(socket)
            listener.setBindFailure(nil)
            listener.setOpen(true)
            unbound[listener.serial] = nil
            tell(
                .notice, .opened, of: .listener(listener),
                "listener \(listener.path) \(listener.endpoint) accepts: the address is free now")
            return true
        } catch {
            listener.setBindFailure(error.message)
            guard case .retry(let pause) = listener.settings.onBindFailure else {
                unbound[listener.serial] = .some(nil)
                return false
            }
            unbound[listener.serial] = .some(now.advanced(by: pause))
            return false
        }
    }
}

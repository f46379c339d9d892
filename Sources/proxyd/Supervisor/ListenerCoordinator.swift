internal import Shared

/// Opens and closes listeners while the daemon runs: those that refuse clients at times (`when-empty: refuse`), and
/// those whose address was taken (`on-bind-failure: retry`).
final class ListenerCoordinator: Timed {
    private let core: DaemonCore
    /// Sockets that were open before this process.
    let inherited: InheritedSockets
    /// Listeners without an address, by serial, and when the next attempt is; nil: there is none.
    private var unbound: [UInt64: Instant?] = [:]
    /// When a listener that could not be opened again is tried once more.
    private var reopenAt: Instant?
    /// Sockets of listeners that were closed a moment ago.
    private var departing: [DepartingSocket] = []
    /// When interfaces that listeners are bound to are looked at next.
    private var interfacesDue: Instant?
    /// The daemon drains: nothing is opened any more.
    private var isDraining = false

    init(_ core: DaemonCore, inherited: InheritedSockets) {
        self.core = core
        self.inherited = inherited
    }

    /// Tells the workers which sockets to accept from, and first which channels would lead back there.
    func publish() {
        // The original programs do connect to themselves, and a limit of sessions ends the round.
        let isDialect = core.options.dialect != nil
        core.share.ownListeners.publish(isDialect ? OwnListeners() : OwnListeners(core.topology))
        core.workers.send(.listen(core.sockets))
        let isBound = core.sockets.contains { $0.listener.settings.socket?.interface != nil }
        interfacesDue = isBound ? interfacesDue ?? core.now.advanced(by: .seconds(1)) : nil
    }

    /// Closes all of them for good.
    func closeAll() {
        isDraining = true
        for socket in core.sockets { socket.removeFile() }
        for listener in core.topology.listeners { listener.setOpen(false) }
        core.sockets = []
        publish()
    }

    func topologyChanged() {
        reportUnbound()
        if isDraining { core.sockets = [] }
        publish()
    }

    // MARK: Opening and closing

    /// `when-empty: refuse`: a listener whose service has no usable channel does not listen. Neither does
    /// one with `overload: refuse` whose service is full.
    func openOrClose() {
        guard !isDraining else { return }
        var hasChanged = false
        for service in core.topology.services {
            let refuses = service.refusesWhileElecting
            let isUsable = service.isUsable(now: core.now) || !refuses && service.isElecting
            let isFull = service.isFull && service.limits.overload == .refuse
            for listener in service.listeners where listener.bindFailure == nil {
                let mayClose = refuses || listener.settings.whenEmpty == .refuse
                let isWanted = !isFull && (isUsable || !mayClose)
                guard listener.isOpen != isWanted else { continue }
                isWanted
                    ? open(listener, of: service)
                    : close(
                        listener, because: isFull ? "the service is full" : "no channel is usable")
                hasChanged = true
            }
        }
        if hasChanged { publish() }
    }

    private func close(_ listener: Listener, because reason: String) {
        core.events.emit(
            .warning, .refusing, of: .listener(listener), because: reason,
            "listener \(listener.path) \(listener.endpoint) refuses: \(reason)")
        forgetDeparted()
        for socket in core.sockets where socket.listener === listener {
            socket.removeFile()
            departing.append(
                DepartingSocket(socket: socket, serial: listener.serial, since: core.now))
        }
        core.sockets.removeAll { $0.listener === listener }
        listener.setOpen(false)
    }

    private func open(_ listener: Listener, of service: Service) {
        forgetDeparted()
        let old = departing.last { $0.serial == listener.serial }
        do throws(StartError) {
            if let socket = old?.socket, socket.service === service, !listener.endpoint.isUnix {
                socket.setBacklog()
                core.sockets.append(socket)
            } else {
                core.sockets.append(
                    try ListeningSocket(reopening: listener, of: service, passed: inherited))
            }
            listener.setOpen(true)
            core.events.emit(
                .notice, .opened, of: .listener(listener),
                "listener \(listener.path) \(listener.endpoint) accepts again")
        } catch {
            // Most likely a worker of ours still holds the address, for a moment.
            if old == nil {
                core.events.emit(
                    .error, .failed, of: .listener(listener), because: error.message,
                    "listener \(listener.path) stays closed: \(error.message)")
            }
            reopenAt = core.now.advanced(by: old == nil ? .seconds(1) : .milliseconds(10))
        }
    }

    private func forgetDeparted() {
        departing.removeAll { core.now.milliseconds(since: $0.since) >= DepartingSocket.time }
    }

    // MARK: Addresses that are taken

    /// Logs listeners that have no address and were not logged yet, and forgets those that were removed.
    func reportUnbound() {
        let listeners = core.topology.listeners.filter { $0.bindFailure != nil }
        unbound = unbound.filter { serial, _ in listeners.contains { $0.serial == serial } }
        for listener in listeners where unbound[listener.serial] == nil {
            var due: Instant?
            var plan = "it stays closed"
            if case .retry(let pause) = listener.settings.onBindFailure {
                due = core.now.advanced(by: pause)
                plan = "trying again every \(Age(pause))"
            }
            unbound[listener.serial] = .some(due)
            let reason = listener.bindFailure ?? ""
            core.events.emit(
                .error, .failed, of: .listener(listener), because: reason,
                "listener \(listener.path): \(reason); \(plan)")
        }
    }

    private var nextBinding: Instant? { unbound.values.compactMap { $0 }.min() }

    private func bindAgainIfDue(now: Instant) {
        guard let next = nextBinding, next <= now else { return }
        var hasChanged = false
        for service in core.topology.services {
            for listener in service.listeners {
                guard case .some(let due?) = unbound[listener.serial], due <= now else { continue }
                if bindAgain(listener, of: service) { hasChanged = true }
            }
        }
        guard hasChanged else { return }
        core.share.raiseGeneration()
        publish()
        openOrClose()
    }

    /// - Returns: whether it listens now.
    private func bindAgain(_ listener: Listener, of service: Service) -> Bool {
        do throws(StartError) {
            let socket = try ListeningSocket(reopening: listener, of: service, passed: inherited)
            core.sockets.append(socket)
            listener.setBindFailure(nil)
            listener.setOpen(true)
            unbound[listener.serial] = nil
            core.events.emit(
                .notice, .opened, of: .listener(listener),
                "listener \(listener.path) \(listener.endpoint) accepts: the address is free now")
            return true
        } catch {
            listener.setBindFailure(error.message)
            guard case .retry(let pause) = listener.settings.onBindFailure else {
                unbound[listener.serial] = .some(nil)
                return false
            }
            unbound[listener.serial] = .some(core.now.advanced(by: pause))
            return false
        }
    }

    // MARK: Interfaces

    /// A socket stays bound to an interface that was deleted, and hears nothing of a new one with the same name.
    private func lookAtInterfaces(now: Instant) {
        guard let due = interfacesDue, due <= now else { return }
        interfacesDue = now.advanced(by: .seconds(1))
        var hasChanged = false
        for index in core.sockets.indices {
            let socket = core.sockets[index]
            guard let name = socket.listener.settings.socket?.interface,
                socket.socket.isDeaf(on: name)
            else { continue }
            do throws(StartError) {
                core.sockets[index] = try ListeningSocket(
                    reopening: socket.listener, of: socket.service, passed: inherited)
            } catch {
                // The interface may not have its addresses yet; it is looked at again soon.
                continue
            }
            hasChanged = true
            core.events.emit(
                .notice, .opened, of: .listener(socket.listener),
                because: "interface \(name) was made anew",
                "listener \(socket.listener.path) \(socket.listener.endpoint) accepts again: "
                    + "interface \(name) was made anew")
        }
        if hasChanged { publish() }
    }

    // MARK: Time

    var nextDeadline: Instant? {
        isDraining ? nil : [nextBinding, reopenAt, interfacesDue].compactMap(\.self).min()
    }

    func meetDeadlines(now: Instant) {
        guard !isDraining else { return }
        if let reopenAt, reopenAt <= now {
            self.reopenAt = nil
            core.share.raiseGeneration()
            openOrClose()
        }
        bindAgainIfDue(now: now)
        lookAtInterfaces(now: now)
    }
}

/// The socket of a listener that was closed. As long as a worker holds it nothing else can have its address, not
/// even the listener itself; when the listener opens again it takes this socket back.
private struct DepartingSocket {
    private(set) weak var socket: ListeningSocket?
    let serial: UInt64
    let since: Instant

    /// Far longer than a worker's turn, in ms.
    static let time: UInt64 = 1000
}

internal import Shared

/// Listeners that open and close while the daemon runs.
extension Supervisor {
    // MARK: Draining

    func drain(within time: Duration?, by actor: Actor) {
        drain(within: time, because: "drain", by: actor)
    }

    func drain(within time: Duration?, because cause: String, by actor: Actor? = nil) {
        tell(
            .notice, .ending, of: .daemon, because: cause, by: actor,
            "draining \(share.admission.current) sessions"
                + (time.map { ", for \(Age($0)) at most" } ?? "")
                + ": \(actor.map { "by \($0)" } ?? cause)")
        manager?.tellStopping("draining")
        draining = (time.map { now.advanced(by: $0) }, now)
        for socket in sockets { socket.removeFile() }
        for listener in topology.listeners { listener.setOpen(false) }
        sockets = []
        listen()
        share.raiseGeneration()
        guard options.dialect?.makesRoom == true else { return }
        // Whoever finds room here finds the ports free as well: workers answer in turn.
        ask({ .report(question: $0) }) { [unowned self] _ in
            control.makeRoom()
            pidFile?.remove()
        }
    }

    func shutDown(by actor: Actor) {
        tell(.notice, .ending, of: .daemon, because: "shutdown", by: actor, "ending: by \(actor)")
        isStopping = true
    }

    /// How often a draining daemon looks whether somebody is left.
    static let drainInterval = Duration.milliseconds(100)

    func endIfDrained() {
        guard let draining, draining.next <= now else { return }
        let left = share.admission.current
        let isOver = draining.until.map { $0 <= now } ?? false
        if left == 0 || isOver {
            Log.line("drained: \(left) sessions are left", .notice)
            isStopping = true
        }
        let next = now.advanced(by: Self.drainInterval)
        self.draining?.next = draining.until.map { min($0, next) } ?? next
    }

    /// `when-empty: refuse`: a listener whose service has no usable channel does not listen. Neither does
    /// one with `overload: refuse` whose service is full.
    func openOrClose() {
        guard draining == nil else { return }
        var hasChanged = false
        for service in topology.services {
            let refuses = service.refusesWhileElecting
            let isUsable = service.isUsable(now: now) || !refuses && service.isElecting
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
        if hasChanged { listen() }
    }

    func close(_ listener: Listener, because reason: String) {
        tell(
            .warning, .refusing, of: .listener(listener), because: reason,
            "listener \(listener.path) \(listener.endpoint) refuses: \(reason)")
        departing.removeAll { now.milliseconds(since: $0.since) >= DepartingSocket.time }
        for socket in sockets where socket.listener === listener {
            socket.removeFile()
            departing.append(DepartingSocket(socket: socket, serial: listener.serial, since: now))
        }
        sockets.removeAll { $0.listener === listener }
        listener.setOpen(false)
    }

    func open(_ listener: Listener, of service: Service) {
        departing.removeAll { now.milliseconds(since: $0.since) >= DepartingSocket.time }
        let old = departing.last { $0.serial == listener.serial }
        do throws(StartError) {
            if let socket = old?.socket, socket.service === service, !listener.endpoint.isUnix {
                socket.setBacklog()
                sockets.append(socket)
            } else {
                sockets.append(
                    try ListeningSocket(reopening: listener, of: service, passed: passed))
            }
            listener.setOpen(true)
            tell(
                .notice, .opened, of: .listener(listener),
                "listener \(listener.path) \(listener.endpoint) accepts again")
        } catch {
            // Most likely it is ourselves who have the address yet, for a moment.
            if old == nil {
                tell(
                    .error, .failed, of: .listener(listener), because: error.message,
                    "listener \(listener.path) stays closed: \(error.message)")
            }
            reopenAt = now.advanced(by: old == nil ? .seconds(1) : .milliseconds(10))
            scheduleTick()
        }
    }

    func listen() {
        for worker in share.workers { worker.mailbox.post(.listen(sockets)) }
    }
}

/// A socket of a listener that was closed. As long as a worker holds it nobody else can have its address, we
/// neither; who opens the listener again takes it back.
struct DepartingSocket {
    private(set) weak var socket: ListeningSocket?
    let serial: UInt64
    let since: Instant

    /// Far longer than a worker's turn, in ms.
    static let time: UInt64 = 1000
}

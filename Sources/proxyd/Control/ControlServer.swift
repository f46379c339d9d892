internal import Glibc
internal import Shared

/// The control socket: accepts connections and keeps them apart.
final class ControlServer {
    let path: String
    private let descriptor: FileDescriptor
    private let file: UnixSocketFile
    private var connections = SlotTable<ControlConnection>()
    private var deadlines = DeadlineQueue()
    /// Out of descriptors: when accepting is tried again.
    private var retryAt: Instant?
    private unowned var daemon: (any Daemon)?

    /// Connections at once; more are told to come back.
    static let mostConnections = 64

    /// Binds the socket: refused when a daemon answers there, over a dead one's.
    init(_ settings: ControlConfiguration) throws(StartError) {
        path = settings.path ?? RuntimeFolder.path + "/" + RuntimeDirectory.socketName
        if settings.path == nil { try Self.prepareFolder() }
        var group: UInt32?
        if let name = settings.group {
            guard let number = RuntimeFolder.groupNumber(named: name) else {
                throw StartError(
                    code: .configuration,
                    message: "control: there is no Unix group “\(name)”; create it, or name another"
                )
            }
            group = number
        }
        do throws(UnixSocketFile.Failure) {
            do throws(SystemError) {
                descriptor = try Socket.open(family: AF_UNIX)
            } catch {
                throw .system(error)
            }
            file = try UnixSocketFile(
                binding: descriptor, to: path, mode: settings.mode, group: group, backlog: 64)
        } catch .isAlive {
            throw StartError(
                code: .unavailable,
                message: "another daemon answers on control socket \(path); "
                    + "end it, or give this one another with --control")
        } catch {
            throw StartError(failure: error, at: path, doing: "put the control socket at")
        }
    }

    private static func prepareFolder() throws(StartError) {
        do throws(RuntimeFolder.Failure) {
            try RuntimeFolder.prepare()
        } catch {
            let path = RuntimeFolder.path
            switch error {
            case .isForeign:
                throw StartError(
                    code: .permission,
                    message: "\(path) is not ours, or others may write there; "
                        + "mend it, or name a control socket with --control")
            case .system(let error):
                throw StartError(
                    code: .system,
                    message: "cannot make \(path): \(error); name a control socket with --control")
            }
        }
    }

    func start(with daemon: any Daemon, poller: borrowing Poller) {
        self.daemon = daemon
        listen(poller: poller)
    }

    private func listen(poller: borrowing Poller) {
        retryAt = nil
        do throws(SystemError) {
            try poller.add(descriptor.number, Token(.controlListener), .readable)
        } catch {
            daemon?.tell(
                Event(
                    .error, .failed, of: subject, because: error.description,
                    line: "control socket \(path) is not served: \(error)"))
        }
    }

    func close() { file.remove() }

    private var subject: Event.Subject { Event.Subject(kind: .control, name: path) }

    // MARK: Connections

    func acceptAll(poller: borrowing Poller) {
        guard let daemon else { return }
        while true {
            do throws(SystemError) {
                guard let (number, _) = try Socket.accept(descriptor.number) else { return }
                let socket = FileDescriptor(owning: number)
                guard connections.count < Self.mostConnections else {
                    Self.turnAway(socket)
                    continue
                }
                try add(socket, daemon: daemon, poller: poller)
            } catch {
                // Whoever waits would wake us again at once, so the socket rests for a while.
                daemon.tell(
                    Event(
                        .warning, .shortage, of: subject, because: error.description,
                        line: "control socket \(path) cannot accept for a second: \(error)"))
                poller.remove(descriptor.number)
                retryAt = Instant.now.advanced(by: .seconds(1))
                return
            }
        }
    }

    private static func turnAway(_ socket: borrowing FileDescriptor) {
        let reply = Reply.error(.busy, message: "\(mostConnections) connections are open already")
        unsafe reply.encoded.withUnsafeBytes { bytes in
            _ = unsafe Socket.send(socket.number, bytes)
        }
    }

    private func add(
        _ socket: consuming FileDescriptor, daemon: any Daemon, poller: borrowing Poller
    ) throws(SystemError) {
        let credentials = PeerCredentials.of(socket)
        let peer = Peer(
            uid: credentials.uid, pid: credentials.pid,
            program: PeerCredentials.program(of: credentials.pid))
        let number = socket.release()
        let connection = connections.insert { slot, generation in
            ControlConnection(
                FileDescriptor(owning: number), peer: peer, daemon: daemon,
                token: Token(.control, slot: slot, generation: generation))
        }
        do throws(SystemError) {
            try poller.add(number, connection.token, connection.interest)
        } catch {
            connections.remove(slot: connection.token.slot)
            throw error
        }
    }

    func resume(_ token: Token, _ readiness: Readiness, poller: borrowing Poller) {
        guard let connection = connections[token] else { return }
        connection.resume(readiness)
        settle(connection, poller: poller)
    }

    /// Looks at what a connection wants next, after anything that may have changed it.
    private func settle(_ connection: ControlConnection, poller: borrowing Poller) {
        let slot = connection.token.slot
        guard !connection.isFinished else {
            deadlines.cancel(slot: slot)
            connections.remove(slot: slot)
            return
        }
        if let due = connection.watchDue {
            deadlines.schedule(slot: slot, at: due)
        } else {
            deadlines.cancel(slot: slot)
        }
        guard connection.interest != connection.watchedInterest else { return }
        connection.watchedInterest = connection.interest
        try? poller.modify(connection.number, connection.token, connection.interest)
    }

    /// There are records for the dump of that number; nobody's when its reader has gone.
    func continueDump(_ number: UInt64) {
        for slot in 0..<connections.slotCount {
            guard let connection = connections[slot: slot], connection.shows(dump: number) else {
                continue
            }
            return connection.continueDump()
        }
    }

    // MARK: Time

    var nextDeadline: Instant? {
        guard let retryAt else { return deadlines.next }
        return min(deadlines.next ?? retryAt, retryAt)
    }

    /// Answers the watches whose interval is over, and settles connections whose answers have come.
    func meetDeadlines(poller: borrowing Poller) {
        let now = Instant.now
        if let retryAt, retryAt <= now { listen(poller: poller) }
        while let slot = deadlines.popExpired(now: now) {
            guard let connection = connections[slot: slot] else { continue }
            connection.tick(now: now)
            settle(connection, poller: poller)
        }
        for slot in 0..<connections.slotCount {
            guard let connection = connections[slot: slot], connection.hasChanged else { continue }
            connection.hasChanged = false
            settle(connection, poller: poller)
        }
    }
}

internal import Glibc
internal import Shared

/// The control socket: accepts connections and keeps them apart.
final class ControlServer {
    private(set) var path: String
    /// nil once another process has it.
    private(set) var listening: OpenedSocket?
    /// Keeps other daemons from taking the socket's place. nil: the socket was passed by a service manager, or no file
    /// can be made beside it.
    private(set) var lock: SocketLock?
    /// Where its file is, once it has made room.
    private var moved: UnixSocketFile?
    private var connections = SlotTable<ControlConnection>()
    private var deadlines = DeadlineQueue()
    /// Out of descriptors: when accepting is tried again.
    private var retryAt: Instant?
    private unowned var daemon: (any Daemon)?
    let usage = ControlUsage()
    private let roles: Roles
    private let idleLimit: Duration?
    /// When a user without a role was last logged.
    private var toldForbidden: Instant?
    /// Why there is no socket, where the daemon may do without one.
    private(set) var failure: StartError?

    /// Binds the socket: refused when a daemon answers there, over a dead one's. `user` is whom the daemon
    /// will be when it serves. With `isOptional` a socket that cannot be had is left out; see `failure`.
    init(
        _ settings: ControlConfiguration, passed: InheritedSockets = InheritedSockets(),
        lock handedOver: CInt? = nil, user: UInt32 = geteuid(), isOptional: Bool = false
    ) throws(StartError) {
        path = settings.path ?? RuntimeFolder.path + "/" + RuntimeDirectory.socketName
        var group: UInt32?
        if let name = settings.group {
            guard let number = Accounts.groupNumber(named: name) else {
                throw StartError(
                    code: .configuration,
                    message: "control: there is no Unix group “\(name)”; create it, or name another"
                )
            }
            group = number
        }
        roles = Roles(settings, daemonUser: user, socketGroup: group)
        idleLimit = settings.idle
        let listener = ListenerConfiguration(
            name: "control", endpoint: .unix(path: path),
            settings: ListenerSettings(mode: settings.mode, backlog: 64))
        lock = handedOver.flatMap { [path] in SocketLock(adopting: $0, beside: path) }
        // A socket that was passed to us is where the service manager wants it.
        if let socket = try passed.take(
            listener, at: listener.endpoint, deadPeer: nil, for: "control")
        {
            listening = socket
            return
        }
        let owner = user == geteuid() ? nil : user
        do throws(StartError) {
            try Self.prepareFolder(of: path, isStandard: settings.path == nil)
            if lock == nil { lock = try Self.acquireLock(beside: path, owner: owner) }
            listening = try Self.open(listener, at: path, owner: owner, group: group)
        } catch {
            lock?.remove()
            lock = nil
            guard isOptional else { throw error }
            failure = error
        }
    }

    private static func acquireLock(beside path: String, owner: UInt32?) throws(StartError)
        -> SocketLock?
    {
        do throws(SocketLock.Failure) {
            return try SocketLock(beside: path, owner: owner)
        } catch .isHeld {
            throw isTaken(path)
        } catch {
            // Where no file can be made, binding fails too, with a better message.
            return nil
        }
    }

    private static func isTaken(_ path: String) -> StartError {
        StartError(
            code: .unavailable,
            message: "another daemon answers on control socket \(path); "
                + "end it, or give this one another with --control")
    }

    private static func open(
        _ listener: ListenerConfiguration, at path: String, owner: UInt32?, group: UInt32?
    ) throws(StartError) -> OpenedSocket {
        do throws(UnixSocketFile.Failure) {
            return try OpenedSocket(unix: path, settings: listener, owner: owner, group: group)
        } catch .isAlive {
            throw isTaken(path)
        } catch {
            var start = StartError(failure: error, at: path, doing: "put the control socket at")
            var number = EEXIST
            if case .system(let error) = error { number = error.number }
            start.cause = .control(
                path: path, errno: number, isOccupied: unsafe access(path, F_OK) == 0)
            throw start
        }
    }

    /// Makes the socket's directory if it is missing, as it is in /run after every boot. No other user may be
    /// able to replace the socket in it.
    private static func prepareFolder(of path: String, isStandard: Bool) throws(StartError) {
        let folder = path.folderOfPath
        do throws(RuntimeFolder.Failure) {
            isStandard
                ? try RuntimeFolder.prepare() : try RuntimeFolder.prepare(at: folder)
        } catch .system where !isStandard {
            // Binding says it better.
        } catch {
            throw StartError(failure: error, atFolder: folder)
        }
    }

    func start(with daemon: any Daemon, poller: borrowing Poller) {
        self.daemon = daemon
        listen(poller: poller)
        lock?.own()
        // An older version that handed over to us had no lock.
        if lock == nil, listening?.file != nil { lock = try? SocketLock(beside: path) }
    }

    private func listen(poller: borrowing Poller) {
        retryAt = nil
        guard let listening else { return }
        do throws(SystemError) {
            try poller.add(listening.descriptor.number, Token(.controlListener), .readable)
        } catch {
            daemon?.emit(
                Event(
                    .error, .failed, of: subject, because: error.description,
                    line: "control socket \(path) is not served: \(error)"))
        }
    }

    func close() {
        (moved ?? listening?.file)?.remove()
        lock?.remove()
    }

    /// Another process serves the socket: connections get the replies that are due, and are closed.
    func retire(poller: borrowing Poller) {
        if let listening { poller.remove(listening.descriptor.number) }
        listening = nil
        lock = nil
        retryAt = nil
        for slot in 0..<connections.slotCount {
            guard let connection = connections[slot: slot] else { continue }
            connection.hangUp()
            update(connection, poller: poller)
        }
    }

    var connectionCount: Int { connections.count }

    /// Leaves its place to the next daemon, and can be found beside it while sessions end.
    func makeRoom() {
        guard var file = listening?.file, file.move() else { return }
        lock?.remove()
        lock = nil
        moved = file
        path = file.path
    }

    private var subject: Event.Subject { Event.Subject(kind: .control, name: path) }

    // MARK: Connections

    func acceptAll(poller: borrowing Poller) {
        guard let daemon, let listening else { return }
        while true {
            do throws(SystemError) {
                guard let (number, _) = try Socket.accept(listening.descriptor.number) else {
                    return
                }
                let socket = FileDescriptor(owning: number)
                try add(socket, daemon: daemon, poller: poller)
            } catch {
                // The clients that wait would wake us again at once, so the socket rests for a while.
                daemon.emit(
                    Event(
                        .warning, .shortage, of: subject, because: error.description,
                        line: "control socket \(path) cannot accept for a second: \(error)"))
                poller.remove(listening.descriptor.number)
                retryAt = Instant.now.advanced(by: .seconds(1))
                return
            }
        }
    }

    /// Says why, and closes.
    private func reject(
        _ socket: borrowing FileDescriptor, _ end: ControlUsage.End, _ code: Reply.ErrorCode,
        _ message: String
    ) {
        usage.count(end)
        unsafe Reply.error(code, message: message).encoded.withUnsafeBytes { bytes in
            _ = unsafe Socket.send(socket.number, bytes)
        }
    }

    /// At most once per ten seconds, however often a user without a role connects.
    private func emitForbidden(_ credentials: PeerCredentials) {
        let now = Instant.now
        if let toldForbidden, now.milliseconds(since: toldForbidden) < 10_000 { return }
        toldForbidden = now
        let program = PeerCredentials.program(of: credentials.pid)
        let actor = Actor(uid: credentials.uid, pid: credentials.pid, program: program)
        daemon?.emit(
            Event(
                .warning, .forbidden, of: Event.Subject(kind: .control),
                because: "user \(credentials.uid) has no role", by: actor,
                line: "control connection of \(actor) refused: "
                    + "user \(credentials.uid) has no role here"))
    }

    private func add(
        _ socket: consuming FileDescriptor, daemon: any Daemon, poller: borrowing Poller
    ) throws(SystemError) {
        let credentials = PeerCredentials(of: socket)
        guard let role = roles.role(uid: credentials.uid, groups: credentials.groups) else {
            emitForbidden(credentials)
            reject(
                socket, .forbidden, .forbidden,
                "user \(credentials.uid) has no role here; an admin gives one with “viewers”, "
                    + "“operators” or “admins” of “control” in the configuration")
            return
        }
        if let reason = findPlace(uid: credentials.uid, role, poller: poller) {
            return reject(socket, .busy, .busy, reason)
        }
        let peer = Peer(
            uid: credentials.uid, pid: credentials.pid,
            program: PeerCredentials.program(of: credentials.pid), role: role)
        // Looked up by the time that its first event is read.
        _ = UserNames.name(of: peer.uid)
        let number = socket.release()
        let connection = connections.insert { slot, generation in
            ControlConnection(
                FileDescriptor(owning: number), peer: peer, daemon: daemon,
                token: Token(.control, slot: slot, generation: generation), usage: usage,
                idleLimit: idleLimit)
        }
        do throws(SystemError) {
            try poller.add(number, connection.token, connection.interest)
        } catch {
            connections.remove(slot: connection.token.slot)
            throw error
        }
        usage.clients = connections.count
        update(connection, poller: poller)
    }

    /// Closes an idle connection if an admin needs its place.
    ///
    /// - Returns: why there is no place for one more; nil: there is one.
    private func findPlace(uid: UInt32, _ role: Peer.Role, poller: borrowing Poller) -> String? {
        let present = (0..<connections.slotCount).compactMap { connections[slot: $0] }
        let holders = present.map {
            ControlUsage.Holder(uid: $0.peer.uid, role: $0.peer.role, idleSince: $0.idleSince)
        }
        switch ControlUsage.place(for: uid, role, among: holders) {
        case .free: return nil
        case .refused(let reason): return reason
        case .insteadOf(let index):
            present[index].evict()
            update(present[index], poller: poller)
            return nil
        }
    }

    func resume(_ token: Token, _ readiness: Readiness, poller: borrowing Poller) {
        guard let connection = connections[token] else { return }
        connection.resume(readiness)
        update(connection, poller: poller)
    }

    /// Looks at what a connection wants next, after anything that may have changed it.
    private func update(_ connection: ControlConnection, poller: borrowing Poller) {
        let slot = connection.token.slot
        guard !connection.isFinished else {
            deadlines.cancel(slot: slot)
            connections.remove(slot: slot)
            usage.clients = connections.count
            if let end = connection.end { emit(end, of: connection) }
            return
        }
        if let due = connection.nextDue {
            deadlines.schedule(slot: slot, at: due)
        } else {
            deadlines.cancel(slot: slot)
        }
        let (old, new) = (connection.watchedInterest, connection.interest)
        connection.watchedInterest = new
        try? poller.change(connection.number, connection.token, from: old, to: new)
    }

    private func emit(_ end: ControlUsage.End, of connection: ControlConnection) {
        usage.count(end)
        let reason =
            switch end {
            case .busy: "an admin needed its place"
            case .slow:
                "it has read nothing for \(Age(ControlUsage.readerPatience)), and replies wait"
            case .idle, .forbidden:
                "it has asked nothing for \(idleLimit.map { "\(Age($0))" } ?? "long")"
            }
        daemon?.emit(
            Event(
                end == .slow ? .warning : .info, .clientCut, of: Event.Subject(kind: .control),
                because: reason, by: connection.peer.actor,
                line: "control connection of \(connection.peer.actor) closed: \(reason)"))
    }

    /// There are records for the dump of that number, whose reader may have gone.
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

    /// Answers the watches whose interval is over, and updates connections whose answers have come.
    func meetDeadlines(poller: borrowing Poller) {
        let now = Instant.now
        if let retryAt, retryAt <= now { listen(poller: poller) }
        while let slot = deadlines.popExpired(now: now) {
            guard let connection = connections[slot: slot] else { continue }
            connection.meetDeadlines(now: now)
            update(connection, poller: poller)
        }
        updateAll(poller: poller)
    }

    /// Sends new events to those who follow, and updates connections that have changed; that may make further events.
    private func updateAll(poller: borrowing Poller) {
        var told: UInt64?
        repeat {
            told = daemon?.events.last
            for slot in 0..<connections.slotCount {
                guard let connection = connections[slot: slot] else { continue }
                connection.continueFollow()
                guard connection.hasChanged else { continue }
                connection.hasChanged = false
                update(connection, poller: poller)
            }
        } while told != daemon?.events.last
    }
}

extension StartError {
    /// Why a control socket cannot be in a directory.
    fileprivate init(failure: RuntimeFolder.Failure, atFolder path: String) {
        let code: Code
        let problem: String
        switch failure {
        case .isForeign:
            (code, problem) = (
                .permission, "\(path) is not ours, or others may write there; mend it"
            )
        case .isOwned(let user):
            (code, problem) = (
                .permission,
                "\(path) belongs to user \(user), who could put another control socket there; "
                    + "give it to root or to this user (chown)"
            )
        case .isOpenToAll:
            (code, problem) = (
                .permission,
                "everybody may write to \(path) and could put another control socket there; "
                    + "take that away (chmod o-w)"
            )
        case .system(let error): (code, problem) = (.system, "cannot make \(path): \(error)")
        }
        self.init(code: code, message: "\(problem), or name another control socket with --control")
    }
}

internal import Shared

/// What a worker hands over to another process, or gets from one.
struct WorkerHandoverState: Sendable {
    var sessions: [TransferredSession] = []
    /// Accepted, and not yet anybody's session.
    var clients: [AcceptedClient] = []
    /// Sessions that stay behind, as they cannot be moved.
    var leftBehind = 0
    /// No session has had a greater number.
    var lastSession: UInt64 = 0
    var ends: [EndReason: UInt64] = [:]
    var connectTimes: [UInt64: ConnectTimes] = [:]
    var totals = TrafficCounters.Totals()

    /// Adds another worker's; connect times are kept apart.
    mutating func add(_ other: WorkerHandoverState) {
        sessions += other.sessions
        clients += other.clients
        leftBehind += other.leftBehind
        lastSession = max(lastSession, other.lastSession)
        ends.merge(other.ends, uniquingKeysWith: +)
        totals.add(other.totals)
    }
}

extension Worker {
    // MARK: Standing still

    /// Between two turns, when no event is in flight, the worker stops and waits for what is decided about
    /// its sessions. What happens to them meanwhile the kernel keeps, as edges of this poller or of another
    /// one; so going on takes nothing.
    func quiesceIfAsked() {
        guard let question = standstill else { return }
        standstill = nil
        answer(.standsStill, question)
        var later: [Command] = []
        var isOver = false
        while !isOver {
            Pause.until(nil, or: entrance.mailbox.descriptor)
            for command in entrance.mailbox.take() {
                switch command {
                case .handOver(let question) where !isOver:
                    answer(.handedOver(estate(with: later)), question)
                case .goOn: isOver = true
                case .letGo:
                    isOver = true
                    for case .serve(let client) in later { leaveBehind(client) }
                    later.removeAll { if case .serve = $0 { true } else { false } }
                    letGo()
                default: later.append(command)
                }
            }
        }
        now = .now
        for command in later { obey(command) }
    }

    /// Everything there is. Clients that were accepted for this worker wait among its commands.
    private func estate(with commands: [Command]) -> WorkerHandoverState {
        var estate = WorkerHandoverState(
            lastSession: (sessionNumber + 1) * UInt64(share.workers.count), ends: ends,
            connectTimes: connectTimes, totals: TrafficCounters.sum([counters]))
        for slot in 0..<sessions.slotCount {
            guard let session = sessions[slot: slot], !session.isClosed else { continue }
            guard session.isMovable else {
                estate.leftBehind += 1
                continue
            }
            estate.sessions.append(session.moved)
        }
        for case .serve(let client) in commands { estate.clients.append(client) }
        return estate
    }

    /// Another process serves it: were it open here as well, its end would never be told.
    private func leaveBehind(_ client: AcceptedClient) {
        _ = FileDescriptor(owning: client.descriptor)
        client.listener.leave()
        entrance.removeSession()
        share.admission.leave()
    }

    /// Another process has them, and accepts whoever comes.
    private func letGo() {
        for acceptor in acceptors { acceptor.unwatch(with: poller) }
        acceptors.removeAll()
        unfinished.removeAll { $0.isMovable }
        for slot in 0..<sessions.slotCount {
            guard let session = sessions[slot: slot], !session.isClosed, session.isMovable else {
                continue
            }
            session.leaveBehind(on: self)
            sessions.remove(slot: slot)
            entrance.removeSession()
            share.admission.leave()
        }
    }

    // MARK: Taking over

    /// Their places were taken for them.
    func adopt(_ moved: [TransferredSession]) {
        for moved in moved {
            let session = sessions.insert { slot, generation in
                Session(resuming: moved, slot: slot, generation: generation, on: self)
            }
            session.goOn(with: moved, on: self)
        }
    }

    /// Numbers go on from where they were, and so do counts.
    func inherit(_ estate: WorkerHandoverState) {
        sessionNumber = max(sessionNumber, estate.lastSession / UInt64(share.workers.count) + 1)
        for (reason, count) in estate.ends { ends[reason, default: 0] += count }
        for (serial, times) in estate.connectTimes where connectTimes[serial] == nil {
            connectTimes[serial] = times
        }
        counters.restore(estate.totals)
    }
}

extension Session {
    /// Whether another process can go on with it: everything that it is made of is a descriptor or a value. What
    /// a proxy's header has told of the client is not handed over, and is of no use once a channel has it. What TLS
    /// has agreed on is nobody else's.
    var isMovable: Bool {
        guard clientTLS == nil, channelTLS == nil else { return false }
        switch preamble?.stage {
        case .handshake, .dismissed: return false
        case .barred, .header, .opening, .bytes, nil: return told == nil || isPlaced
        }
    }
}

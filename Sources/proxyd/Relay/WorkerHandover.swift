internal import Shared

/// What a worker hands over to another process, or gets from one.
struct WorkerHandoverState: Sendable {
    var sessions: [TransferredSession] = []
    /// Accepted, and not a session yet.
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
    /// one; so going on takes nothing. What is being cut is cut first.
    func quiesceIfAsked() {
        guard let question = quiesceQuestion, cuts.isEmpty else { return }
        quiesceQuestion = nil
        answer(.standsStill, question)
        var later: [WorkerCommand] = []
        var isOver = false
        while !isOver {
            Sleep.until(nil, or: handle.mailbox.descriptor)
            for command in handle.mailbox.take() {
                switch command {
                case .handOver(let question) where !isOver:
                    answer(.handedOver(handoverState(with: later)), question)
                case .resume: isOver = true
                case .releaseAll:
                    isOver = true
                    for case .serve(let client) in later { detach(client) }
                    later.removeAll { if case .serve = $0 { true } else { false } }
                    releaseAll()
                default: later.append(command)
                }
            }
        }
        now = .now
        for command in later { handle(command) }
    }

    /// Everything there is. Clients that were accepted for this worker wait among its commands.
    private func handoverState(with commands: [WorkerCommand]) -> WorkerHandoverState {
        var state = WorkerHandoverState(
            lastSession: (sessionNumber + 1) * UInt64(share.workers.count),
            ends: counts.ends.byReason, connectTimes: connectTimes,
            totals: TrafficCounters.sum([counters]))
        for slot in 0..<sessions.slotCount {
            guard let box = sessions[slot: slot], !box.session.isClosed else { continue }
            if box.session.isMovable {
                // The other process may not know that options are missing.
                box.session.setDeferredOptions()
                state.sessions.append(box.session.transferred)
            } else {
                state.leftBehind += 1
            }
        }
        for case .serve(let client) in commands { state.clients.append(client) }
        return state
    }

    /// Another process serves it: were it open here as well, its end would never be seen.
    private func detach(_ client: consuming AcceptedClient) {
        _ = FileDescriptor(owning: client.descriptor)
        client.holdings.detach(on: self, since: now)
    }

    /// Another process has the sessions, and accepts new clients.
    private func releaseAll() {
        stopListening()
        for slot in 0..<sessions.slotCount {
            guard let box = sessions[slot: slot], !box.session.isClosed, box.session.isMovable
            else { continue }
            box.session.detach(on: self)
            sessions.remove(slot: slot)
        }
    }

    // MARK: Taking over

    func adopt(_ moved: [TransferredSession]) {
        for moved in moved {
            let box = sessions.insert { slot, generation in
                SessionBox(Session(resuming: moved, slot: slot, generation: generation, on: self))
            }
            box.session.resume(moved, on: self)
        }
    }

    /// Numbers go on from where they were, and so do counts.
    func inherit(_ state: WorkerHandoverState) {
        sessionNumber = max(sessionNumber, state.lastSession / UInt64(share.workers.count) + 1)
        for (reason, count) in state.ends { counts.ends.add(count, of: reason) }
        for (serial, times) in state.connectTimes where connectTimes[serial] == nil {
            connectTimes[serial] = times
        }
        counters.restore(state.totals)
    }
}

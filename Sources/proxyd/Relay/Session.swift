internal import Shared

/// A client's connection and its channel's, from accept to close, on one worker.
///
/// `SessionLife` decides, `Flow` moves the bytes, and this does what they say.
final class Session {
    let id: UInt64
    let slot: Int
    let generation: UInt32
    let listener: Listener
    let service: Service
    /// Who connected.
    let client: Endpoint
    let started: Instant

    private var clientSocket: FileDescriptor
    private var channelSocket = FileDescriptor.none
    private(set) var channel: Channel?
    private(set) var life = SessionLife()
    private(set) var inFlow = Flow()
    private(set) var outFlow = Flow()
    private(set) var lastActivity: Instant
    /// Which side's bytes came last: when all falls silent, it is the other side's turn.
    private var lastSpeaker = Side.channel
    private var connectStarted: Instant
    private var tried: [UInt64] = []
    /// Of the channel's election, when it was chosen.
    private var term: PrimarySeat.Term?
    private var isClientWatchedForWrites = false

    init(
        id: UInt64, slot: Int, generation: UInt32, accepted: consuming AcceptedClient, now: Instant
    ) {
        self.id = id
        self.slot = slot
        self.generation = generation
        listener = accepted.listener
        service = accepted.service
        client = accepted.address
        clientSocket = FileDescriptor(owning: accepted.descriptor)
        started = now
        lastActivity = now
        connectStarted = now
    }

    var isClosed: Bool {
        if case .closed = life.phase { true } else { false }
    }

    private func token(_ kind: Token.Kind) -> Token {
        Token(kind, slot: slot, generation: generation)
    }

    // MARK: Starting

    /// Watches the client and looks for a channel.
    func start(on worker: Worker) {
        listener.counters[worker.index].addSession()
        do {
            try worker.poller.add(
                clientSocket.number, token(.client), [.readable, .readEnd, .urgent, .edge])
        } catch {
            perform(life.connectFailed(.memory), on: worker)
            return
        }
        perform(.choose, on: worker)
    }

    /// A held session looks again; something may have become usable.
    func chooseAgain(on worker: Worker) {
        guard life.phase == .holding else { return }
        tried.removeAll()
        perform(.choose, on: worker)
    }

    private func choose(on worker: Worker) -> SessionLife.Action {
        guard let channel = service.choose(excluding: tried, now: worker.now) else {
            return life.foundNoChannel()
        }
        life.chose()
        term = channel.seat?.term
        self.channel = channel
        connectStarted = worker.now
        worker.deadlines.schedule(
            slot: slot, at: worker.now.advanced(by: service.timeouts.connect))
        do {
            let socket = try ChannelSocket.connect(
                to: channel.address, deadPeer: service.timeouts.deadPeer)
            let isConnected = socket.isConnected
            channelSocket = socket.takeDescriptor()
            try worker.poller.add(
                channelSocket.number, token(.channel),
                [.readable, .writable, .readEnd, .urgent, .edge])
            return isConnected ? connected(to: channel, on: worker) : .none
        } catch {
            return connectFailed(.init(connectError: error.number), on: worker)
        }
    }

    private func connectFailed(
        _ cause: EndReason.Cause, on worker: Worker
    ) -> SessionLife.Action {
        channelSocket = FileDescriptor.none
        outFlow.isReadable = false
        outFlow.endFollows = false
        if let channel {
            // A primary that was elected again meanwhile is tried again: the election has seen it work.
            if channel.seat == nil || cause.isShortage { tried.append(channel.serial) }
            self.channel = nil
            channel.release()
            if !cause.isShortage {
                channel.counters[worker.index].addFailure()
                worker.report(failureOf: channel, cause, grace: service.grace, in: term)
            }
        }
        return life.connectFailed(cause)
    }

    private func connected(to channel: Channel, on worker: Worker) -> SessionLife.Action {
        channel.counters[worker.index].addSession()
        worker.noteConnect(to: channel, nanoseconds: worker.now.elapsed(since: connectStarted))
        lastActivity = worker.now
        tried = []
        return life.connected()
    }

    // MARK: Events

    /// A socket is ready for something.
    func resume(_ side: Side, _ readiness: Readiness, on worker: Worker) {
        let isBroken = readiness.contains(.error)
        if !readiness.isDisjoint(with: [.readable, .readEnd, .hangUp, .error]) {
            note(readiness, from: side)
        }
        switch life.phase {
        case .closed:
            return
        case .holding, .connecting:
            if side == .channel {
                resumeConnecting(readiness, on: worker)
            } else if isBroken {
                perform(life.broke(.client, .reset), on: worker)
            }
        case .relaying, .halfClosed:
            if readiness.contains(.writable) || isBroken { noteWritable(side) }
            relay(side, on: worker)
            if isBroken, !isClosed { breakIfBroken(side, on: worker) }
        }
    }

    /// The turn that was over goes on.
    func continueTurn(on worker: Worker) {
        switch life.phase {
        case .relaying, .halfClosed:
            pumpIfReady(from: .client, on: worker)
            pumpIfReady(from: .channel, on: worker)
        case .closed, .holding, .connecting:
            break
        }
    }

    private func note(_ readiness: Readiness, from side: Side) {
        func note(_ flow: inout Flow) {
            flow.isReadable = true
            // A reset reads as an end, too (tcp(7)); the receive behind the last bytes tells it apart.
            if readiness.contains(.readEnd), !readiness.contains(.error) { flow.endFollows = true }
            if readiness.contains(.urgent) { flow.hasUrgent = true }
        }
        if side == .client { note(&inFlow) } else { note(&outFlow) }
    }

    private func noteWritable(_ side: Side) {
        if side == .client { outFlow.isWritable = true } else { inFlow.isWritable = true }
    }

    private func resumeConnecting(_ readiness: Readiness, on worker: Worker) {
        guard let channel, channelSocket.number >= 0 else { return }
        if !readiness.isDisjoint(with: [.error, .hangUp]) {
            let number = Socket.pendingError(channelSocket)
            if number != 0 {
                perform(connectFailed(.init(connectError: number), on: worker), on: worker)
                return
            }
        }
        guard readiness.contains(.writable) else { return }
        perform(connected(to: channel, on: worker), on: worker)
    }

    /// The channel's connection stands: bytes may flow.
    private func beginRelay(on worker: Worker) {
        if inFlow.isReadable {
            pumpIfReady(from: .client, on: worker)
        } else {
            ChannelSocket.acknowledge(channelSocket)
        }
        pumpIfReady(from: .channel, on: worker)
    }

    /// An event of `side` concerns the flow from it, and the flow into it only if that waits.
    private func relay(_ side: Side, on worker: Worker) {
        pumpIfReady(from: side, on: worker)
        let opposite = side == .client ? outFlow : inFlow
        if opposite.isWaitingForSink { pumpIfReady(from: side.other, on: worker) }
    }

    /// The kernel holds an error that no read or write has met, because neither is possible now.
    private func breakIfBroken(_ side: Side, on worker: Worker) {
        let number: CInt
        switch side {
        case .client: number = Socket.pendingError(clientSocket)
        case .channel: number = Socket.pendingError(channelSocket)
        }
        guard number != 0 else { return }
        perform(life.broke(side, .init(streamError: number)), on: worker)
    }

    // MARK: Moving bytes

    private func pumpIfReady(from side: Side, on worker: Worker) {
        guard !isClosed, side == .client ? inFlow.canMove : outFlow.canMove else { return }
        settle(pump(from: side, on: worker), from: side, on: worker)
    }

    private func pump(from side: Side, on worker: Worker) -> Flow.Pause {
        let (client, channel) = (clientSocket.number, channelSocket.number)
        let before: UInt64
        let after: UInt64
        let pause: Flow.Pause
        if side == .client {
            before = inFlow.byteCount
            pause = inFlow.pump(from: client, to: channel, space: worker.space)
            after = inFlow.byteCount
        } else {
            before = outFlow.byteCount
            pause = outFlow.pump(from: channel, to: client, space: worker.space)
            after = outFlow.byteCount
        }
        if after != before { count(after &- before, from: side, on: worker) }
        return pause
    }

    private func count(_ moved: UInt64, from side: Side, on worker: Worker) {
        lastActivity = worker.now
        lastSpeaker = side
        listener.counters[worker.index].addBytes(moved, from: side)
        channel?.counters[worker.index].addBytes(moved, from: side)
        worker.counters.addBytes(moved, from: side)
    }

    private func settle(_ pause: Flow.Pause, from side: Side, on worker: Worker) {
        switch pause {
        case .sourceEmpty:
            break
        case .sinkFull:
            if side == .channel { watchClientForWrites(on: worker) }
        case .turnOver:
            worker.resumeLater(self)
        case .finished:
            perform(life.ended(side), on: worker)
        case .sourceFailed(let number):
            perform(life.broke(side, .init(streamError: number)), on: worker)
        case .sinkFailed(let number):
            salvage(from: side.other, on: worker)
            perform(life.broke(side.other, .init(streamError: number)), on: worker)
        }
    }

    /// A side that takes no more bytes may have sent some before it broke; they are delivered first.
    private func salvage(from side: Side, on worker: Worker) {
        if side == .client { inFlow.isReadable = true } else { outFlow.isReadable = true }
        guard side == .client ? inFlow.canMove : outFlow.canMove else { return }
        // However it stops, the session ends now.
        _ = pump(from: side, on: worker)
    }

    /// Clients are watched for room only once one of them had none: most never do.
    private func watchClientForWrites(on worker: Worker) {
        guard !isClientWatchedForWrites else { return }
        isClientWatchedForWrites = true
        try? worker.poller.modify(
            clientSocket.number, token(.client),
            [.readable, .writable, .readEnd, .urgent, .edge])
    }

    // MARK: Deadlines

    /// When this session must be looked at if nothing happens; nil: never.
    private var deadline: Instant? {
        let timeouts = service.timeouts
        switch life.phase {
        case .closed: return nil
        case .connecting: return connectStarted.advanced(by: timeouts.connect)
        case .holding:
            // Until the election is over, which then has everybody look again.
            guard !service.isElecting else { return nil }
            guard case .hold(let duration) = listener.settings.whenEmpty else { return nil }
            return started.advanced(by: duration)
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
        if life.phase == .connecting {
            perform(connectFailed(.timeout, on: worker), on: worker)
        } else {
            perform(life.timedOut(awaiting: lastSpeaker.other), on: worker)
        }
    }

    // MARK: Doing what was decided

    private func perform(_ first: SessionLife.Action, on worker: Worker) {
        var action = first
        while true {
            switch action {
            case .none:
                return
            case .choose:
                action = choose(on: worker)
            case .relay:
                hastenDeadline(on: worker)
                beginRelay(on: worker)
                return
            case .whenEmpty:
                action = whenEmpty(on: worker)
            case .shutDownWrites(.client):
                Socket.shutDownWrites(clientSocket)
                hastenDeadline(on: worker)
                return
            case .shutDownWrites(.channel):
                Socket.shutDownWrites(channelSocket)
                hastenDeadline(on: worker)
                return
            case .close(let reason, let resets):
                close(reason, resets, on: worker)
                return
            }
        }
    }

    /// A phase with a sooner deadline than the one that is set must not wait for that one.
    private func hastenDeadline(on worker: Worker) {
        guard let deadline else { return }
        worker.deadlines.hasten(slot: slot, to: deadline)
    }

    private func whenEmpty(on worker: Worker) -> SessionLife.Action {
        if service.isElecting {
            life.hold()
            worker.hold(self)
            return .none
        }
        switch listener.settings.whenEmpty {
        case .close, .refuse:
            return life.closeEmpty(resetting: .neither)
        case .reset:
            return life.closeEmpty(resetting: .client)
        case .hold:
            life.hold()
            guard let deadline, deadline > worker.now else {
                return life.closeEmpty(resetting: .neither)
            }
            worker.deadlines.schedule(slot: slot, at: deadline)
            worker.hold(self)
            return .none
        }
    }

    /// Its channel was primary and is not any more.
    func supersede(on worker: Worker) { perform(life.supersede(), on: worker) }

    /// A person, or the daemon's end, cuts the session.
    func cut(_ cause: EndReason.Cause, on worker: Worker) {
        perform(life.cut(cause), on: worker)
    }

    /// The only way out.
    private func close(
        _ reason: EndReason, _ resets: SessionLife.Resets, on worker: Worker
    ) {
        worker.deadlines.cancel(slot: slot)
        if resets == .client || resets == .both { Socket.resetOnClose(clientSocket) }
        if channelSocket.number >= 0, resets == .channel || resets == .both {
            Socket.resetOnClose(channelSocket)
        }
        inFlow.abandon(to: worker.space)
        outFlow.abandon(to: worker.space)
        let lived = worker.now.elapsed(since: started)
        if let channel {
            channel.counters[worker.index].addTime(nanoseconds: lived)
            channel.release()
        }
        if reason.when == .queue || reason.when == .connect, reason.who != .operator {
            listener.counters[worker.index].addFailure()
        }
        listener.counters[worker.index].addTime(nanoseconds: lived)
        worker.counters.addTime(nanoseconds: lived)
        listener.leave()
        channelSocket = FileDescriptor.none
        clientSocket = FileDescriptor.none
        worker.ended(self, reason)
    }
}

extension Session {
    /// Its facts, for whoever asks.
    func record(now: Instant, worker: Int) -> SessionRecord {
        SessionRecord(
            id: id, client: client, listener: listener, channel: channel, phase: life.phase,
            worker: worker, age: now.elapsed(since: started),
            idle: now.elapsed(since: lastActivity), inBytes: inFlow.byteCount,
            outBytes: outFlow.byteCount, isInSplicing: inFlow.isSplicing,
            isOutSplicing: outFlow.isSplicing, retries: life.failures)
    }
}

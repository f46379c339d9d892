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
    /// Of the channel being connected to: a name may have several.
    private var addressesLeft = 0
    private var isClientWatchedForWrites = false
    /// It counts among its source's sessions.
    private var source: SourceLedger.Source?
    /// It counts among its service's sessions.
    private var hasPlace = false
    private var wait: Wait?

    /// Standing in the service's line.
    private struct Wait {
        var until: Instant
        /// For room (`overload: queue`), not for a channel to become usable (`hold`).
        var isForRoom: Bool
    }
    /// Whether the channel has accepted, so that its counters know of this session.
    private var isPlaced = false

    init(
        id: UInt64, slot: Int, generation: UInt32, accepted: consuming AcceptedClient, now: Instant
    ) {
        self.id = id
        self.slot = slot
        self.generation = generation
        listener = accepted.listener
        service = accepted.service
        client = accepted.address
        if case .unix = accepted.address { inFlow.mayStopShort = true }
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
            // Unwatched, it would be served by nobody.
            _ = life.connectFailed(.memory)
            perform(life.closeEmpty(resetting: .neither), on: worker)
            return
        }
        perform(enter(on: worker), on: worker)
    }

    /// Sees whether the client keeps to the limits of its listener and its source.
    private func enter(on worker: Worker) -> SessionLife.Action {
        guard listener.takeTurn(now: worker.now) else {
            return life.turnAway(.rate, resetting: service.limits.overload.resets)
        }
        guard let sources = service.sources else { return .choose }
        let source = sources.source(of: client)
        switch sources.admit(source, now: worker.now) {
        case .admitted:
            self.source = source
            return .choose
        case .tooMany:
            return life.turnAway(.perSource, resetting: service.limits.overload.resets)
        case .tooFast:
            return life.turnAway(.rate, resetting: service.limits.overload.resets)
        }
    }

    private func choose(on worker: Worker) -> SessionLife.Action {
        if isNewcomer, service.isInDemand {
            // Whoever stands in line already goes first.
            if service.limits.overload == .queue { return .overload(.overload) }
            if case .hold = listener.settings.whenEmpty { return .whenEmpty }
        }
        if !hasPlace {
            guard service.places.admit() else { return .overload(.overload) }
            hasPlace = true
        }
        guard
            let channel = service.choose(
                for: clientKey, excluding: tried, now: worker.now)
        else {
            let isFull = tried.isEmpty && service.isUsable(now: worker.now)
            if isFull, service.limits.overload == .queue { return .overload(.overload) }
            return life.foundNoChannel()
        }
        life.chose()
        if case .unix = channel.endpoint { outFlow.mayStopShort = true }
        leaveLine(on: worker)
        self.channel = channel
        addressesLeft = channel.addressCount
        return connect(to: channel, on: worker)
    }

    /// It has neither waited nor been refused.
    private var isNewcomer: Bool { wait == nil && life.failures == 0 }

    /// Starts to connect to the channel's next address.
    private func connect(to channel: Channel, on worker: Worker) -> SessionLife.Action {
        connectStarted = worker.now
        worker.deadlines.schedule(
            slot: slot, at: worker.now.advanced(by: service.timeouts.connect))
        guard let address = channel.nextAddress() else {
            return connectFailed(.unreachable, on: worker)
        }
        do {
            let socket = try ChannelSocket.connect(
                to: address, deadPeer: service.timeouts.deadPeer)
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

    /// What policies may know of the client; the address that it connected to costs a system call.
    private var clientKey: ClientKey {
        let destination = service.asksForDestination ? Socket.localEndpoint(clientSocket) : nil
        return ClientKey(source: client, destination: destination ?? listener.endpoint)
    }

    private func connectFailed(
        _ cause: EndReason.Cause, on worker: Worker
    ) -> SessionLife.Action {
        channelSocket = FileDescriptor.none
        outFlow.isReadable = false
        outFlow.endFollows = false
        addressesLeft -= 1
        if let channel, addressesLeft > 0, !cause.isShortage {
            return connect(to: channel, on: worker)
        }
        if let channel {
            tried.append(channel.serial)
            self.channel = nil
            channel.release()
            if !cause.isShortage {
                channel.counters[worker.index].addFailure()
                worker.report(failureOf: channel, cause, of: service)
            }
        }
        return life.connectFailed(cause)
    }

    private func connected(to channel: Channel, on worker: Worker) -> SessionLife.Action {
        channel.counters[worker.index].addSession()
        channel.counters[worker.index].began(at: started)
        isPlaced = true
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
            // A flow that goes on will meet the error behind the bytes that came before it.
            let goesOn = side == .client ? inFlow.canMove : outFlow.canMove
            if isBroken, !goesOn, !isClosed { breakIfBroken(side, on: worker) }
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
            return wait?.until
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
        } else if wait?.isForRoom == true {
            perform(life.queueTimedOut(), on: worker)
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
            case .overload(let cause):
                action = overload(cause, on: worker)
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
        switch listener.settings.whenEmpty {
        case .close, .refuse:
            return life.closeEmpty(resetting: .neither)
        case .reset:
            return life.closeEmpty(resetting: .client)
        case .hold(let duration):
            let until = started.advanced(by: duration)
            return stand(Wait(until: until, isForRoom: false), on: worker)
        }
    }

    private func overload(
        _ cause: EndReason.Cause, on worker: Worker
    ) -> SessionLife.Action {
        switch service.limits.overload {
        case .close, .reset:
            return life.turnAway(cause, resetting: service.limits.overload.resets)
        case .queue:
            let until = started.advanced(by: service.limits.queueTimeout)
            return stand(Wait(until: until, isForRoom: true), on: worker)
        }
    }

    // MARK: Waiting

    private func waiter(on worker: Worker) -> WaitingLine.Waiter {
        WaitingLine.Waiter(worker: worker.index, token: token(.client))
    }

    /// Goes to the end of the service's line, or stays where it is after having been called in vain.
    private func stand(_ wait: Wait, on worker: Worker) -> SessionLife.Action {
        guard let line = service.line, wait.until > worker.now else {
            return wait.isForRoom ? life.queueTimedOut() : life.closeEmpty(resetting: .neither)
        }
        if self.wait == nil {
            guard line.join(waiter(on: worker)) else {
                return life.turnAway(.queueFull, resetting: .neither)
            }
            // What came free while it was joining has called nobody.
            worker.share.callNext(of: service)
        }
        self.wait = wait
        life.hold()
        worker.deadlines.schedule(slot: slot, at: wait.until)
        return .none
    }

    private func leaveLine(on worker: Worker) {
        guard wait != nil else { return }
        wait = nil
        service.line?.leave(waiter(on: worker))
    }

    /// It has been called: there may be room, or a usable channel. If so, so there may be for the next.
    func chooseAgain(on worker: Worker) {
        guard life.phase == .holding else { return }
        tried.removeAll()
        perform(.choose, on: worker)
        if life.phase != .holding { worker.share.callNext(of: service) }
    }

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
            let counters = channel.counters[worker.index]
            if isPlaced {
                counters.ended(began: started, at: worker.now)
            } else {
                counters.addTime(nanoseconds: lived)
            }
            channel.release()
        }
        if reason.isTurnedAway {
            listener.counters[worker.index].addFailure()
        }
        listener.counters[worker.index].addTime(nanoseconds: lived)
        worker.counters.addTime(nanoseconds: lived)
        leaveLimits(on: worker)
        channelSocket = FileDescriptor.none
        clientSocket = FileDescriptor.none
        worker.ended(self, reason)
    }

    /// Gives back every place that it has taken, and calls whoever waits for one.
    private func leaveLimits(on worker: Worker) {
        listener.leave()
        if hasPlace { service.places.leave() }
        if let source { service.sources?.leave(source) }
        leaveLine(on: worker)
        worker.share.callNext(of: service)
    }
}

extension Overload {
    /// Who of a session that is one too many sees a reset.
    fileprivate var resets: SessionLife.Resets { self == .reset ? .client : .neither }
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

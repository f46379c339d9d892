internal import Shared

/// A session between two turns of its worker, as another process can go on with it.
///
/// Its descriptors are the session's until that process has them; over there they are owned by whoever holds
/// the value.
struct TransferredSession: Sendable {
    var id: UInt64
    var listener: Listener
    var service: Service
    var channel: Channel?
    var client: Endpoint
    var clientSocket: CInt
    /// -1: there is none.
    var channelSocket: CInt = -1
    var channelAddress: Endpoint?
    var phase = SessionLife.Phase.connecting
    var failures = 0
    var lastFailure: EndReason.Cause?
    var started: Instant
    var inMoved = Instant.zero
    var outMoved = Instant.zero
    var connectStarted = Instant.zero
    var connectedAt = Instant.zero
    var firstByteAt = Instant.zero
    var lastRefusal = Instant.zero
    var lastSpeaker = Side.channel
    var tried: [UInt64] = []
    var addressesLeft = 0
    var topologyGeneration: UInt64 = 0
    /// Whether the channel has accepted.
    var isPlaced = false
    /// It counts among its service's sessions.
    var hasPlace = false
    /// It counts among its source's sessions.
    var isOfSource = false
    /// Standing in the service's line: until when, and whether for room.
    var wait: Session.Wait?
    /// What has to come before a channel is chosen.
    var preamble: Preread?
    /// The name of the only group that it may go to (`route`).
    var routedGroup: String?
    var inFlow = TransferredFlow()
    var outFlow = TransferredFlow()

    /// In the order in which they travel.
    var descriptors: [CInt] {
        [clientSocket, channelSocket].filter { $0 >= 0 } + inFlow.descriptors + outFlow.descriptors
    }
}

/// One direction of it, with the bytes that are between the two sockets.
struct TransferredFlow: Equatable, Sendable {
    var byteCount: UInt64 = 0
    var isEnded = false
    var isSplicing = false
    var hasUrgent = false
    /// In a buffer.
    var held: [UInt8] = []
    /// In the kernel; a pipe that is empty stays behind.
    var pipe: Pipe?

    struct Pipe: Equatable, Sendable {
        var readEnd: CInt
        var writeEnd: CInt
        var count: Int
    }

    var descriptors: [CInt] { pipe.map { [$0.readEnd, $0.writeEnd] } ?? [] }
}

extension Session {
    /// As it is now, for another process; nothing of it changes.
    var moved: TransferredSession {
        var moved = TransferredSession(
            id: id, listener: listener, service: service, channel: channel, client: client,
            clientSocket: clientSocket.number, channelSocket: channelSocket.number,
            channelAddress: channelAddress, phase: life.phase, failures: life.failures,
            lastFailure: life.lastFailure, started: started)
        (moved.inMoved, moved.outMoved) = (inMoved, outMoved)
        (moved.connectStarted, moved.connectedAt) = (connectStarted, connectedAt)
        (moved.firstByteAt, moved.lastRefusal) = (firstByteAt, lastRefusal)
        (moved.lastSpeaker, moved.tried) = (lastSpeaker, tried)
        (moved.addressesLeft, moved.topologyGeneration) = (addressesLeft, topologyGeneration)
        (moved.isPlaced, moved.hasPlace) = (isPlaced, hasPlace)
        moved.isOfSource = source != nil
        moved.wait = wait
        moved.preamble = preamble
        moved.routedGroup = group?.name
        (moved.inFlow, moved.outFlow) = (inFlow.moved, outFlow.moved)
        return moved
    }

    /// Another process goes on with it: what it holds here is given back, and nobody is told.
    func leaveBehind(on worker: Worker) {
        worker.deadlines.cancel(slot: slot)
        onlooker = nil
        // The connections stay open over there, and so would be watched here for good.
        worker.poller.remove(clientSocket.number)
        if channelSocket.number >= 0 { worker.poller.remove(channelSocket.number) }
        channelSocket = .none
        clientSocket = .none
        inFlow = Flow()
        outFlow = Flow()
        if let channel {
            if isPlaced { channel.counters[worker.index].forgot(began: started) }
            channel.release()
        }
        listener.leave()
        if hasPlace { service.places.leave() }
        if let source { source.ledger.leave(source.source) }
        leaveLine(on: worker)
        if preamble?.stage == .barred { worker.leaveTarpit() }
    }

    /// A session that another process has begun; its places are taken already.
    convenience init(
        resuming moved: TransferredSession, slot: Int, generation: UInt32, on worker: Worker
    ) {
        self.init(
            id: moved.id, slot: slot, generation: generation,
            accepted: AcceptedClient(
                descriptor: moved.clientSocket, address: moved.client, listener: moved.listener,
                service: moved.service),
            topologyGeneration: moved.topologyGeneration, worker: worker.index, now: moved.started)
        channelSocket = FileDescriptor(owning: moved.channelSocket)
        channel = moved.channel
        channelAddress = moved.channelAddress
        term = moved.channel?.seat?.term
        life = SessionLife(
            resuming: moved.phase, failures: moved.failures, lastFailure: moved.lastFailure)
        (inMoved, outMoved) = (moved.inMoved, moved.outMoved)
        (connectStarted, connectedAt) = (moved.connectStarted, moved.connectedAt)
        (firstByteAt, lastRefusal) = (moved.firstByteAt, moved.lastRefusal)
        (lastSpeaker, tried) = (moved.lastSpeaker, moved.tried)
        addressesLeft = moved.addressesLeft
        (isPlaced, hasPlace) = (moved.isPlaced, moved.hasPlace)
        preamble = moved.preamble
        group = serviceView.groups.first { $0.name == moved.routedGroup }
        if moved.isOfSource, let sources = serviceView.sources {
            source = (sources, sources.source(of: client))
        }
        // Behind a proxy the client's address is not its socket's.
        let clientStopsShort = listener.endpoint.isUnix
        inFlow = Flow(resuming: moved.inFlow, space: worker.space)
        inFlow.mayStopShort = clientStopsShort
        outFlow = Flow(resuming: moved.outFlow, space: worker.space)
        if case .unix = channel?.endpoint { outFlow.mayStopShort = true }
    }

    /// Goes on where the other process has stopped.
    func goOn(with moved: TransferredSession, on worker: Worker) {
        if isPlaced { channel?.counters[worker.index].began(at: started) }
        do throws(SystemError) {
            try worker.poller.add(
                clientSocket.number, token(.client), [.readable, .readEnd, .urgent, .edge])
            if channelSocket.number >= 0 {
                try worker.poller.add(
                    channelSocket.number, token(.channel),
                    [.readable, .writable, .readEnd, .urgent, .edge])
            }
        } catch {
            return perform(life.broke(.client, .memory), on: worker)
        }
        switch life.phase {
        case .preamble:
            // Whoever is in stays, however many there are.
            if preamble?.stage == .barred { worker.keepInTarpit() }
        case .relaying, .halfClosed:
            worker.unfinished.append(self)
        case .connecting where channel != nil && channelSocket.number >= 0:
            break
        case .connecting:
            return perform(.choose, on: worker)
        case .holding:
            guard let wait = moved.wait else { return perform(.choose, on: worker) }
            return perform(stand(wait, on: worker), on: worker)
        case .closed:
            return
        }
        if let deadline { worker.deadlines.schedule(slot: slot, at: deadline) }
    }
}

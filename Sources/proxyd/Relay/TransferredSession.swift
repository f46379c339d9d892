internal import Shared

/// A session between two turns of its worker, as another process can go on with it.
///
/// Its descriptors are the session's until that process has them; over there they belong to the holder of
/// the value.
struct TransferredSession: Sendable {
    var id: UInt64
    var listener: Listener
    var service: Service
    var channel: Channel?
    var client: Endpoint
    var clientSocket: CInt
    /// -1: not connected.
    var channelSocket: CInt = -1
    var life = SessionLife()
    var started: Instant
    var attempts = ConnectAttempts(began: .zero)
    var firstByteAt = Instant.zero
    var lastSpeaker = Side.channel
    var topologyGeneration: UInt64 = 0
    /// Whether the channel has accepted.
    var isPlaced = false
    /// It counts among its service's sessions.
    var hasServiceSlot = false
    /// It counts among its source's sessions.
    var hasSourceSlot = false
    /// Standing in the service's queue: until when, and whether for room.
    var wait: Session.Wait?
    /// What has to come before a channel is chosen.
    var preread: Preread?
    /// The name of the only group that it may go to (`route`).
    var routedGroup: String?
    var inFlow = TransferredFlow()
    var outFlow = TransferredFlow()
    /// What was taken for it here, where it goes on; nil: nothing yet.
    var holdings: SessionHoldings?

    /// In the order in which they travel.
    var descriptors: [CInt] {
        [clientSocket, channelSocket].filter { $0 >= 0 } + inFlow.descriptors + outFlow.descriptors
    }
}

/// One direction of it, with the bytes that are between the two sockets.
struct TransferredFlow: Equatable, Sendable {
    var byteCount: UInt64 = 0
    /// When bytes moved last.
    var moved = Instant.zero
    var isEnded = false
    var isSplicing = false
    var hasUrgent = false
    /// In a buffer.
    var pending: [UInt8] = []
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
    /// Whether another process can go on with it: everything that it is made of is a descriptor or a value. What
    /// a proxy's header has told of the client is not handed over, and is of no use once a channel has it. What TLS
    /// has agreed on cannot be handed over, and a session that only delivers what is on its way soon ends here.
    var isMovable: Bool {
        guard clientTLS == nil, channelTLS == nil, flush == nil else { return false }
        switch preread?.stage {
        case .handshake, .lingeringClose: return false
        case .tarpitted, .header, .routing, .bytes, nil:
            return header == nil || holdings.isPlaced
        }
    }

    /// As it is now, for another process; nothing of it changes.
    var transferred: TransferredSession {
        var session = TransferredSession(
            id: id, listener: listener, service: service, channel: channel, client: client,
            clientSocket: clientSocket.number, channelSocket: channelSocket.number, life: life,
            started: started, attempts: attempts)
        session.firstByteAt = flows.firstByteAt
        session.lastSpeaker = flows.lastSpeaker
        session.topologyGeneration = topologyGeneration
        session.isPlaced = holdings.isPlaced
        session.hasServiceSlot = holdings.hasServiceSlot
        session.hasSourceSlot = holdings.hasSourceSlot
        session.wait = wait
        session.preread = preread
        session.routedGroup = group?.name
        session.inFlow = flows[from: .client].transferred
        session.outFlow = flows[from: .channel].transferred
        (session.inFlow.moved, session.outFlow.moved) = (flows.inMoved, flows.outMoved)
        return session
    }

    /// Another process goes on with it: what it holds here is given back, and nothing is reported or logged.
    mutating func detach(on worker: Worker) {
        worker.deadlines.cancel(slot: slot)
        // The connections stay open over there, and so would be watched here for good.
        worker.poller.remove(clientSocket.number)
        if channelSocket.number >= 0 { worker.poller.remove(channelSocket.number) }
        channelSocket = .none
        clientSocket = .none
        flows = FlowPair(now: worker.now)
        holdings.detach(on: worker, since: started)
    }

    /// A session that another process has begun.
    init(
        resuming session: TransferredSession, slot: Int, generation: UInt32, on worker: Worker
    ) {
        let holdings = session.holdings ?? .adopt(session, in: worker.share)
        self.init(
            id: session.id, slot: slot, generation: generation,
            accepted: AcceptedClient(
                descriptor: session.clientSocket, address: session.client,
                service: session.service, holdings: holdings),
            topologyGeneration: session.topologyGeneration, worker: worker.index,
            now: session.started)
        channelSocket = FileDescriptor(owning: session.channelSocket)
        life = session.life
        attempts = session.attempts
        attempts.term = channel?.primaryState?.term
        preread = session.preread
        if preread == nil { entrance = nil }
        group = serviceView.groups.first { $0.name == session.routedGroup }
        flows[from: .client] = Flow(resuming: session.inFlow, worker.buffers)
        // Behind a proxy the client's address is not its socket's.
        flows[from: .client].mayStopShort = listener.endpoint.isUnix
        flows[from: .channel] = Flow(resuming: session.outFlow, worker.buffers)
        if case .unix = channel?.endpoint { flows[from: .channel].mayStopShort = true }
        (flows.inMoved, flows.outMoved) = (session.inFlow.moved, session.outFlow.moved)
        flows.firstByteAt = session.firstByteAt
        flows.lastSpeaker = session.lastSpeaker
    }

    /// Goes on where the other process has stopped.
    mutating func resume(_ session: TransferredSession, on worker: Worker) {
        if session.isPlaced { holdings.place(on: worker, since: started) }
        do throws(SystemError) {
            try worker.poller.add(
                clientSocket.number, token(.client), [.readable, .readEnd, .urgent, .edge])
            if channelSocket.number >= 0 {
                try worker.poller.add(
                    channelSocket.number, token(.channel),
                    [.readable, .writable, .readEnd, .urgent, .edge])
            }
        } catch {
            return perform(life.handle(.broke(.client, .memory)), on: worker)
        }
        switch life.phase {
        case .preread:
            // A client that is in stays, however many there are.
            if preread?.stage == .tarpitted { holdings.adoptTarpit(on: worker) }
        case .relaying, .halfClosed:
            flows.isTurnPending = true
            worker.resumeLater(token(.client))
        case .connecting where channel != nil && channelSocket.number >= 0:
            break
        case .connecting:
            // It waited for a busy channel.
            holdings.releaseChannel()
            return perform(.choose, on: worker)
        case .holding:
            guard let wait = session.wait else { return perform(.choose, on: worker) }
            return perform(enqueue(wait, on: worker), on: worker)
        case .flushing, .closed:
            return
        }
        if let deadline { worker.deadlines.schedule(slot: slot, at: deadline) }
    }
}

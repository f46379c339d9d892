internal import Shared

/// A client's connection and its channel's, from accept to close, on one worker.
///
/// `SessionLife` decides, `Flow` moves the bytes, and this does what they say.
final class Session {
    let id: UInt64
    let slot: Int
    let generation: UInt32
    let listener: Listener
    /// Its listener's, or the one that `route` leads to.
    var service: Service
    /// The only group that it may go to (`route`); nil: any of its service's.
    var group: Group?
    /// Who connected, or whom a proxy in front of us has told of.
    var client: Endpoint
    let started: Instant

    var clientSocket: FileDescriptor
    var channelSocket = FileDescriptor.none
    var channel: Channel?
    var life = SessionLife()
    var inFlow = Flow()
    var outFlow = Flow()
    /// When bytes moved last, in each direction; before, when the channel was connected.
    var inMoved: Instant
    var outMoved: Instant
    /// Which side's bytes came last: when all falls silent, it is the other side's turn.
    var lastSpeaker = Side.channel
    var connectStarted: Instant
    /// When the channel had accepted.
    var connectedAt = Instant.zero
    var tried: [UInt64] = []
    /// When one of them failed last.
    var lastRefusal = Instant.zero
    /// Of the channel being connected to: a name may have several.
    var addressesLeft = 0
    /// Of the channel's election, when it was chosen.
    var term: PrimaryState.Term?
    var isClientWatchedForWrites = false
    /// Where its sides speak TLS with us.
    var clientTLS: TLSConnection?
    var channelTLS: TLSConnection?
    /// What the client has said in TLS before a channel was chosen.
    var firstBytes: CopyBuffer?
    /// How far elections were when it last chose.
    var electionRevision: UInt64 = 0
    /// It counts among its source's sessions.
    var source: (ledger: PerSourceLimiter, source: PerSourceLimiter.Source)?
    /// It counts among its service's sessions.
    var hasPlace = false
    var wait: Wait?
    /// What a proxy in front of us has told; nil: nothing.
    var told: ProxyHeader?
    /// What has to come before a channel is chosen; nil: nothing, or it has come.
    var preamble: Preread?

    /// Standing in the service's line.
    struct Wait {
        var until: Instant
        /// For room (`overload: queue`), not for a channel to become usable (`hold`).
        var isForRoom: Bool
    }
    /// Whether the channel has accepted, so that its counters know of this session.
    var isPlaced = false
    /// Tells those who dump it.
    var onlooker: SessionTap?
    /// Somebody reads in the log what happens to it.
    var isTraced = false
    /// Where it was connected to last.
    var channelAddress: Endpoint?
    /// When the channel's first byte was delivered; `zero`: none was.
    var firstByteAt = Instant.zero
    /// Of the topology, when it began.
    let topologyGeneration: UInt64
    private let workerIndex: Int

    init(
        id: UInt64, slot: Int, generation: UInt32, accepted: consuming AcceptedClient,
        topologyGeneration: UInt64 = 0, worker: Int, now: Instant
    ) {
        workerIndex = worker
        self.topologyGeneration = topologyGeneration
        self.id = id
        self.slot = slot
        self.generation = generation
        listener = accepted.listener
        service = accepted.service
        client = accepted.address
        if case .unix = accepted.address { inFlow.mayStopShort = true }
        clientSocket = FileDescriptor(owning: accepted.descriptor)
        started = now
        inMoved = now
        outMoved = now
        connectStarted = now
    }

    var isClosed: Bool {
        if case .closed = life.phase { true } else { false }
    }

    /// What applies now, read without a lock.
    var serviceView: ServiceView { service.view(for: workerIndex) }
    /// The same of its listener.
    var listenerView: ListenerView { listener.view(for: workerIndex) }

    func token(_ kind: Token.Kind) -> Token {
        Token(kind, slot: slot, generation: generation)
    }

    // MARK: Starting

    /// Watches the client and looks for a channel.
    func start(on worker: Worker) {
        listener.counters[worker.index].addSession()
        if isTraced { trace(.accepted(listener), on: worker) }
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

    private func choose(on worker: Worker) -> SessionLife.Action {
        let view = serviceView
        electionRevision = view.electionRevision
        if isNewcomer, service.isInDemand {
            // Whoever stands in line already goes first.
            if view.limits.overload == .queue { return .overload(.overload) }
            if case .hold = listenerView.settings.whenEmpty { return .whenEmpty }
        }
        if !hasPlace {
            guard service.places.admit() else { return .overload(.overload) }
            hasPlace = true
            if service.hasBecomeFull() { worker.share.notices.post(.serviceFull(service)) }
        }
        guard
            let channel = service.choose(
                for: clientKey(view), excluding: tried, now: worker.now, in: group,
                on: worker.index)
        else {
            let isFull =
                tried.isEmpty
                && service.isUsable(now: worker.now, in: group, on: worker.index)
            if isFull, view.limits.overload == .queue { return .overload(.overload) }
            return life.foundNoChannel()
        }
        life.chose()
        term = channel.seat?.term
        let channelView = channel.view(for: worker.index)
        if case .unix = channelView.settings.endpoint { outFlow.mayStopShort = true }
        leaveLine(on: worker)
        self.channel = channel
        addressesLeft = channelView.addresses.count
        if isTraced { trace(.chose(channel), on: worker) }
        return connect(to: channel, on: worker)
    }

    /// It has neither waited nor been refused.
    private var isNewcomer: Bool { wait == nil && life.failures == 0 }

    /// Starts to connect to the channel's next address.
    private func connect(to channel: Channel, on worker: Worker) -> SessionLife.Action {
        connectStarted = worker.now
        let (timeouts, view) = (serviceView.timeouts, channel.view(for: worker.index))
        worker.deadlines.schedule(slot: slot, at: worker.now.advanced(by: timeouts.connect))
        guard let address = channel.nextAddress(of: view) else {
            return connectFailed(.unreachable, on: worker)
        }
        channelAddress = address.endpoint
        if isTraced { trace(.connecting(channelAddress), on: worker) }
        do {
            let socket = try ChannelSocket.connect(
                to: address, deadPeer: timeouts.deadPeer,
                departure: view.outbound?.departure(to: address, for: client))
            let isConnected = socket.isConnected
            channelSocket = socket.takeDescriptor()
            try worker.poller.add(
                channelSocket.number, token(.channel),
                [.readable, .writable, .readEnd, .urgent, .edge])
            return isConnected ? reached(channel, on: worker) : .none
        } catch {
            return connectFailed(
                .init(connectError: error), errno: error.number, on: worker)
        }
    }

    /// What policies may know of the client; the address that it connected to costs a system call.
    private func clientKey(_ view: ServiceView) -> ClientKey {
        let destination = view.asksForDestination ? clientDestination : nil
        return ClientKey(
            source: client, destination: destination ?? listener.endpoint,
            serverName: told?.details.serverName)
    }

    /// The address that the client connected to; of one behind a proxy, that proxy's.
    var clientDestination: Endpoint? {
        told?.addresses?.destination ?? Socket.localEndpoint(clientSocket)
    }

    /// `errno` is the kernel's reason, 0 when it gave none.
    /// `words` say more where it was not the kernel.
    func connectFailed(
        _ cause: EndReason.Cause, errno: CInt = 0, words: String? = nil, on worker: Worker
    ) -> SessionLife.Action {
        if isTraced { trace(.connectFailed(cause, errno: errno), on: worker) }
        channelTLS = nil
        channelSocket = FileDescriptor.none
        outFlow.isReadable = false
        outFlow.endFollows = false
        addressesLeft -= 1
        if let channel, addressesLeft > 0, !cause.isShortage {
            return connect(to: channel, on: worker)
        }
        if let channel {
            // A primary that was elected again meanwhile is tried again: the election has seen it work.
            if channel.seat == nil || cause.isShortage { tried.append(channel.serial) }
            lastRefusal = worker.now
            self.channel = nil
            channel.release()
            if !cause.isShortage {
                channel.counters[worker.index].addFailure()
                channel.mishaps.note(cause.rawValue, words, errno: errno, now: worker.now)
                worker.report(failureOf: channel, cause, of: service, in: term)
            }
        }
        return life.connectFailed(cause)
    }

    func connected(to channel: Channel, on worker: Worker) -> SessionLife.Action {
        channel.counters[worker.index].addSession()
        channel.counters[worker.index].began(at: started)
        isPlaced = true
        let connectTime = worker.now.elapsed(since: connectStarted)
        worker.noteConnect(to: channel, nanoseconds: connectTime)
        channel.timings[worker.index].connect.record(nanoseconds: connectTime)
        connectedAt = worker.now
        inMoved = worker.now
        outMoved = worker.now
        tried = []
        worker.offerToTaps(self)
        if let onlooker { onlooker.tell(.began(tapFacts), at: worker.now) }
        if isTraced { trace(.connected(connectTime), on: worker) }
        worker.noteStart(of: self)
        return life.connected()
    }

    // MARK: Doing what was decided

    func perform(_ first: SessionLife.Action, on worker: Worker) {
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
}

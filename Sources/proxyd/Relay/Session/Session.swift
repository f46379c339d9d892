internal import Shared

/// A client's connection and its channel's, from accept to close, on one worker.
///
/// Its life stands in the order of these files: Session1Accepting, 2Preread, 3Choosing, 4Connecting, 5Relaying,
/// 6Closing. `SessionLife` decides, `Flow` moves the bytes, and this does what they say.
///
/// What every session calls is `mutating` also where it changes nothing: for a borrowed call the compiler copies
/// the whole session, of 900 bytes.
struct Session: ~Copyable {
    let id: UInt64
    let slot: Int
    let generation: UInt32
    let started: Instant
    /// Of the topology, when it began.
    let topologyGeneration: UInt64
    /// The worker that it lives on, by whose number published settings are read.
    private let workerIndex: Int
    /// What its listener said when it came, until it is known where it goes: a change in between is not met by halves.
    var entrance: ListenerView?
    var holdings: SessionHoldings
    /// Its listener's, or the one that `route` leads to.
    var service: Service
    /// The only group that it may go to (`route`); nil: any of its service's.
    var group: Group?
    /// The client that connected, or the one that a proxy in front of us has named.
    var client: Endpoint
    var clientSocket: FileDescriptor
    var channelSocket = FileDescriptor.none
    /// The channel's socket has no SO_KEEPALIVE yet.
    var needsKeepAlive = false
    var life = SessionLife()
    var flows: FlowPair
    /// What has to come before a channel is chosen; nil: nothing, or it has come.
    var preread: Preread?
    /// What is known of the client besides its address: from a proxy's header, or from its TLS.
    var header: ProxyHeader?
    /// Where its sides speak TLS with us.
    var clientTLS: TLSConnection?
    var channelTLS: TLSConnection?
    /// What the client has said in TLS before a channel was chosen.
    var firstBytes: CopyBuffer?
    /// Standing in the service's queue; nil: it does not.
    var wait: Wait?
    var attempts: ConnectAttempts
    /// What is still delivered before it closes; nil: it is not over.
    var flush: Flush?
    /// What happens to it is logged.
    var isTraced = false

    init(
        id: UInt64, slot: Int, generation: UInt32, accepted: consuming AcceptedClient,
        topologyGeneration: UInt64 = 0, worker: Int, now: Instant
    ) {
        self.topologyGeneration = topologyGeneration
        workerIndex = worker
        self.id = id
        self.slot = slot
        self.generation = generation
        holdings = accepted.holdings
        service = accepted.service
        client = accepted.address
        clientSocket = FileDescriptor(owning: accepted.descriptor)
        started = now
        flows = FlowPair(now: now)
        attempts = ConnectAttempts(began: now)
        entrance = holdings.listener.view(for: worker)
        if case .unix = accepted.address { flows[from: .client].mayStopShort = true }
    }

    var listener: Listener { holdings.listener }
    var channel: Channel? { holdings.channel }
    /// What applies now, read without a lock.
    var serviceView: ServiceView { service.view(for: workerIndex) }
    var listenerView: ListenerView { entrance ?? listener.view(for: workerIndex) }

    var isClosed: Bool {
        if case .closed = life.phase { true } else { false }
    }

    /// Nothing is relayed any more; at most what is on its way is delivered.
    var isOver: Bool { isClosed || flush != nil }

    func token(_ kind: Token.Kind) -> Token {
        Token(kind, slot: slot, generation: generation)
    }

    // MARK: What happens to it

    /// A socket is ready for something.
    mutating func resume(_ side: Side, _ readiness: Readiness, on worker: Worker) {
        if !readiness.isDisjoint(with: [.readable, .readEnd, .hangUp, .error]) {
            note(readiness, from: side)
        }
        switch life.phase {
        case .relaying, .halfClosed:
            resumeRelay(side, readiness, on: worker)
        case .preread:
            resumePreread(readiness, on: worker)
        case .holding, .connecting:
            if side == .channel {
                resumeConnecting(readiness, on: worker)
            } else if readiness.contains(.error) {
                guard !clientLeftBytes else { return flows[from: .client].mayStopShort = true }
                perform(life.handle(.broke(.client, .reset)), on: worker)
            }
        case .flushing:
            resumeFlush(side, readiness, on: worker)
        case .closed:
            break
        }
    }

    /// What an event, or a look, has shown of a side.
    mutating func note(_ readiness: Readiness, from side: Side) {
        flows[from: side].isReadable = true
        // A reset reads as an end, too (tcp(7)); the receive behind the last bytes tells it apart.
        if readiness.contains(.readEnd), !readiness.contains(.error) {
            flows[from: side].endFollows = true
        }
        if readiness.contains(.urgent) { flows[from: side].hasUrgent = true }
        if let tls = side == .client ? clientTLS : channelTLS {
            let isUnsure = !readiness.isDisjoint(with: [.readEnd, .urgent, .hangUp, .error])
            tls.noteReadable(isUnsure: isUnsure)
        }
    }

    /// When this session must be looked at if nothing happens; nil: never.
    var deadline: Instant? {
        mutating get {
            switch life.phase {
            case .preread: return preread?.deadline(idle: serviceView.timeouts.idle)
            case .holding: return wait.map { nextLook($0) }
            case .connecting:
                return attempts.retryAt ?? attempts.deadline(serviceView.timeouts)
            case .relaying:
                return serviceView.timeouts.idle.map { flows.lastMoved.advanced(by: $0) }
            case .halfClosed:
                return serviceView.timeouts.halfClosedOrIdle.map {
                    flows.lastMoved.advanced(by: $0)
                }
            case .flushing: return flush?.deadline
            case .closed: return nil
            }
        }
    }

    /// The deadline set earlier has come; what happened since may have moved it.
    mutating func deadlineCame(on worker: Worker) {
        setKeepAlive()
        guard let deadline else { return }
        guard deadline <= worker.now else {
            worker.deadlines.schedule(slot: slot, at: deadline)
            return
        }
        if isTraced { trace(.timedOut(life.phase), on: worker) }
        switch life.phase {
        case .preread: prereadTimedOut(on: worker)
        case .holding: waitTimedOut(on: worker)
        case .connecting: connectDeadlineCame(on: worker)
        case .relaying, .halfClosed:
            perform(
                life.handle(.timedOut(awaiting: flows.lastSpeaker.other)), on: worker)
        case .flushing: continueFlush(on: worker)
        case .closed: break
        }
    }

    // MARK: Doing what was decided

    mutating func perform(_ first: SessionLife.Action, on worker: Worker) {
        var action = first
        while true {
            switch action {
            case .none:
                return
            case .choose:
                action = choose(on: worker)
            case .relay:
                hastenDeadline(on: worker)
                return beginRelay(on: worker)
            case .whenEmpty:
                action = whenEmpty(on: worker)
            case .overload(let cause):
                action = overload(cause, on: worker)
            case .shutDownWrites(.client):
                Socket.shutDownWrites(clientSocket)
                return hastenDeadline(on: worker)
            case .shutDownWrites(.channel):
                Socket.shutDownWrites(channelSocket)
                return hastenDeadline(on: worker)
            case .flush(let ending):
                return beginFlush(ending, on: worker)
            case .close(let reason, let resets):
                return close(reason, resets, on: worker)
            case .violation(let event, let phase, let reason):
                assertionFailure("session \(id): \(event) while \(phase)")
                worker.counts.violations += 1
                if let reason { close(reason, .both, on: worker) }
                return
            }
        }
    }

    /// A phase with a sooner deadline than the one that is set must not wait for that one.
    private mutating func hastenDeadline(on worker: Worker) {
        guard let deadline else { return }
        worker.deadlines.hasten(slot: slot, to: deadline)
    }
}

/// A session's home in its worker's table: one access of `session` covers all that an event does to it.
final class SessionBox {
    var session: Session

    init(_ session: consuming Session) { self.session = session }
}

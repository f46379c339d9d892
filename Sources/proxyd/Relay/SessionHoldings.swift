internal import Shared

/// What a session has taken of everything that is counted or limited: each is taken and given back here only.
struct SessionHoldings: Sendable {
    let listener: Listener
    /// Its slot of the daemon's and of the listener's is taken.
    private var isAdmitted = true
    /// The worker that has it, or is about to get it.
    private var worker: WorkerHandle?
    /// Its service's slot under `max-sessions`.
    private var serviceSlot: SessionLimit?
    private var source: SourceSlot?
    /// The channel that it has a slot of.
    private(set) var channel: Channel?
    /// Whether the channel has accepted, so that its counters know of this session.
    private(set) var isPlaced = false
    private var queuePlace: QueuePlace?
    private(set) var isTarpitted = false

    private struct SourceSlot {
        let limiter: PerSourceLimiter
        let source: PerSourceLimiter.Source
    }

    private struct QueuePlace {
        let queue: WaitQueue
        let waiter: WaitQueue.Waiter
        var lane: WaitQueue.Lane
    }

    private init(of listener: Listener) { self.listener = listener }

    // MARK: Accepting

    /// Takes the daemon's slot and the listener's; nil when either has none left.
    static func acquire(for listener: Listener, in share: SharedState) -> SessionHoldings? {
        guard share.admission.acquire() else { return nil }
        guard listener.acquireSlot() else {
            share.admission.release()
            return nil
        }
        return SessionHoldings(of: listener)
    }

    mutating func assign(to worker: WorkerHandle) {
        worker.addSession()
        self.worker = worker
    }

    /// Counts it among its source's sessions.
    mutating func acquireSource(
        of client: Endpoint, in limiter: PerSourceLimiter, now: Instant
    ) -> PerSourceLimiter.Verdict {
        let source = limiter.source(of: client)
        let verdict = limiter.admit(source, now: now)
        if verdict == .admitted { self.source = SourceSlot(limiter: limiter, source: source) }
        return verdict
    }

    mutating func acquireTarpit(on worker: Worker) -> Bool {
        guard worker.admitToTarpit() else { return false }
        isTarpitted = true
        return true
    }

    // MARK: Choosing

    var hasServiceSlot: Bool { serviceSlot != nil }
    var hasSourceSlot: Bool { source != nil }

    mutating func acquireServiceSlot(_ service: Service) -> Bool {
        guard service.slots.acquire() else { return false }
        serviceSlot = service.slots
        return true
    }

    /// The slot of a channel that was reserved as the channel was chosen.
    mutating func keep(_ channel: Channel) { self.channel = channel }

    /// What it waits for; nil: it does not stand in the queue.
    var lane: WaitQueue.Lane? { queuePlace?.lane }

    /// A place at the end of a lane; one in another lane is given up for it.
    mutating func acquireQueuePlace(
        of service: Service, for waiter: WaitQueue.Waiter, in lane: WaitQueue.Lane
    ) -> Bool {
        if let place = queuePlace {
            place.queue.move(place.waiter, from: place.lane, to: lane)
            queuePlace?.lane = lane
            return true
        }
        guard service.queue.enqueue(waiter, in: lane) else { return false }
        queuePlace = QueuePlace(queue: service.queue, waiter: waiter, lane: lane)
        return true
    }

    mutating func releaseQueuePlace() {
        guard let place = queuePlace else { return }
        place.queue.remove(place.waiter, from: place.lane)
        queuePlace = nil
    }

    // MARK: Connecting

    /// Another channel is tried.
    mutating func releaseChannel() {
        channel?.release()
        channel = nil
    }

    /// The channel has accepted.
    mutating func place(on worker: Worker, since started: Instant) {
        isPlaced = true
        channel?.counters[worker.index].began(at: started)
    }

    // MARK: Giving everything back

    /// The session is over, or has not come to be.
    mutating func release(on worker: Worker, since started: Instant) {
        if let channel {
            let counters = channel.counters[worker.index]
            let lived = worker.now.elapsed(since: started)
            if isPlaced {
                counters.ended(began: started, at: worker.now)
                channel.timings[worker.index].session.record(nanoseconds: lived)
            } else {
                counters.addTime(nanoseconds: lived)
            }
        }
        giveBack(on: worker)
    }

    /// Another process goes on with the session, and counts it.
    mutating func detach(on worker: Worker, since started: Instant) {
        if isPlaced { channel?.counters[worker.index].forgot(began: started) }
        giveBack(on: worker)
    }

    private mutating func giveBack(on worker: Worker) {
        assert(isAdmitted, "what a session holds is given back once")
        isAdmitted = false
        if isTarpitted { worker.leaveTarpit() }
        isTarpitted = false
        releaseChannel()
        isPlaced = false
        listener.releaseSlot()
        serviceSlot?.release()
        serviceSlot = nil
        if let source { source.limiter.release(source.source) }
        source = nil
        releaseQueuePlace()
        self.worker?.removeSession()
        self.worker = nil
        worker.share.admission.release()
    }

    // MARK: Taking over from another process

    /// A client that another process had accepted, however many there are here.
    static func adopt(_ listener: Listener, in share: SharedState) -> SessionHoldings {
        share.admission.adoptSlot()
        listener.adoptSlot()
        return SessionHoldings(of: listener)
    }

    /// What a session of another process held there, however many there are here. Its places in the queue and in
    /// the tarpit are taken when it goes on.
    static func adopt(_ session: TransferredSession, in share: SharedState) -> SessionHoldings {
        var holdings = adopt(session.listener, in: share)
        if session.hasServiceSlot {
            session.service.slots.adoptSlot()
            holdings.serviceSlot = session.service.slots
        }
        if let channel = session.channel {
            channel.adoptSlot()
            holdings.channel = channel
        }
        if session.hasSourceSlot, let limiter = session.service.sources {
            let source = limiter.source(of: session.client)
            limiter.adoptSlot(of: source)
            holdings.source = SourceSlot(limiter: limiter, source: source)
        }
        return holdings
    }

    mutating func adoptTarpit(on worker: Worker) {
        worker.adoptTarpitPlace()
        isTarpitted = true
    }
}

internal import DequeModule
internal import Shared

/// A data thread: a poller and the sessions that it serves. Everything that can wake it is in `run`.
///
/// Made and used on its own thread; others reach it through its `WorkerHandle`.
final class Worker {
    let index: Int
    let share: SharedState
    let poller: Poller
    let space: BufferPool
    let counters: TrafficCounters
    /// The clock, read once per turn.
    var now = Instant.now
    var deadlines = DeadlineQueue()
    var rates = RateTable()

    let entrance: WorkerHandle
    var sessions = SlotTable<Session>()
    var acceptors: [Acceptor] = []
    /// Sessions whose turn was over before they were done.
    var unfinished: [Session] = []
    /// Questions about sessions, which are answered one per turn.
    private var inquiries: Deque<Command> = []
    private var retryAt: Instant?
    var sessionNumber: UInt64 = 0
    private var isStopping = false
    private var turns: UInt64 = 0
    private var events: UInt64 = 0
    var ends: [EndReason: UInt64] = [:]
    var connectTimes: [UInt64: ConnectTimes] = [:]
    private let tellsOfEveryEnd: Bool
    /// Dumps that want further sessions.
    private var searches: [TapSearch] = []
    /// Sessions that are told of in the log as they go on.
    private var tracing = TraceFilters()
    private var sweep = AccessSweep()
    /// The question to be answered once this turn is over, and all stands still.
    var standstill: UInt64?
    private var denials = DenialReport()
    private var handshakeFailures = DenialReport()
    /// Clients that are denied and kept waiting.
    private var tarpitted = 0

    /// How often a resting listener looks again if nothing tells it to.
    private static let retryInterval = Duration.milliseconds(100)

    private static let mostNotices = 10_000

    /// Beyond that denied clients are closed at once: they cost a descriptor each.
    private static let mostTarpitted = 1024

    /// What a worker is made of, on its own thread.
    struct Plan: Sendable {
        var index: Int
        var share: SharedState
        var relayMode: RelayMode
        var pipeLimit: Int
        var tellsOfEveryEnd: Bool
    }

    init(_ plan: Plan) throws(SystemError) {
        index = plan.index
        share = plan.share
        entrance = plan.share.workers[plan.index]
        counters = entrance.counters
        poller = try Poller()
        space = BufferPool(mode: plan.relayMode, pipeLimit: plan.pipeLimit)
        tellsOfEveryEnd = plan.tellsOfEveryEnd
        try poller.add(entrance.mailbox.descriptor, Token(.mailbox), .readable)
    }

    // MARK: The loop

    func run() {
        while !isStopping {
            let count = poller.wait(milliseconds: waitMilliseconds)
            now = .now
            turns &+= 1
            events &+= UInt64(count)
            for event in 0..<count { dispatch(event) }
            continueUnfinished()
            answerNext()
            meetDeadlines()
            retryIfDue()
            sweepIfDue()
            quiesceIfAsked()
        }
        acceptors.removeAll()
        endAll(.shutdown)
    }

    @inline(__always)
    private func dispatch(_ event: Int) {
        let (token, readiness) = poller[event]
        switch token.kind {
        case .client: sessions[token]?.resume(.client, readiness, on: self)
        case .channel: sessions[token]?.resume(.channel, readiness, on: self)
        case .listener: acceptor(token)?.acceptAll(on: self)
        case .mailbox: for command in entrance.mailbox.take() { obey(command) }
        case .signal, .controlListener, .control, .process, .output, .elections, .probes, .scrapes,
            .upgrade, nil:
            break
        }
    }

    private var waitMilliseconds: CInt {
        if !unfinished.isEmpty || !inquiries.isEmpty { return 0 }
        var next = deadlines.next
        if let retryAt { next = min(next ?? retryAt, retryAt) }
        if share.accessLog.every != nil {
            if sweep.isUnderWay { return 0 }
            next = min(next ?? sweep.due, sweep.due)
        }
        guard let next else { return -1 }
        // Rounded up: a wait that ends just before the deadline would only come again.
        return CInt(clamping: next.elapsed(since: .now) / 1_000_000 + 1)
    }

    private func continueUnfinished() {
        guard !unfinished.isEmpty else { return }
        let sessions = unfinished
        unfinished.removeAll(keepingCapacity: true)
        for session in sessions { session.continueTurn(on: self) }
    }

    private func meetDeadlines() {
        while let slot = deadlines.popExpired(now: now) {
            sessions[slot: slot]?.deadlineCame(on: self)
        }
    }

    /// A session has more to do once the others have had their turn.
    func resumeLater(_ session: Session) {
        if !unfinished.contains(where: { $0 === session }) { unfinished.append(session) }
    }

    // MARK: Accepting

    private func acceptor(_ token: Token) -> Acceptor? {
        acceptors.first { $0.token == token }
    }

    private func listen(to sockets: [ListeningSocket]) {
        for acceptor in acceptors where !sockets.contains(where: { $0 === acceptor.socket }) {
            acceptor.unwatch(with: poller)
        }
        acceptors = sockets.map { socket in
            if let present = acceptors.first(where: { $0.socket === socket }) { return present }
            let acceptor = Acceptor(socket: socket, slot: Int(socket.number))
            do throws(SystemError) {
                try acceptor.watch(with: poller)
            } catch {
                reportShortage(error)
                retrySoon()
            }
            return acceptor
        }
    }

    /// Gives a client to the worker with the fewest sessions: to this one, unless another has clearly less to do.
    func place(_ client: AcceptedClient) {
        var best = entrance
        let own = entrance.load
        var least = own - max(1, own / 8)
        for other in share.workers where other.load < least {
            best = other
            least = other.load
        }
        best.addSession()
        if best === entrance { serve(client) } else { best.mailbox.post(.serve(client)) }
    }

    func serve(_ client: AcceptedClient) {
        sessionNumber += 1
        let id = sessionNumber * UInt64(share.workers.count) + UInt64(index)
        counters.addSession()
        let session = sessions.insert { slot, generation in
            Session(
                id: id, slot: slot, generation: generation, accepted: client,
                topologyGeneration: share.generation, worker: index, now: now)
        }
        if !tracing.isEmpty { session.isTraced = tracing.isMeant(id, session.client) }
        session.start(on: self)
    }

    /// Nobody more can be accepted now: until a session ends, the listener is not watched, so that
    /// its waiting clients do not keep the loop spinning.
    func rest(_ acceptor: Acceptor) {
        acceptor.unwatch(with: poller)
        retrySoon()
    }

    private func retrySoon() {
        if retryAt == nil { retryAt = now.advanced(by: Self.retryInterval) }
    }

    private func retryIfDue() {
        guard let retryAt, retryAt <= now else { return }
        retry()
    }

    private func retry() {
        retryAt = nil
        for acceptor in acceptors where acceptor.isResting {
            do { try acceptor.watch(with: poller) } catch { retrySoon() }
        }
    }

    // MARK: Commands

    func obey(_ command: Command) {
        switch command {
        case .serve(let client): serve(client)
        case .listen(let sockets): listen(to: sockets)
        case .wake(let token): sessions[token]?.chooseAgain(on: self)
        case .cutChannels(let serials, let question):
            let count = end(.cut) { $0.channel.map { serials.contains($0.serial) } ?? false }
            answer(.cut(count), question)
        case .cutRemoved(let serials, let question):
            let count = end(.removed) { session in
                serials.contains(session.listener.serial)
                    || session.channel.map { serials.contains($0.serial) } ?? false
            }
            answer(.cut(count), question)
        case .forget(let serials):
            for serial in serials { connectTimes[serial] = nil }
        case .supersede(let serial):
            _ = end({ $0.supersede(on: self) }) { $0.channel?.serial == serial }
        case .cutSession(let id, let question):
            answer(.cut(end(.cut) { $0.id == id }), question)
        case .report(let question): answer(.report(report), question)
        case .tapSession(let id, let tap, let question):
            answer(.tapped(show(id, to: tap)), question)
        case .scan, .examine, .showSession, .tapSessions: inquiries.append(command)
        case .trace(let wishes, let question):
            answer(.traced(follow(wishes)), question)
        case .stop: isStopping = true
        case .quiesce(let question): standstill = question
        case .adopt(let moved): adopt(moved)
        case .inherit(let estate): inherit(estate)
        case .goOn: standstill = nil
        case .handOver, .letGo: break
        }
    }

    /// One question that takes a while, and no more before the next turn, however many are asked.
    private func answerNext() {
        switch inquiries.popFirst() {
        case .scan(let scan, let slot, let question):
            answer(.sessions(slice(of: scan, from: slot)), question)
        case .examine(let places, let question): answer(.legs(legs(of: places)), question)
        case .showSession(let id, let question): answer(.session(detail(of: id)), question)
        case .tapSessions(let search, let slot): find(search, from: slot)
        default: break
        }
    }

    // MARK: Dumps

    private func show(_ id: UInt64, to tap: TapSink) -> Bool {
        for slot in 0..<sessions.slotCount {
            guard let session = sessions[slot: slot], session.id == id else { continue }
            guard !session.isClosed, tap.claim() else { return false }
            session.admit(tap, now: now)
            return true
        }
        return false
    }

    /// Looks at some sessions now and at the next ones in a later turn, so that traffic goes on between.
    private func find(_ search: TapSearch, from first: Int) {
        guard search.tap.isHungry else { return }
        if first == 0 {
            searches.removeAll { !$0.tap.isHungry }
            searches.append(search)
        }
        let end = min(first + TapSearch.slotsAtOnce, sessions.slotCount)
        for slot in first..<max(first, end) {
            guard let session = sessions[slot: slot], session.isPlaced else { continue }
            offer(session, to: search)
        }
        if end < sessions.slotCount {
            entrance.mailbox.post(.tapSessions(search, from: end))
        }
    }

    private func offer(_ session: Session, to search: TapSearch) {
        guard !session.isClosed, !session.isShown(to: search.tap),
            search.isMeant(session.record(now: now, worker: index)), search.tap.claim()
        else { return }
        session.admit(search.tap, now: now)
    }

    /// A channel has accepted this session, and nothing was moved yet.
    @inline(__always)
    func offerToTaps(_ session: Session) {
        guard !searches.isEmpty else { return }
        for search in searches { offer(session, to: search) }
        searches.removeAll { !$0.tap.isHungry }
    }

    func answer(_ answer: Answer, _ question: UInt64) {
        share.notices.post(.answer(answer, question: question))
    }

    private func end(_ cause: EndReason.Cause, where isMeant: (Session) -> Bool) -> Int {
        end({ $0.cut(cause, on: self) }, where: isMeant)
    }

    private func end(_ end: (Session) -> Void, where isMeant: (Session) -> Bool) -> Int {
        var count = 0
        for slot in 0..<sessions.slotCount {
            guard let session = sessions[slot: slot], isMeant(session) else { continue }
            end(session)
            count += 1
        }
        return count
    }

    private func endAll(_ cause: EndReason.Cause) { _ = end(cause) { _ in true } }

    var report: WorkerReport {
        WorkerReport(
            index: index, sessions: sessions.count, totals: TrafficCounters.sum([counters]),
            turns: turns, events: events, pipes: space.pipeCount,
            isResting: acceptors.contains(where: \.isResting), ends: ends,
            connectTimes: connectTimes)
    }

    // MARK: Logs

    /// Tells of these sessions from now on, and of no others; returns how many there are.
    private func follow(_ wishes: TraceFilters) -> Int {
        tracing = wishes
        var count = 0
        for slot in 0..<sessions.slotCount {
            guard let session = sessions[slot: slot], !session.isClosed else { continue }
            let isMeant = wishes.isMeant(session.id, session.client)
            if isMeant, !session.isTraced { session.trace(.joined(session.life.phase), on: self) }
            session.isTraced = isMeant
            count += isMeant ? 1 : 0
        }
        return count
    }

    func trace(_ record: TraceRecord) { Log.trace(record) }

    /// A channel has accepted.
    @inline(__always)
    func noteStart(of session: Session) {
        let wishes = share.accessLog.wishes
        if wishes.contains(.start) { note(session, .start, asksKernel: wishes.contains(.kernel)) }
    }

    /// It is over, and its connections are still open.
    @inline(__always)
    func noteEnd(of session: Session, _ reason: EndReason) {
        let wishes = share.accessLog.wishes
        // Whoever is denied could fill the log; the error log tells of some, and metrics count all.
        guard wishes.contains(.end), reason.cause != .denied else { return }
        note(session, .end, reason, asksKernel: wishes.contains(.kernel))
    }

    private func note(
        _ session: Session, _ event: AccessRecord.Event, _ reason: EndReason? = nil,
        asksKernel: Bool
    ) {
        share.accessLog.writer.queue.post(
            session.accessRecord(event, reason, asksKernel: asksKernel, now: now))
    }

    /// Looks at some sessions, and at the next ones in a later turn.
    private func sweepIfDue() {
        guard let every = share.accessLog.every else { return }
        let slots = sweep.next(of: sessions.slotCount, every: every, now: now)
        guard !slots.isEmpty else { return }
        let asksKernel = share.accessLog.wishes.contains(.kernel)
        for slot in slots {
            guard let session = sessions[slot: slot], !session.isClosed,
                sweep.isDue(session.started, every: every)
            else { continue }
            note(session, .running, asksKernel: asksKernel)
        }
    }

    // MARK: What sessions tell

    func ended(_ session: Session, _ reason: EndReason) {
        ends[reason, default: 0] += 1
        if tellsOfEveryEnd {
            tell(.sessionEnded(session.record(now: now, worker: index), reason))
        }
        sessions.remove(slot: session.slot)
        entrance.removeSession()
        share.admission.leave()
        if retryAt != nil { retryAt = now }
    }

    func noteConnect(to channel: Channel, nanoseconds: UInt64) {
        // A connect may succeed when its channel has gone already.
        if channel.position != .removed {
            connectTimes[channel.serial, default: ConnectTimes(now: now)]
                .record(nanoseconds: nanoseconds, now: now)
        }
        channel.latency.note(nanoseconds: nanoseconds, now: now)
        guard channel.succeeded(now: now) else { return }
        share.raiseGeneration()
        share.notices.post(.channelReturned(channel))
    }

    /// A connect has failed. `term` is of the election that made the channel primary, if one did.
    func report(
        failureOf channel: Channel, _ cause: EndReason.Cause, of service: Service,
        in term: PrimaryState.Term?
    ) {
        if let seat = channel.seat {
            guard let term, seat.lose(channel.serial, in: term) else { return }
            share.raiseGeneration()
            share.notices.post(.primaryFailed(channel, cause))
            return
        }
        let view = service.view(for: index)
        let isLast = view.health.autodisable && service.isLast(channel, now: now, on: index)
        let isNews = channel.failed(
            why: cause.rawValue, grace: view.grace, rules: view.health, isLast: isLast, now: now)
        guard isNews else { return }
        share.raiseGeneration()
        share.notices.post(.channelFailed(channel, cause))
    }

    /// Told now and then only: whoever is denied can come again and again.
    func noteDenial(
        of client: Endpoint, by words: String, rule: Int, at listener: Listener, isServices: Bool
    ) {
        guard let untold = denials.admit(now: now) else { return }
        tell(
            .denied(
                Denied(
                    client: client, listener: listener, rule: rule, words: words,
                    isServices: isServices, untold: untold)))
    }

    /// Likewise: whoever speaks nonsense can come again and again.
    func noteHandshakeFailure(of client: Endpoint, at listener: Listener, _ words: String) {
        guard let untold = handshakeFailures.admit(now: now) else { return }
        tell(.handshakeFailed(client, listener, words, untold: untold))
    }

    /// Whether a denied client can be kept waiting.
    func admitToTarpit() -> Bool {
        guard tarpitted < Self.mostTarpitted else { return false }
        tarpitted += 1
        return true
    }

    /// It was there before, in another process.
    func keepInTarpit() { tarpitted += 1 }

    func leaveTarpit() { tarpitted -= 1 }

    func reportShortage(_ error: SystemError) { tell(.shortage(error)) }

    /// Notices are for people; a supervisor that is behind must not cost memory without end.
    private func tell(_ notice: Notice) {
        _ = share.notices.post(notice, unlessLongerThan: Self.mostNotices)
    }
}

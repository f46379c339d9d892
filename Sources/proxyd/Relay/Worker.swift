internal import DequeModule
internal import Shared

/// A data thread: a poller and the sessions that it serves. Everything that can wake it is in `run`.
///
/// Made and used on its own thread; others reach it through its `WorkerHandle`.
final class Worker {
    let index: Int
    let share: SharedState
    let handle: WorkerHandle
    let poller: Poller
    let buffers: BufferPool
    let counters: TrafficCounters
    /// The clock, read once per turn.
    var now = Instant.now
    var deadlines = DeadlineQueue()
    var sessions = SlotTable<SessionBox>()
    var sessionNumber: UInt64 = 0
    var acceptors = SlotTable<Acceptor>()
    /// When resting acceptors try again; nil: none rests.
    var retryAt: Instant?
    /// Sessions whose turn was over before they were done.
    var unfinished: [Token] = []
    /// Questions about sessions, which are answered one per turn.
    private var queries: Deque<WorkerCommand> = []
    private var isStopping = false
    /// Sessions that are to be ended, a few per turn.
    var cuts: Deque<SessionCut> = []
    /// No deadline is judged before: the process has stood still.
    private var deadlinesHeld = Instant.zero
    /// The question to be answered once this turn is over, and all stands still.
    var quiesceQuestion: UInt64?
    var counts = Counts()
    var connectTimes: [UInt64: ConnectTimes] = [:]
    var rates = RateTable()
    /// Every end is an event, not only a count.
    let emitsEveryEnd: Bool
    /// Dumps that want further sessions.
    var searches: [TapSearch] = []
    /// Sessions that are logged as they go on.
    var tracing = TraceFilters()
    var sweep = AccessSweep()
    var denials = Denials()
    /// Which addresses are this machine's, of those that were asked for lately.
    private var ownAddresses: [IPAddress: (isOwn: Bool, until: Instant)] = [:]

    /// What the worker counts about itself.
    struct Counts {
        var turns: UInt64 = 0
        var events: UInt64 = 0
        var ends = EndCounts()
        /// Events that could not happen in their session's phase.
        var violations: UInt64 = 0
    }

    /// What a worker is made of, on its own thread.
    struct Plan: Sendable {
        var index: Int
        var share: SharedState
        var relayMode: RelayMode
        var pipeLimit: Int
        var emitsEveryEnd: Bool
    }

    init(_ plan: Plan) throws(SystemError) {
        index = plan.index
        share = plan.share
        handle = plan.share.workers[plan.index]
        counters = handle.counters
        poller = try Poller()
        buffers = BufferPool(mode: plan.relayMode, pipeLimit: plan.pipeLimit)
        emitsEveryEnd = plan.emitsEveryEnd
        try poller.add(handle.mailbox.descriptor, Token(.mailbox), .readable)
    }

    // MARK: The loop

    func run() {
        while !isStopping {
            turn()
            quiesceIfAsked()
        }
        stopListening()
        endAll(.shutdown)
        // What they still deliver has its deadline.
        while sessions.count > 0 { turn() }
    }

    private func turn() {
        let wait = waitMilliseconds
        let before = now
        let count = poller.wait(milliseconds: wait)
        now = .now
        if Standstill.duration(from: before, waiting: wait, to: now) != nil {
            deadlinesHeld = now.advanced(by: Self.afterStandstill)
        }
        counts.turns &+= 1
        dispatch(count)
        if isDeadlineDue { lookAgain() }
        continueUnfinished()
        answerNext()
        continueCut()
        meetDeadlines()
        retryIfDue()
        sweepIfDue()
    }

    /// When the first deadline is judged.
    private var nextDeadline: Instant? { deadlines.next.map { max($0, deadlinesHeld) } }

    private var isDeadlineDue: Bool { nextDeadline.map { $0 <= now } ?? false }

    /// A standstill in the middle of a turn leaves sessions that have moved bytes in it with the time before: what
    /// their peers answer gets a moment to come.
    private static let afterStandstill = Duration.seconds(1)

    /// Before a deadline is judged all events up to it are known. The process may have stood still in the wait, which then
    /// brings none (signal(7), EINTR), or right behind it.
    private func lookAgain() {
        for _ in 0...sessions.count / poller.capacity {
            let count = poller.wait(milliseconds: 0)
            dispatch(count)
            if count < poller.capacity { return }
        }
    }

    private func dispatch(_ count: Int) {
        counts.events &+= UInt64(count)
        for event in 0..<count { dispatch(event: event) }
    }

    @inline(__always)
    private func dispatch(event: Int) {
        let (token, readiness) = poller[event]
        switch token.kind {
        case .client: sessions[token]?.session.resume(.client, readiness, on: self)
        case .channel: sessions[token]?.session.resume(.channel, readiness, on: self)
        case .listener: acceptors[token]?.acceptAll(on: self)
        case .mailbox: for command in handle.mailbox.take() { handle(command) }
        case .signal, .controlListener, .control, .process, .output, .elections, .probes, .scrapes,
            .upgrade, nil:
            break
        }
    }

    private var waitMilliseconds: CInt {
        if !unfinished.isEmpty || !queries.isEmpty || !cuts.isEmpty { return 0 }
        var next = nextDeadline
        if let retryAt { next = min(next ?? retryAt, retryAt) }
        if share.accessLog.every != nil {
            if sweep.isUnderWay { return 0 }
            next = min(next ?? sweep.due, sweep.due)
        }
        guard let next else { return -1 }
        // Rounded up: a wait that ends just before the deadline would only come again.
        return CInt(clamping: next.elapsed(since: now) / 1_000_000 + 1)
    }

    private func continueUnfinished() {
        guard !unfinished.isEmpty else { return }
        let tokens = unfinished
        unfinished.removeAll(keepingCapacity: true)
        for token in tokens { sessions[token]?.session.continueTurn(on: self) }
    }

    private func meetDeadlines() {
        guard now >= deadlinesHeld else { return }
        for _ in 0..<Self.endsPerTurn {
            guard let slot = deadlines.popExpired(now: now) else { return }
            sessions[slot: slot]?.session.deadlineCame(on: self)
        }
    }

    /// Sessions whose deadlines are met, and that are cut, in one turn: thousands that end at once leave the others
    /// their turns.
    static let endsPerTurn = 32

    /// A session has more to do once the others have had their turn; it sees to it that it asks once per turn.
    func resumeLater(_ token: Token) { unfinished.append(token) }

    // MARK: Loops

    /// Whether a connect to that address would end as another session of the same listener.
    func leads(from address: Endpoint, backTo listener: Listener) -> Bool {
        share.ownListeners.value(for: index)
            .lead(from: address, backTo: listener.serial, isOwn: isOwn)
    }

    private func isOwn(_ address: IPAddress) -> Bool {
        if let known = ownAddresses[address], known.until > now { return known.isOwn }
        if ownAddresses.count >= Self.mostOwnAddresses { ownAddresses = [:] }
        let isOwn = Socket.isOwn(address)
        ownAddresses[address] = (isOwn, now.advanced(by: .seconds(10)))
        return isOwn
    }

    private static let mostOwnAddresses = 4096

    // MARK: Commands

    func handle(_ command: WorkerCommand) {
        switch command {
        case .serve(let client):
            serve(client)
            if isStopping { endAll(.shutdown) }
        case .listen(let sockets): listen(to: sockets)
        case .wake(let token): sessions[token]?.session.chooseAgain(on: self)
        case .dropHandshake(let token): sessions[token]?.session.dropHandshake(on: self)
        case .cutChannels(let serials, let question):
            cuts.append(SessionCut(.cut, serials, asOf: now, question: question))
        case .cutRemoved(let serials, let question):
            cuts.append(SessionCut(.removed, serials, asOf: now, question: question))
        case .forget(let serials):
            for serial in serials { connectTimes[serial] = nil }
        case .supersede(let serial):
            cuts.append(SessionCut(.superseded, [serial], asOf: now))
        case .cutSession(let id, let question):
            answer(.cut(cutSession(id)), question)
        case .report(let question): answer(.report(report), question)
        case .tapSession(let id, let sink, let question):
            answer(.tapped(tapSession(id, into: sink)), question)
        case .scan, .examine, .showSession, .tapSessions: queries.append(command)
        case .trace(let filters, let question):
            answer(.traced(trace(filters)), question)
        case .stop: isStopping = true
        case .quiesce(let question): quiesceQuestion = question
        case .adopt(let sessions): adopt(sessions)
        case .inherit(let state): inherit(state)
        case .resume: quiesceQuestion = nil
        case .handOver, .releaseAll: break
        }
    }

    /// One question that takes a while, and no more before the next turn, however many are asked.
    private func answerNext() {
        switch queries.popFirst() {
        case .scan(let scan, let slot, let question):
            answer(.sessions(slice(of: scan, from: slot)), question)
        case .examine(let places, let question): answer(.legs(legs(of: places)), question)
        case .showSession(let id, let question): answer(.session(detail(of: id)), question)
        case .tapSessions(let search, let slot): find(search, from: slot)
        default: break
        }
    }

    func answer(_ answer: WorkerReply, _ question: UInt64) {
        share.notices.post(.answer(answer, question: question))
    }

    // MARK: Ending sessions

    private func endAll(_ cause: EndReason.Cause) {
        for slot in 0..<sessions.slotCount { sessions[slot: slot]?.session.cut(cause, on: self) }
    }

    /// Its connections are closed, and everything that it held is given back.
    func remove(slot: Int) {
        sessions.remove(slot: slot)
        if retryAt != nil { retryAt = now }
    }
}

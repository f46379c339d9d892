internal import DequeModule
internal import Glibc
internal import Shared

/// Probes channels beside the loop of the thread that made it, a bounded number at once, takes them
/// down and brings them back.
///
/// Its loop watches `descriptor` for reading and then calls `resume`; it waits no longer than until
/// `nextDeadline`, and then calls `meetDeadlines`. The result of a probe is reported in one of these two
/// calls, never within the one that asks for it.
final class Prober: Timed {
    private let poller: Poller
    private let limit: Int
    private var generator: any RandomNumberGenerator
    private let scripts: ScriptRunner
    private var subjects: [UInt64: ProbeSubject] = [:]
    private var jobs = SlotTable<ProbeJob>()
    /// When each job is due.
    private var schedule = DeadlineQueue()
    private var runs = SlotTable<ProbeRun>()
    /// When each run's time is over.
    private var deadlines = DeadlineQueue()
    private var waiting: Deque<Waiting> = []
    private var verdicts: [Int: (ProbeResult) -> Void] = [:]
    private var concluded: [(finish: (ProbeResult) -> Void, result: ProbeResult)] = []
    private var now = Instant.zero
    private var space = [UInt8](repeating: 0, count: 16_384)

    /// A probe at one address that waits for a place; nil: there is no address.
    private struct Waiting {
        var round: ProbeRound
        var target: Endpoint?
        /// Its time is over then, when it had to wait for a busy server; nil: it did not.
        var until: Instant?
    }

    /// Unix sockets whose backlog was full, and when they are tried again: no event comes when there is room.
    private var busy: [(next: Waiting, due: Instant)] = []
    private static let busyInterval = Duration.milliseconds(50)

    /// A channel went down or came back.
    var hasChanged: (Channel) -> Void = { _ in }
    /// Asked before a channel goes down, and again with every result while the answer is no: this
    /// keeps a group's last channel up where that is asked for.
    var mayTakeDown: (Channel) -> Bool = { _ in true }

    /// Connections at once, those that are being left included.
    static let mostRunning = 64
    /// Probes that come to be due, and that are started, in one turn of the loop.
    static let mostPerTurn = 64
    /// Scripts at once.
    static let mostScripts = 16
    /// Probes that may wait for a place; past it they are not made.
    private static let mostWaiting = 100_000

    init(
        limit: Int = mostRunning, scriptLimit: Int = mostScripts,
        generator: any RandomNumberGenerator = SystemRandomNumberGenerator()
    ) throws(SystemError) {
        self.limit = limit
        self.generator = generator
        poller = try Poller(eventsPerWait: 64)
        scripts = try ScriptRunner(limit: scriptLimit)
        try poller.add(scripts.descriptor, Token(.process), .readable)
    }

    var descriptor: CInt { poller.number }
    var runningCount: Int { runs.count }

    // MARK: Which channels

    /// Probes these channels and no others. What is known of those that stay is kept.
    func watch(_ channels: [Channel], now: Instant) {
        let present = Dictionary(channels.map { ($0.serial, $0) }) { first, _ in first }
        for (serial, subject) in subjects
        where present[serial].map({ !subject.isUpToDate(with: $0) }) ?? true {
            // Whatever its old probes have said is nothing that the new ones know.
            if let channel = present[serial], channel.clearDown(why: "has other probes", now: now) {
                hasChanged(channel)
            }
            for job in subject.jobs {
                schedule.cancel(slot: job.token.slot)
                jobs.remove(slot: job.token.slot)
            }
            subjects[serial] = nil
        }
        for channel in channels where subjects[channel.serial] == nil {
            guard !channel.probePlan.probes.isEmpty else { continue }
            let subject = ProbeSubject(channel)
            for (index, probe) in channel.probePlan.probes.enumerated() {
                let job = jobs.insert { slot, generation in
                    let token = Token(.channel, slot: slot, generation: generation)
                    return ProbeJob(probe, index: index, of: subject, token: token)
                }
                subject.jobs.append(job)
                schedule.schedule(slot: job.token.slot, at: now)
            }
            subjects[channel.serial] = subject
        }
    }

    // MARK: Events

    func resume(now: Instant) {
        self.now = now
        for event in 0..<poller.wait(milliseconds: 0) {
            let (token, readiness) = poller[event]
            if token.kind == .process { scripts.resume(now: now) }
            guard token.kind == .channel, let run = runs[token] else { continue }
            finish(run, run.resume(readiness, space: &space, poller: poller))
        }
        startNext()
    }

    var nextDeadline: Instant? {
        if !concluded.isEmpty || !waiting.isEmpty && runs.count < limit { return .zero }
        return [schedule.next, deadlines.next, scripts.nextDeadline, busy.map(\.due).min()]
            .compactMap(\.self).min()
    }

    func meetDeadlines(now: Instant) {
        self.now = now
        while let slot = deadlines.popExpired(now: now) {
            guard let run = runs[slot: slot] else { continue }
            finish(run, run.expire())
        }
        scripts.meetDeadlines(now: now)
        for (next, due) in busy where due <= now { waiting.append(next) }
        busy.removeAll { $0.due <= now }
        for _ in 0..<Self.mostPerTurn {
            guard let slot = schedule.popExpired(now: now) else { break }
            if let job = jobs[slot: slot] { enqueue(job) }
        }
        startNext()
    }

    /// A run may have come to its verdict, to its end, or both.
    private func finish(_ run: ProbeRun, _ result: ProbeResult?) {
        let slot = run.token.slot
        if var result {
            result.nanoseconds = now.elapsed(since: run.started)
            conclude(verdicts.removeValue(forKey: slot), result)
            deadlines.schedule(slot: slot, at: now.advanced(by: ProbeRun.patience))
        }
        guard run.isEnded else { return }
        deadlines.cancel(slot: slot)
        runs.remove(slot: slot)
    }

    private func conclude(_ finish: ((ProbeResult) -> Void)?, _ result: ProbeResult) {
        guard let finish else { return }
        concluded.append((finish, result))
    }

    /// Starts what has a place now, and reports what is known. A connect that is refused at once leaves its place to
    /// the next one, and so on; the rest waits for the next turn.
    private func startNext() {
        for _ in 0..<Self.mostPerTurn where runs.count < limit {
            guard let next = waiting.popFirst() else { break }
            launch(next)
        }
        let told = concluded
        concluded.removeAll()
        for (finish, result) in told { finish(result) }
    }

    /// Ends the scripts that run, as the daemon ends.
    func stop() { scripts.stop() }

    // MARK: Starting

    /// Probes a channel once, without counting the result. `finish` gets the verdict as soon as it is certain,
    /// `end` what all addresses of its name have come to.
    func probe(
        _ channel: Channel, with probe: ProbeConfiguration,
        then finish: @escaping (ProbeResult) -> Void,
        end: @escaping (ProbeResult) -> Void = { _ in }
    ) {
        guard waiting.count < Self.mostWaiting else {
            let result = ProbeResult.none("too many probes wait")
            conclude(finish, result)
            return conclude(end, result)
        }
        let targets = probe.targets(of: channel)
        let round = ProbeRound(probe, of: channel, at: targets, finish: finish, end: end)
        guard !targets.isEmpty else { return waiting.append(Waiting(round: round)) }
        for target in targets { waiting.append(Waiting(round: round, target: target)) }
    }

    private func enqueue(_ job: ProbeJob) {
        let token = job.token
        // The channel may have gone meanwhile.
        probe(job.subject.channel, with: job.probe) { [unowned self] result in
            guard let job = jobs[token] else { return }
            take(result, of: job)
        } end: { [unowned self] result in
            guard let job = jobs[token] else { return }
            reschedule(job, after: result)
        }
    }

    private func launch(_ next: Waiting) {
        let round = next.round
        let finish = { [unowned self] (result: ProbeResult) in
            round.take(result, at: next.target, now: now)
        }
        switch ProbeWork(round.probe, of: round.channel, at: next.target) {
        case .exchange(let exchange): connect(next, exchange, then: finish)
        case .script(let job):
            // The runner has a limit and a queue of its own.
            scripts.start(job, now: now) { [unowned self] result in
                conclude(finish, ProbeResult(result))
            }
        case .impossible(let words): conclude(finish, .bad(words))
        }
    }

    private func connect(
        _ next: Waiting, _ exchange: any ProbeExchange, then finish: @escaping (ProbeResult) -> Void
    ) {
        let (probe, channel) = (next.round.probe, next.round.channel)
        guard let target = next.target, let address = SocketAddress(target)
        else { return conclude(finish, .bad("no address to probe")) }
        do throws(SystemError) {
            let outbound = channel.outbound
            // A probe has no client whose address it could use.
            let binding = outbound?.binding(to: address, for: .unix(path: ""))
            let socket = try ChannelSocket.prepared(
                binding ?? .init(options: SocketOptions()), family: address.family)
            if case .failed(let number) = Socket.connect(socket, to: address) {
                let isBusy = number == EAGAIN && address.family == AF_UNIX
                return isBusy ? postpone(next, finish) : conclude(finish, .refused(number))
            }
            // The proxy speaks for itself; who has a port for checks of its own expects no header there.
            let isItself = probe.port == nil && probe.address == nil
            let tls = try Self.tls(of: next.round, on: socket.number)
            // Connected or not yet: either way it becomes writable, and the event decides.
            let number = socket.release()
            let run = runs.insert { slot, generation in
                ProbeRun(
                    connecting: FileDescriptor(owning: number), for: exchange,
                    header: isItself ? outbound?.proxyProtocol : nil, tls: tls,
                    token: Token(.channel, slot: slot, generation: generation), now: now)
            }
            let slot = run.token.slot
            do throws(SystemError) {
                try run.watch(with: poller)
            } catch {
                runs.remove(slot: slot)
                throw error
            }
            verdicts[slot] = finish
            deadlines.schedule(slot: slot, at: now.advanced(by: probe.timeout))
        } catch {
            conclude(finish, .failed(error))
        }
    }

    /// The server is alive and busy (connect(2), EAGAIN): that is not a refusal while the probe has time.
    private func postpone(_ next: Waiting, _ finish: @escaping (ProbeResult) -> Void) {
        let until = next.until ?? now.advanced(by: next.round.probe.timeout)
        guard now < until else { return conclude(finish, .bad("timeout: its backlog is full")) }
        var next = next
        next.until = until
        busy.append((next, min(until, now.advanced(by: Self.busyInterval))))
    }

    /// A handshake from the beginning: what was found good an hour ago proves nothing.
    private static func tls(
        of round: ProbeRound, on descriptor: CInt
    ) throws(SystemError) -> TLSConnection? {
        guard round.probe.usesTLS(with: round.channel) else { return nil }
        do throws(TLSError) {
            return try round.channel.probeTLS?.connection(
                on: descriptor, serverName: nil, alpn: nil, resumes: false)
        } catch {
            throw SystemError("SSL_new", ENOMEM)
        }
    }

    // MARK: Results

    private func take(_ result: ProbeResult, of job: ProbeJob) {
        let subject = job.subject
        subject.results[job.index] = result
        if result.isCounted { subject.state.record(result.isGood, probe: job.index) }
        let channel = subject.channel
        channel.probes.note(subject.words, nanoseconds: subject.nanoseconds)
        guard result.isCounted else { return }
        if subject.state.isUp {
            guard channel.clearDown(why: "probe \(job.probe.name): \(result.words)", now: now)
            else { return }
        } else {
            guard channel.isDown || mayTakeDown(channel),
                channel.setDown(why: subject.failures, now: now)
            else { return }
        }
        hasChanged(channel)
    }

    /// The last of its addresses has been probed.
    private func reschedule(_ job: ProbeJob, after result: ProbeResult) {
        let subject = job.subject
        subject.results[job.index] = result
        subject.channel.probes.revise(subject.words)
        let pause = subject.state.pause(probe: job.index, using: &generator)
        schedule.schedule(slot: job.token.slot, at: now.advanced(by: pause))
    }
}

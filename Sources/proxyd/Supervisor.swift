internal import DequeModule
internal import Glibc
internal import Shared

/// The main thread's loop: signals, the control socket, and what the workers tell.
final class Supervisor {
    let options: RunOptions
    let live: LiveTopology
    let elections: Elections
    let share: WorkerShare
    let identity: Identity
    private(set) var limits: DaemonLimits
    let events = EventRing()
    let history = History()
    private(set) var now = Instant.now

    private let poller: Poller
    private let signals: SignalSource
    private let control: ControlServer
    private let prober: Prober
    private let names: NameWatch
    private let scrapes: ScrapeServer?
    private let statsd: StatsdPusher?
    private var threads: [Thread] = []
    private var questions: [UInt64: Question] = [:]
    private var questionNumber: UInt64 = 0
    private var nextTick: Instant?
    /// When a listener that could not be opened again is tried once more.
    private var reopenAt: Instant?
    private var isStopping = false
    /// No listener is open any more, and the last session ends it all; nil: it may take as long as it does.
    private var draining: (until: Instant?, next: Instant)?
    private var lastShortage: Instant?
    /// Sessions to be ended, in the order of their time.
    private var shedding: Deque<(due: Instant, id: UInt64)> = []
    /// Serials of channels whose names did not resolve the last time.
    private var unresolved: Set<UInt64> = []

    /// Answers that are still to come, and what is to be done with them.
    private struct Question {
        var missing: Int
        var answers: [Answer] = []
        var finish: ([Answer]) -> Void
    }

    /// Runs until a signal ends the daemon; `isReady` is called once, when it listens.
    static func run(
        configuration: Configuration, options: RunOptions,
        isReady: (Topology) -> Void = { _ in }
    ) -> ExitStatus {
        do throws(StartError) {
            let supervisor = try Supervisor(configuration, options)
            try supervisor.startWorkers()
            supervisor.announce()
            isReady(supervisor.topology)
            supervisor.loop()
            supervisor.stop()
            return .good
        } catch {
            Log.line(error.message)
            return ExitStatus(rawValue: error.code.rawValue) ?? .system
        }
    }

    init(_ configuration: Configuration, _ options: RunOptions) throws(StartError) {
        self.options = options
        let workerCount = configuration.workers ?? Self.coreCount
        limits = DaemonLimits(
            descriptors: DescriptorLimit.raise(), wanted: configuration.maxSessions)
        let serials = Serials()
        var startup = Startup(configuration, workerCount: workerCount, serials: serials)
        do throws(SystemError) {
            signals = try SignalSource([SIGTERM, SIGINT])
            poller = try Poller()
            let entrances = try (0..<workerCount).map { _ throws(SystemError) in
                try WorkerEntrance()
            }
            share = WorkerShare(
                admission: Admission(limit: limits.sessions), workers: entrances,
                notices: try Mailbox())
            prober = try Prober()
            names = try NameWatch(notices: share.notices)
            try poller.add(prober.descriptor, Token(.probes), .readable)
            try poller.add(signals.number, Token(.signal), .readable)
            try poller.add(share.notices.descriptor, Token(.mailbox), .readable)
        } catch {
            throw StartError(code: .system, message: "cannot start: \(error)")
        }
        identity = Identity(environment: configuration.control.environment)
        // The control socket first: a daemon that is already running there must not lose its ports.
        control = try ControlServer(configuration.control)
        var scrapes: ScrapeServer?
        do throws(StartError) {
            scrapes = try configuration.metrics.listen.map { listen throws(StartError) in
                try ScrapeServer(listen)
            }
            self.scrapes = scrapes
            statsd = try configuration.metrics.statsd.map { settings throws(StartError) in
                try StatsdPusher(settings, now: .now)
            }
            _ = try startup.build()
        } catch {
            scrapes?.close()
            control.close()
            throw error
        }
        live = LiveTopology(startup.state, serials: serials, workerCount: workerCount)
        do throws(SystemError) {
            elections = try Elections(live.state.topology)
            try poller.add(elections.descriptor, Token(.elections), .readable)
            if let scrapes { try poller.add(scrapes.descriptor, Token(.scrapes), .readable) }
        } catch {
            scrapes?.close()
            for socket in startup.sockets { socket.removeFile() }
            control.close()
            throw StartError(code: .system, message: "cannot hold elections: \(error)")
        }
    }

    var controlUsage: ControlUsage { control.usage }

    private static var coreCount: Int { max(1, sysconf(CInt(_SC_NPROCESSORS_ONLN))) }

    private func startWorkers() throws(StartError) {
        let pipes = max(1, limits.pipes / share.workers.count)
        for index in share.workers.indices {
            let plan = Worker.Plan(
                index: index, share: share, relayMode: options.relay, pipeLimit: pipes,
                tellsOfEveryEnd: options.isVerbose)
            do throws(SystemError) {
                threads.append(
                    try Thread(name: "worker-\(index)") {
                        do throws(SystemError) {
                            try Worker(plan).run()
                        } catch {
                            Log.line("worker \(index) cannot start: \(error)")
                            exit(71)
                        }
                    })
            } catch {
                throw StartError(code: .system, message: "cannot start a worker: \(error)")
            }
        }
        // Where clients are refused until there is a primary, nobody listens yet.
        openOrClose()
        listen()
        do throws(SystemError) {
            try names.start()
        } catch {
            throw StartError(code: .system, message: "cannot watch names: \(error)")
        }
        names.follow(topology)
        live.start(for: self)
    }

    /// One line that says all is well, and what was made of it.
    private func announce() {
        let listeners = topology.listeners.map { "\($0.endpoint)" }.joined(separator: " ")
        tell(
            .info, .ready, of: .daemon,
            "ready: listening on \(listeners); \(topology.channels.count) channels, "
                + "\(share.workers.count) workers, at most \(limits.sessions) sessions; "
                + "control \(control.path)" + (scrapes.map { "; metrics \($0.address)" } ?? ""))
    }

    var configuration: Configuration { live.state.configuration }
    var topology: Topology { live.state.topology }

    fileprivate var sockets: [ListeningSocket] {
        get { live.state.sockets }
        set { live.setSockets(newValue) }
    }

    // MARK: The loop

    private func loop() {
        control.start(with: self, poller: poller)
        scrapes?.start(for: self)
        elections.start(for: self)
        startProbes()
        while !isStopping {
            let count = poller.wait(milliseconds: waitMilliseconds)
            now = .now
            for event in 0..<count {
                let (token, readiness) = poller[event]
                switch token.kind {
                case .signal: takeSignals()
                case .mailbox: for notice in share.notices.take() { hear(notice) }
                case .controlListener: control.acceptAll(poller: poller)
                case .control: control.resume(token, readiness, poller: poller)
                case .elections: elections.resume(now: now)
                case .probes: prober.resume(now: now)
                case .scrapes: scrapes?.resume(now: now)
                case .listener, .client, .channel, .process, .output, nil: break
                }
            }
            elections.meetDeadlines(now: now)
            prober.meetDeadlines(now: now)
            live.meetDeadlines(now: now)
            scrapes?.meetDeadlines(now: now)
            statsd?.meetDeadline(topology, now: now)
            tickIfDue()
            shedIfDue()
            endIfDrained()
            history.meetDeadline(topology, generation: share.generation, now: now)
            // Last, so that whatever has happened is told before we wait again.
            control.meetDeadlines(poller: poller)
        }
    }

    private var waitMilliseconds: CInt {
        var next = control.nextDeadline
        if let draining { next = min(next ?? draining.next, draining.next) }
        if let due = live.nextDeadline { next = min(next ?? due, due) }
        if let due = elections.nextDeadline { next = min(next ?? due, due) }
        if let nextTick { next = min(next ?? nextTick, nextTick) }
        if let due = prober.nextDeadline { next = min(next ?? due, due) }
        if let first = shedding.first { next = min(next ?? first.due, first.due) }
        if let due = scrapes?.nextDeadline { next = min(next ?? due, due) }
        if let due = statsd?.nextDeadline { next = min(next ?? due, due) }
        next = min(next ?? history.nextDeadline, history.nextDeadline)
        guard let next else { return -1 }
        return CInt(clamping: next.elapsed(since: .now) / 1_000_000 + 1)
    }

    private func takeSignals() {
        while let signal = signals.next() {
            let name = signal == SIGTERM ? "SIGTERM" : "SIGINT"
            tell(.notice, .ending, of: .daemon, because: name, "\(name): ending")
            isStopping = true
        }
    }

    private func stop() {
        elections.stop()
        prober.stop()
        for worker in share.workers { worker.mailbox.post(.stop) }
        for thread in threads { thread.join() }
        for socket in sockets { socket.removeFile() }
        scrapes?.close()
        control.close()
        tell(.info, .ended, of: .daemon, "ended")
    }

    // MARK: Events

    func tell(_ event: Event) {
        Log.line(event.line)
        events.append(event, wallMilliseconds: WallClock.milliseconds, now: .now)
    }

    private func tell(
        _ severity: Event.Severity, _ kind: Event.Kind, of subject: Event.Subject,
        from: String? = nil, to: String? = nil, because cause: String? = nil,
        by actor: Actor? = nil,
        _ line: String
    ) {
        tell(
            Event(
                severity, kind, of: subject, from: from, to: to, because: cause, by: actor,
                line: line))
    }

    // MARK: Probes

    private func startProbes() {
        prober.hasChanged = { [unowned self] channel in
            let told = channel.probes.last
            let reason = told.down?.why ?? "probe: \(told.words ?? "ok")"
            tell(
                channel.isDown ? .warning : .notice, channel.isDown ? .failed : .returned,
                of: .channel(channel), because: reason,
                channel.isDown
                    ? "channel \(channel.path) \(channel.endpoint) is down: \(reason)"
                    : "channel \(channel.path) \(channel.endpoint) is back: \(reason)")
            share.raiseGeneration()
            channelsChanged()
        }
        prober.watch(topology.channels, now: .now)
    }

    func probe(
        _ channel: Channel, with probe: ProbeConfiguration,
        then finish: @escaping (ProbeResult) -> Void
    ) {
        prober.probe(channel, with: probe, then: finish)
    }

    // MARK: Workers

    func ask(_ command: (UInt64) -> Command, then finish: @escaping ([Answer]) -> Void) {
        ask(share.workers, command, then: finish)
    }

    func ask(
        worker: Int, _ command: (UInt64) -> Command, then finish: @escaping ([Answer]) -> Void
    ) {
        ask([share.workers[worker]], command, then: finish)
    }

    private func ask(
        _ workers: [WorkerEntrance], _ command: (UInt64) -> Command,
        then finish: @escaping ([Answer]) -> Void
    ) {
        questionNumber += 1
        questions[questionNumber] = Question(missing: workers.count, finish: finish)
        for worker in workers { worker.mailbox.post(command(questionNumber)) }
    }

    private func hear(_ notice: Notice) {
        switch notice {
        case .channelFailed(let channel, let cause):
            let remedy = channel.position == .auto ? "; it waits to be enabled" : ""
            tell(
                .warning, .failed, of: .channel(channel), to: channel.state(now: now).rawValue,
                because: channel.mishaps.words(for: cause.rawValue),
                "channel \(channel.path) \(channel.endpoint) failed: \(cause.rawValue)\(remedy)")
            tellIfAllFailed(channel)
            channelsChanged()
        case .primaryFailed(let channel, let cause):
            elections.primaryFailed(channel, why: cause.rawValue, slowly: cause == .timeout)
        case .channelReturned(let channel):
            tell(
                .notice, .returned, of: .channel(channel), to: channel.state(now: now).rawValue,
                because: "connected again",
                "channel \(channel.path) \(channel.endpoint) is back: connected again")
            channelsChanged()
        case .sessionEnded(let record, let reason):
            Log.line(Self.line(record, reason))
        case .shortage(let error):
            tellShortage(error)
        case .resolved(let channel, let endpoint, let addresses):
            unresolved.remove(channel.serial)
            guard let change = channel.update(addresses: addresses, of: endpoint) else { return }
            share.raiseGeneration()
            tell(
                .notice, .resolved, of: .channel(channel), from: Self.list(change.from),
                to: Self.list(change.to),
                "channel \(channel.path) \(channel.endpoint) has other addresses: "
                    + "\(Self.list(change.from)) → \(Self.list(change.to))")
        case .unresolved(let channel, let failure):
            // Told once until it resolves again; the last good addresses are kept.
            guard unresolved.insert(channel.serial).inserted else { return }
            tell(
                .warning, .unresolved, of: .channel(channel), because: failure.words,
                "channel \(channel.path) \(channel.endpoint) keeps its addresses: "
                    + "the name does not resolve: \(failure.words)")
        case .tapped(let dump):
            control.continueDump(dump)
        case .answer(let answer, let number):
            guard var question = questions[number] else { return }
            question.answers.append(answer)
            question.missing -= 1
            questions[number] = question.missing > 0 ? question : nil
            if question.missing == 0 { question.finish(question.answers) }
        }
    }

    private static func list(_ endpoints: [Endpoint]) -> String {
        endpoints.map { "\($0)" }.joined(separator: " ")
    }

    private static func line(_ record: SessionRecord, _ reason: EndReason) -> String {
        let channel = record.channel.map { "\($0.endpoint)" } ?? "-"
        let age = Age(milliseconds: record.age / 1_000_000)
        return
            "session \(record.id) \(record.client) → \(channel) via \(record.listener.path) closed after \(age): "
            + "\(reason), in \(record.inward.byteCount) out \(record.outward.byteCount) bytes"
    }

    /// When the last usable channel of a service fails within seconds of all the others, the trouble is
    /// rarely theirs.
    private func tellIfAllFailed(_ channel: Channel) {
        guard let service = topology.services.first(where: { $0.contains(channel) }),
            service.channels.count > 1, !service.isUsable(now: now)
        else { return }
        let failedLately = service.channels.filter {
            $0.isInGrace(now: now) && now.milliseconds(since: $0.note(now: now).since) < 5000
        }
        guard failedLately.count == service.channels.count else { return }
        tell(
            .error, .allFailed, of: .service(service),
            because: "\(failedLately.count) channels within 5 s",
            "service \(service.name) has lost all \(failedLately.count) channels within 5 s: "
                + "look at the network, or at what they have in common")
    }

    /// Once per ten seconds: a shortage comes with every client that is turned away.
    private func tellShortage(_ error: SystemError) {
        if let lastShortage, now.milliseconds(since: lastShortage) < 10_000 { return }
        lastShortage = now
        tell(
            .error, .shortage, of: .daemon, because: error.description,
            "listeners rest until a session ends: \(error)")
    }

    // MARK: Shedding

    func cut(sessions: [UInt64], perSecond: Double, by actor: Actor) {
        guard !sessions.isEmpty else { return }
        tell(
            .notice, .shed, of: .daemon, to: "\(sessions.count) sessions", by: actor,
            "\(sessions.count) sessions are being shed, \(perSecond) a second: by \(actor)")
        let pause = 1e9 / perSecond
        var due = Double(max(shedding.last?.due ?? now, now).nanoseconds)
        for id in sessions {
            shedding.append((Instant(nanoseconds: UInt64(due)), id))
            due += pause
        }
        shedIfDue()
    }

    private func shedIfDue() {
        while let first = shedding.first, first.due <= now {
            shedding.removeFirst()
            let worker = Int(first.id % UInt64(share.workers.count))
            ask(worker: worker, { .cutSession(id: first.id, question: $0) }, then: { _ in })
        }
    }

    // MARK: State

    /// A channel's state has changed: held sessions look again, and listeners that refuse open or close.
    func channelsChanged() {
        elections.lookAtSwitches()
        for service in topology.services { share.callNext(of: service) }
        openOrClose()
        scheduleTick()
    }

    /// The next moment at which a channel's grace time is over by itself.
    private func scheduleTick() {
        nextTick = topology.channels.compactMap { $0.returns(now: now) }.min()
        if let reopenAt { nextTick = min(nextTick ?? reopenAt, reopenAt) }
    }

    private func tickIfDue() {
        guard let nextTick, nextTick <= now else { return }
        reopenAt = nil
        share.raiseGeneration()
        channelsChanged()
    }

    // MARK: Draining

    func drain(within time: Duration?, by actor: Actor) {
        tell(
            .notice, .ending, of: .daemon, because: "drain", by: actor,
            "draining \(share.admission.current) sessions"
                + (time.map { ", for \(Age($0)) at most" } ?? "") + ": by \(actor)")
        draining = (time.map { now.advanced(by: $0) }, now)
        for socket in sockets { socket.removeFile() }
        for listener in topology.listeners { listener.setOpen(false) }
        sockets = []
        listen()
        share.raiseGeneration()
    }

    func shutDown(by actor: Actor) {
        tell(.notice, .ending, of: .daemon, because: "shutdown", by: actor, "ending: by \(actor)")
        isStopping = true
    }

    /// How often a draining daemon looks whether somebody is left.
    private static let drainInterval = Duration.milliseconds(100)

    private func endIfDrained() {
        guard let draining, draining.next <= now else { return }
        let left = share.admission.current
        let isOver = draining.until.map { $0 <= now } ?? false
        if left == 0 || isOver {
            Log.line("drained: \(left) sessions are left")
            isStopping = true
        }
        let next = now.advanced(by: Self.drainInterval)
        self.draining?.next = draining.until.map { min($0, next) } ?? next
    }

    /// `when-empty: refuse`: a listener whose service has no usable channel does not listen.
    private func openOrClose() {
        guard draining == nil else { return }
        var hasChanged = false
        for service in topology.services {
            let refuses = service.refusesWhileElecting
            let isUsable = service.isUsable(now: now) || !refuses && service.isElecting
            for listener in service.listeners
            where refuses || listener.settings.whenEmpty == .refuse {
                guard listener.isOpen != isUsable else { continue }
                isUsable ? open(listener, of: service) : close(listener)
                hasChanged = true
            }
        }
        if hasChanged { listen() }
    }

    private func close(_ listener: Listener) {
        tell(
            .warning, .refusing, of: .listener(listener), because: "no channel is usable",
            "listener \(listener.path) \(listener.endpoint) refuses: no channel is usable")
        for socket in sockets where socket.listener === listener { socket.removeFile() }
        sockets.removeAll { $0.listener === listener }
        listener.setOpen(false)
    }

    private func open(_ listener: Listener, of service: Service) {
        do throws(StartError) {
            sockets.append(try ListeningSocket(reopening: listener, of: service))
            listener.setOpen(true)
            tell(
                .notice, .opened, of: .listener(listener),
                "listener \(listener.path) \(listener.endpoint) accepts again")
        } catch {
            tell(
                .error, .failed, of: .listener(listener), because: error.message,
                "listener \(listener.path) stays closed: \(error.message)")
            reopenAt = now.advanced(by: .seconds(1))
        }
    }

    private func listen() {
        for worker in share.workers { worker.mailbox.post(.listen(sockets)) }
    }
}

extension Supervisor: Daemon {
    var file: String? { options.file }

    func write(_ text: String, to path: String, then finish: @escaping (SystemError?) -> Void) {
        questionNumber += 1
        let number = questionNumber
        questions[number] = Question(missing: 1) { answers in
            guard case .written(let error) = answers.first else { return }
            finish(error)
        }
        let notices = share.notices
        do throws(SystemError) {
            _ = try Thread(name: "save") {
                do throws(SystemError) {
                    try FileReplacement.write(text, to: path)
                    notices.post(.answer(.written(nil), question: number))
                } catch {
                    notices.post(.answer(.written(error), question: number))
                }
            }
        } catch {
            questions[number] = nil
            finish(error)
        }
    }

    func reload() throws(ConfigurationErrors) -> Configuration? { try options.reload() }
}

extension Supervisor: TopologyAudience {
    func lookUp(_ names: [Endpoint], then finish: @escaping (Answer) -> Void) {
        questionNumber += 1
        questions[questionNumber] = Question(missing: 1) { answers in
            if let answer = answers.first { finish(answer) }
        }
        self.names.lookUp(names, question: questionNumber)
    }

    func topologyChanged(
        _ difference: ConfigurationDifference, by actor: Actor?, removed: [Channel]
    ) {
        for row in difference.rows { tell(Event(row, by: actor)) }
        limits = DaemonLimits(
            descriptors: limits.descriptors, wanted: configuration.maxSessions)
        share.admission.setLimit(limits.sessions)
        for channel in removed { unresolved.remove(channel.serial) }
        share.raiseGeneration()
        elections.follow(topology)
        prober.watch(topology.channels, now: now)
        names.follow(topology)
        if draining != nil { sockets = [] }
        listen()
        channelsChanged()
    }

    func cut(_ channels: [Channel], then finish: @escaping (Int) -> Void) {
        let serials = Set(channels.map(\.serial))
        ask({ .cutChannels(serials: serials, question: $0) }) { finish($0.cutCount) }
    }
}

extension Supervisor: ElectionAudience {
    func electionChanged() {
        share.raiseGeneration()
        channelsChanged()
    }

    func supersede(_ channel: Channel) {
        for worker in share.workers { worker.mailbox.post(.supersede(channel.serial)) }
    }
}

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
    var limits: DaemonLimits
    let events = EventRing()
    let history = History()
    let logs: Logs
    var debugged = DebugWishes()
    var nextLogLook = Instant.zero
    private(set) var now = Instant.now

    let poller: Poller
    let signals: SignalSource
    let control: ControlServer
    let prober: Prober
    let names: NameWatch
    private let scrapes: ScrapeServer?
    private let statsd: StatsdPusher?
    let pidFile: PIDFile?
    /// Sockets that were open before us.
    let passed: PassedSockets
    let manager: ServiceManager?
    var printer: TranscriptPrinter?
    private let privileges: Privileges
    private var threads: [Thread] = []
    var questions: [UInt64: Question] = [:]
    var questionNumber: UInt64 = 0
    var nextTick: Instant?
    /// When a listener that could not be opened again is tried once more.
    var reopenAt: Instant?
    var isStopping = false
    /// Listeners whose address could not be had, by serial, and when that is tried again.
    var unbound: [UInt64: Instant?] = [:]
    /// No listener is open any more, and the last session ends it all; nil: it may take as long as it does.
    var draining: (until: Instant?, next: Instant)?
    var lastShortage: Instant?
    /// How states outlive us; nil: they do not.
    var keeping: StateKeeping?
    let stateFound: StateFile.Found
    /// Sessions to be ended, in the order of their time.
    var shedding: Deque<(due: Instant, id: UInt64)> = []
    /// When processes that others have left us are put away; nil: when one of them ends.
    var reapAt: Instant?
    /// Sessions that may go on for a while, though their channel or listener is no more.
    var leavers: [Leavers] = []
    /// Serials of channels whose names did not resolve the last time.
    var unresolved: Set<UInt64> = []

    /// Answers that are still to come, and what is to be done with them.
    struct Question {
        var missing: Int
        var answers: [Answer] = []
        var finish: ([Answer]) -> Void
    }

    /// Runs until a signal ends the daemon; `isReady` is called once, when it listens.
    static func run(
        configuration: Configuration, options: RunOptions,
        isReady: (Topology) -> Void = { _ in }
    ) -> ExitStatus {
        var background: Background?
        if let dialect = options.dialect { Log.name(as: dialect.program) }
        do throws(StartError) {
            // First of all: their numbers are not ours yet, and they are meant for the process that was started.
            let passed = try PassedSockets(
                environment: ProcessEnvironment.take(PassedSockets.variables), pid: getpid())
            if options.isInBackground || configuration.privileges.chroot != nil {
                try configuration.checkPaths()
            }
            if options.isInBackground { background = try Background(keeping: passed.numbers) }
            let supervisor = try Supervisor(configuration, options, passed)
            do throws(StartError) {
                try supervisor.giveUpPrivileges()
                try supervisor.startWorkers()
            } catch {
                supervisor.close()
                throw error
            }
            supervisor.announce()
            if let background {
                background.enter(quietly: options.dialect != nil)
                supervisor.logs.followStandardStreams()
            }
            isReady(supervisor.topology)
            supervisor.loop()
            supervisor.stop()
            return .good
        } catch {
            for line in options.dialect?.voice?.lines(about: error) ?? [] {
                Log.verbatim(line, .error)
            }
            Log.line(error.message, .error)
            Log.finish()
            let status = options.status(of: error)
            background?.giveUp(status)
            return status
        }
    }

    private init(
        _ configuration: Configuration, _ options: RunOptions, _ passed: PassedSockets
    ) throws(StartError) {
        self.options = options
        self.passed = passed
        manager = ServiceManager(
            environment: ProcessEnvironment.take(ProcessEnvironment.ofServiceManager),
            pid: getpid(), now: .now)
        privileges = try Privileges(
            configuration.privileges, keeping: Capabilities(neededBy: configuration))
        try OutOfReach.check(configuration)
        if let path = options.pidFile { pidFile = try PIDFile(at: path) } else { pidFile = nil }
        (keeping, stateFound) = StateKeeping.begin(configuration, now: .now)
        let written = configuration
        var configuration = configuration
        if case .state(let saved) = stateFound { configuration = saved.weighing(written) }
        let workerCount = configuration.workers ?? Self.coreCount
        limits = DaemonLimits(
            descriptors: DescriptorLimit.raise(), wanted: configuration.maxSessions)
        let serials = Serials()
        var startup = Startup(
            configuration, workerCount: workerCount, serials: serials, passed: passed,
            isTolerant: options.dialect?.toleratesUnresolved ?? false)
        do throws(SystemError) {
            signals = try SignalSource(SupervisorSignals.all)
            poller = try Poller()
            logs = try Logs(
                isDebugging: options.isDebugging, isQuiet: options.dialect != nil)
            let entrances = try (0..<workerCount).map { _ throws(SystemError) in
                try WorkerEntrance()
            }
            share = WorkerShare(
                admission: Admission(limit: limits.sessions), workers: entrances,
                notices: try Mailbox(), accessLog: logs.access)
            prober = try Prober()
            names = try NameWatch(notices: share.notices)
            try poller.add(prober.descriptor, Token(.probes), .readable)
            try poller.add(signals.number, Token(.signal), .readable)
            try poller.add(share.notices.descriptor, Token(.mailbox), .readable)
        } catch {
            throw StartError(code: .system, message: "cannot start: \(error)")
        }
        identity = Identity(
            environment: configuration.control.environment, dialect: options.dialect?.words ?? [])
        // The control socket first: a daemon that is already running there must not lose its ports.
        control = try ControlServer(
            configuration.control, passed: passed, user: privileges.userNumber)
        var scrapes: ScrapeServer?
        do throws(StartError) {
            scrapes = try configuration.metrics.listen.map { listen throws(StartError) in
                try ScrapeServer(listen, passed: passed)
            }
            self.scrapes = scrapes
            statsd = try configuration.metrics.statsd.map { settings throws(StartError) in
                try StatsdPusher(settings, now: .now)
            }
            try logs.prepare(configuration.log)
            let topology = try startup.build()
            if case .state(let saved) = stateFound {
                saved.restore(topology, now: .now, wallMilliseconds: WallClock.milliseconds)
            }
        } catch {
            scrapes?.close()
            control.close()
            throw error
        }
        live = LiveTopology(
            startup.state, serials: serials, workerCount: workerCount, passed: passed)
        live.written = written
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

    /// Nothing that needs them is left to be done, and no other thread has them yet.
    private func giveUpPrivileges() throws(StartError) {
        try privileges.giveUp()
        for line in OutOfReach(configuration, file: options.file).lines {
            tell(.warning, .failed, of: .daemon, because: "privileges", "privileges: \(line)")
        }
    }

    private func startWorkers() throws(StartError) {
        try logs.start()
        let pipes = max(1, limits.pipes / share.workers.count)
        for index in share.workers.indices {
            let plan = Worker.Plan(
                index: index, share: share, relayMode: options.relay, pipeLimit: pipes,
                tellsOfEveryEnd: options.isVerbose || options.isDebugging
                    || options.dialect?.tellsIdleEnds ?? false)
            do throws(SystemError) {
                threads.append(
                    try Thread(name: "worker-\(index)") {
                        do throws(SystemError) {
                            try Worker(plan).run()
                        } catch {
                            Log.line("worker \(index) cannot start: \(error)", .error)
                            Log.finish()
                            exit(71)
                        }
                    })
            } catch {
                throw StartError(code: .system, message: "cannot start a worker: \(error)")
            }
        }
        followUnbound()
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
        for socket in passed.closeRest() {
            tell(
                .warning, .failed, of: .daemon, because: "nobody listens there",
                "the service manager's socket \(socket) is closed: nobody listens there; "
                    + "add the address under “listen”, or take it out of the socket unit")
        }
        let listeners = topology.listeners.filter { $0.bindFailure == nil }
            .map { "\($0.endpoint)" }.joined(separator: " ")
        tell(
            .info, .ready, of: .daemon,
            "ready: listening on \(listeners); \(topology.channels.count) channels, "
                + "\(share.workers.count) workers, at most \(limits.sessions) sessions; "
                + "control \(control.path)" + (scrapes.map { "; metrics \($0.address)" } ?? ""))
        announceState()
        manager?.tellReady(summary)
    }

    /// What a service manager shows.
    var summary: String {
        "\(topology.services.count) services, \(topology.channels.count) channels"
    }

    var configuration: Configuration { live.state.configuration }
    var topology: Topology { live.state.topology }

    var sockets: [ListeningSocket] {
        get { live.state.sockets }
        set { live.setSockets(newValue) }
    }

    // MARK: The loop

    private func loop() {
        for line in options.dialect?.greeting ?? [] { Log.verbatim(line) }
        control.start(with: self, poller: poller)
        scrapes?.start(for: self)
        elections.start(for: self)
        startProbes()
        startTranscript()
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
            manager?.meetDeadline(now: now)
            printer?.meetDeadline(now: now)
            tickIfDue()
            bindAgainIfDue()
            shedIfDue()
            endLeaversIfDue()
            reapIfDue()
            endIfDrained()
            watchLogs()
            writeStateIfDue()
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
        if let due = nextBinding { next = min(next ?? due, due) }
        if let nextTick { next = min(next ?? nextTick, nextTick) }
        if let due = prober.nextDeadline { next = min(next ?? due, due) }
        if let first = shedding.first { next = min(next ?? first.due, first.due) }
        if let reapAt { next = min(next ?? reapAt, reapAt) }
        for leaver in leavers { next = min(next ?? leaver.due, leaver.due) }
        if let due = scrapes?.nextDeadline { next = min(next ?? due, due) }
        if let due = manager?.nextDeadline { next = min(next ?? due, due) }
        if let due = keeping?.schedule.nextDeadline { next = min(next ?? due, due) }
        if let due = statsd?.nextDeadline { next = min(next ?? due, due) }
        next = min(next ?? history.nextDeadline, history.nextDeadline)
        if let due = printer?.nextDeadline { next = min(next ?? due, due) }
        guard let next else { return -1 }
        return CInt(clamping: next.elapsed(since: .now) / 1_000_000 + 1)
    }

    private func stop() {
        manager?.tellStopping("ending")
        elections.stop()
        prober.stop()
        for worker in share.workers { worker.mailbox.post(.stop) }
        for thread in threads { thread.join() }
        giveUpUnserved()
        printer?.resume(now: .now)
        writeLastState()
        logs.finishAccess(within: Self.longestFlush)
        close()
        tell(.info, .ended, of: .daemon, "ended")
        Log.finish()
    }

    /// Takes away what we have put into the file system.
    private func close() {
        for socket in sockets { socket.removeFile() }
        scrapes?.close()
        control.close()
        pidFile?.remove()
    }

    /// How long the end waits for whoever reads the access log.
    private static let longestFlush = Duration.seconds(2)

    // MARK: Events

    func tell(_ event: Event) {
        let voice = options.dialect?.voice
        if voice?.replaced.contains(event.kind) != true {
            Log.line(event.line, event.severity, likeness: event.likeness)
        }
        if let voice {
            for line in voice.lines(about: event) { Log.verbatim(line, event.severity) }
        }
        events.append(event, wallMilliseconds: WallClock.milliseconds, now: .now)
    }

    func tell(
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

    func ask(
        _ workers: [WorkerEntrance], _ command: (UInt64) -> Command,
        then finish: @escaping ([Answer]) -> Void
    ) {
        questionNumber += 1
        questions[questionNumber] = Question(missing: workers.count, finish: finish)
        for worker in workers { worker.mailbox.post(command(questionNumber)) }
    }
}

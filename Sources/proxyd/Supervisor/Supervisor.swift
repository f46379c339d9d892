internal import DequeModule
internal import Glibc
internal import Shared

/// The main thread's loop: signals, the control socket, and what the workers tell.
final class Supervisor {
    let options: RunOptions
    let live: LiveTopology
    let elections: Elections
    let share: SharedState
    let identity: Identity
    var limits: DaemonLimits
    let events = EventRing()
    let history = History()
    let logs: Logs
    var debugged = DebugFilters()
    var nextLogLook = Instant.zero
    private(set) var now = Instant.now

    let poller: Poller
    let signals: SignalSource
    let control: ControlServer
    let prober: Prober
    let names: NameWatch
    var scrapes: ScrapeServer?
    var statsd: StatsdPusher?
    let pidFile: PIDFile?
    /// Sockets that were open before us, and their numbers.
    let passed: InheritedSockets
    let passedNumbers: [CInt]
    var manager: ServiceManager?
    var printer: TranscriptPrinter?
    let privileges: Privileges
    private var threads: [Thread] = []
    var questions: [UInt64: Question] = [:]
    var questionNumber: UInt64 = 0
    var nextTick: Instant?
    /// When a listener that could not be opened again is tried once more.
    var reopenAt: Instant?
    /// Sockets of listeners that were closed a moment ago.
    var departing: [DepartingSocket] = []
    var isStopping = false
    /// Listeners whose address could not be had, by serial, and when that is tried again.
    var unbound: [UInt64: Instant?] = [:]
    /// No listener is open any more, and the last session ends it all; nil: it may take as long as it does.
    var draining: (until: Instant?, next: Instant)?
    var lastShortage: Instant?
    /// How states outlive us; nil: they do not.
    var keeping: StatePersistence?
    let stateFound: StateFile.Found
    /// Sessions to be ended, in the order of their time.
    var shedding: Deque<(due: Instant, id: UInt64)> = []
    /// When processes that others have left us are put away; nil: when one of them ends.
    var reapAt: Instant?
    /// Sessions that may go on for a while, though their channel or listener is no more.
    var expiringSessions: [Leavers] = []
    /// Serials of services all of whose channels have failed.
    var lost: Set<UInt64> = []
    /// Serials of channels whose names did not resolve the last time.
    var unresolved: Set<UInt64> = []
    /// What the file said when it was taken last.
    var fileAsTaken: Configuration?
    /// Another process gets ready to take our place.
    var succession: UpgradeAttempt?
    /// Another process has taken our place.
    var retirement: OldProcessDrain?
    /// The process whose place we take, and what it has left us.
    var heritage: Takeover?
    /// To whoever stands where the daemon was started.
    var post: SuccessorPIDPipe?
    var lastSignal: (number: CInt, isPassedOn: Bool, at: Instant)?

    /// Answers that are still to come, and what is to be done with them.
    struct Question {
        var missing: Int
        var answers: [WorkerReply] = []
        var finish: ([WorkerReply]) -> Void
    }

    /// Runs until a signal ends the daemon; `isReady` is called once, when it listens.
    static func run(
        configuration: Configuration, options: RunOptions,
        isReady: (Topology) -> Void = { _ in }
    ) -> ExitStatus {
        var background: Background?
        var heritage: Takeover?
        if let dialect = options.dialect { Log.name(as: dialect.program) }
        do throws(StartError) {
            // First of all: their numbers are not ours yet, and they are meant for the process that was started.
            let passed = try InheritedSockets(
                environment: ProcessEnvironment.take(InheritedSockets.variables), pid: getpid())
            heritage = try Takeover.find(for: configuration, unread: options.unreadFile)
            let target = heritage?.target ?? configuration
            if options.isInBackground || target.privileges.chroot != nil {
                try target.checkPaths()
            }
            if options.isInBackground {
                if heritage != nil {
                    Background.leaveFolder()
                } else {
                    background = try Background(keeping: passed.numbers)
                }
            }
            let supervisor = try Supervisor(target, options, passed, heritage)
            supervisor.fileAsTaken = options.unreadFile == nil ? configuration : nil
            do throws(StartError) {
                try supervisor.giveUpPrivileges()
                try supervisor.startWorkers()
                try supervisor.takeOver()
            } catch {
                supervisor.close()
                throw error
            }
            supervisor.serve()
            supervisor.announce()
            if let background {
                background.enter(quietly: options.dialect != nil)
                supervisor.logs.followStandardStreams()
            }
            isReady(supervisor.topology)
            supervisor.loop()
            supervisor.stop()
            supervisor.placeholder?.stay()
            return .good
        } catch {
            for line in options.dialect?.voice?.lines(about: error) ?? [] {
                Log.verbatim(line, .error)
            }
            Log.line(error.message, .error)
            Log.finish()
            let status = options.status(of: error)
            background?.giveUp(status)
            heritage?.predecessor.refuse(error.message)
            return status
        }
    }

    private init(
        _ configuration: Configuration, _ options: RunOptions, _ passed: InheritedSockets,
        _ heritage: Takeover?
    ) throws(StartError) {
        self.options = options
        self.passed = passed
        passedNumbers = passed.numbers
        self.heritage = heritage
        post = heritage?.post
        manager =
            heritage?.manager
            ?? ServiceManager(
                environment: ProcessEnvironment.take(ProcessEnvironment.ofServiceManager),
                pid: getpid(), now: .now)
        if let heritage { try passed.inherit(heritage.inheritance.descriptors) }
        privileges = try Privileges(
            configuration.privileges, keeping: Capabilities(neededBy: configuration))
        try PrivilegeAudit.check(configuration)
        if let inherited = options.pidFile.flatMap({ heritage?.pidFile(at: $0) }) {
            pidFile = inherited
        } else if let path = options.pidFile {
            pidFile = try PIDFile(at: path)
        } else {
            pidFile = nil
        }
        (keeping, stateFound) =
            heritage?.stateKeeping(for: configuration, now: .now)
            ?? StatePersistence.begin(configuration, now: .now)
        let written = heritage?.written ?? configuration
        var configuration = configuration
        if case .state(let saved) = stateFound { configuration = saved.weighing(written) }
        let workerCount = configuration.workers ?? Self.coreCount
        limits = DaemonLimits(
            descriptors: DescriptorLimit.raise(), wanted: configuration.maxSessions)
        let serials = heritage?.serials ?? Serials()
        var startup = Startup(
            heritage?.running ?? configuration, workerCount: workerCount, serials: serials,
            passed: passed, known: heritage?.inheritance.addresses ?? [:],
            isTolerant: options.dialect?.toleratesUnresolved ?? false)
        do throws(SystemError) {
            signals = try SignalSource(SupervisorSignals.all)
            poller = try Poller()
            logs = try Logs(
                isDebugging: options.isDebugging, isQuiet: options.dialect != nil)
            let entrances = try (0..<workerCount).map { _ throws(SystemError) in
                try WorkerHandle()
            }
            share = SharedState(
                admission: SessionLimit(limit: limits.sessions), workers: entrances,
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
            environment: configuration.control.environment, dialect: options.dialect?.words ?? [],
            life: heritage?.life)
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
            try heritage?.change(&startup, to: configuration)
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
        if heritage?.inheritance.hasGivenUpPrivileges ?? false {
            try privileges.keepGivenUp()
        } else {
            try privileges.giveUp()
        }
        for line in PrivilegeAudit(configuration, file: options.file).lines {
            tell(.warning, .failed, of: .daemon, because: "privileges", "privileges: \(line)")
        }
        live.tellCertificates()
    }

    private func startWorkers() throws(StartError) {
        try logs.start()
        let pipes = max(1, limits.pipes / share.workers.count)
        for index in share.workers.indices {
            let plan = Worker.Plan(
                index: index, share: share, relayMode: options.relay, pipeLimit: pipes,
                emitsEveryEnd: options.isVerbose || options.isDebugging
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
        do throws(SystemError) {
            try names.start()
        } catch {
            throw StartError(code: .system, message: "cannot watch names: \(error)")
        }
        names.follow(topology)
        live.start(for: self)
    }

    /// Clients are accepted from now on.
    private func serve() {
        adoptSessions()
        // Where clients are refused until there is a primary, nobody listens yet.
        openOrClose()
        listen()
        endDeparted()
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
            "\(heritage?.words ?? "ready"): listening on \(listeners); \(topology.channels.count) channels, "
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
                case .upgrade: token.slot == 0 ? resumeUpgrade() : receiveHistory()
                case .listener, .client, .channel, .process, .output, nil: break
                }
            }
            if retirement == nil { lookAtEverything() }
            meetUpgradeDeadline()
            endIfRetired()
            reapIfDue()
            watchLogs()
            // Last, so that whatever has happened is told before we wait again.
            control.meetDeadlines(poller: poller)
        }
    }

    /// What only the process does that is the daemon.
    private func lookAtEverything() {
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
        endIfDrained()
        writeStateIfDue()
        history.meetDeadline(topology, generation: share.generation, now: now)
    }

    private var waitMilliseconds: CInt {
        var next = control.nextDeadline
        if let due = succession?.nextDeadline { next = min(next ?? due, due) }
        if let reapAt { next = min(next ?? reapAt, reapAt) }
        if let retirement {
            next = min(next ?? retirement.next, retirement.next)
        } else {
            next = nextDeadline(before: next)
        }
        guard let next else { return -1 }
        return CInt(clamping: next.elapsed(since: .now) / 1_000_000 + 1)
    }

    private func nextDeadline(before other: Instant?) -> Instant? {
        var next = other
        if let draining { next = min(next ?? draining.next, draining.next) }
        if let due = live.nextDeadline { next = min(next ?? due, due) }
        if let due = elections.nextDeadline { next = min(next ?? due, due) }
        if let due = nextBinding { next = min(next ?? due, due) }
        if let nextTick { next = min(next ?? nextTick, nextTick) }
        if let due = prober.nextDeadline { next = min(next ?? due, due) }
        if let first = shedding.first { next = min(next ?? first.due, first.due) }
        for leaver in expiringSessions { next = min(next ?? leaver.due, leaver.due) }
        if let due = scrapes?.nextDeadline { next = min(next ?? due, due) }
        if let due = manager?.nextDeadline { next = min(next ?? due, due) }
        if let due = keeping?.schedule.nextDeadline { next = min(next ?? due, due) }
        if let due = statsd?.nextDeadline { next = min(next ?? due, due) }
        if let due = printer?.nextDeadline { next = min(next ?? due, due) }
        return min(next ?? history.nextDeadline, history.nextDeadline)
    }

    private func stop() {
        abandonUpgrade()
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
        tell(
            .info, .ended, of: .daemon,
            retirement.map { "ended: process \($0.process) is the daemon" } ?? "ended")
        Log.finish()
    }

    /// Takes away what we have put into the file system.
    private func close() {
        guard retirement == nil else { return }
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
        if voice?.replaces(event) != true {
            Log.line(event.line, event.severity, deduplicationKey: event.deduplicationKey)
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

    func ask(_ command: (UInt64) -> WorkerCommand, then finish: @escaping ([WorkerReply]) -> Void) {
        ask(share.workers, command, then: finish)
    }

    func ask(
        worker: Int, _ command: (UInt64) -> WorkerCommand,
        then finish: @escaping ([WorkerReply]) -> Void
    ) {
        ask([share.workers[worker]], command, then: finish)
    }

    func ask(
        _ workers: [WorkerHandle], _ command: (UInt64) -> WorkerCommand,
        then finish: @escaping ([WorkerReply]) -> Void
    ) {
        questionNumber += 1
        questions[questionNumber] = Question(missing: workers.count, finish: finish)
        for worker in workers { worker.mailbox.post(command(questionNumber)) }
    }
}

internal import DequeModule
internal import Glibc
internal import Shared

/// The main thread's loop: signals, the control socket, and what the workers report.
final class Supervisor {
    let core: DaemonCore
    let poller: Poller
    var signals: SignalInbox
    let control: ControlServer
    let prober: Prober
    let names: NameWatch
    let elections: Elections
    let history = History()
    let pidFile: PIDFile?
    private let privileges: Privileges
    var manager: ServiceManager?
    var metrics: MetricsOutputs
    var printer: TranscriptPrinter?

    let listeners: ListenerCoordinator
    let channels: ChannelWatch
    let sessions: SessionReports
    let logs: LogSupervision
    let state: StateSaver
    let drainage: DaemonDrain
    let shedder: SessionShedder
    let expiring: ExpiringSessions
    let takeovers: TakeoverCoordinator
    private(set) lazy var upgrades = UpgradeCoordinator(
        core, elections, history, privileges, pidPipe: takeovers.takeover?.pidPipe, host: self)
    /// Everything with deadlines, in the order in which they are met.
    var timed: [any Timed] = []
    /// What workers and others have told and was not looked at yet.
    var inbox: Deque<WorkerEvent> = []

    /// Runs until a signal ends the daemon; `isReady` is called once, when it listens.
    static func run(
        configuration: Configuration, options: RunOptions,
        isReady: (Topology) -> Void = { _ in }
    ) -> ExitStatus {
        var background: Background?
        var takeover: Takeover?
        if let dialect = options.dialect { Log.name(as: dialect.program) }
        do throws(StartError) {
            // First of all: their numbers are not ours yet, and they are meant for the process that was started.
            let inherited = try InheritedSockets(
                environment: ProcessEnvironment.take(InheritedSockets.variables), pid: getpid())
            takeover = try Takeover.find(for: configuration, unread: options.unreadFile)
            let target = takeover?.target ?? configuration
            if options.isInBackground || target.privileges.chroot != nil {
                try target.checkPaths()
            }
            if options.isInBackground {
                if takeover != nil {
                    Background.leaveFolder()
                } else {
                    background = try Background(keeping: inherited.numbers)
                }
            }
            let supervisor = try start(target, options, inherited, takeover)
            supervisor.core.fileAsTaken = options.unreadFile == nil ? configuration : nil
            supervisor.serve()
            supervisor.announce()
            if let background {
                background.enter(quietly: options.dialect != nil)
                supervisor.logs.logs.followStandardStreams()
            }
            isReady(supervisor.topology)
            supervisor.loop()
            supervisor.stop()
            supervisor.foregroundShim?.stay()
            if let signal = supervisor.core.endingSignal, options.dialect?.endsBySignal ?? false {
                return ExitStatus(endedBy: signal)
            }
            return .good
        } catch {
            let status = report(error, options)
            background?.giveUp(status)
            takeover?.oldProcess.refuse(error.message)
            return status
        }
    }

    private static func report(_ error: StartError, _ options: RunOptions) -> ExitStatus {
        let lines = options.dialect?.messages?.lines(about: error) ?? []
        for line in lines { Log.verbatim(line, .error) }
        if lines.isEmpty { Log.line(error.message, .error) }
        Log.finish()
        return options.status(of: error)
    }

    /// From reading nothing but the configuration to having everything, and serving nothing yet.
    private static func start(
        _ target: Configuration, _ options: RunOptions, _ inherited: InheritedSockets,
        _ takeover: Takeover?
    ) throws(StartError) -> Supervisor {
        let process = try ProcessStart(target, options, inherited, takeover)
        let supervisor = try Supervisor(process, options, inherited, takeover)
        let undo = StartUndo()
        undo.add { supervisor.close() }
        try supervisor.giveUpPrivileges()
        try supervisor.startThreads()
        try supervisor.takeOver()
        undo.disarm()
        return supervisor
    }

    private init(
        _ process: ProcessStart, _ options: RunOptions, _ inherited: InheritedSockets,
        _ takeover: Takeover?
    ) throws(StartError) {
        let configuration = process.configuration
        (privileges, pidFile, manager) = (process.privileges, process.pidFile, process.manager)
        let workerCount = configuration.workers ?? Self.coreCount
        let limits = DaemonLimits(
            descriptors: DescriptorLimit.raise(), for: configuration, workers: workerCount)
        let serials = takeover?.serials ?? Serials()
        var startup = Startup(
            takeover?.running ?? configuration, workerCount: workerCount, serials: serials,
            passed: inherited, known: takeover?.offer.addresses ?? [:],
            isTolerant: options.dialect?.toleratesUnresolved ?? false)
        let logs: Logs
        let share: SharedState
        do throws(SystemError) {
            signals = try SignalInbox()
            poller = try Poller()
            logs = try Logs(isDebugging: options.isDebugging, isQuiet: options.dialect != nil)
            share = try Self.share(workerCount, limits, logs)
            prober = try Prober()
            names = try NameWatch(notices: share.notices)
            try poller.add(prober.descriptor, Token(.probes), .readable)
            try poller.add(signals.descriptor, Token(.signal), .readable)
            try poller.add(share.notices.descriptor, Token(.mailbox), .readable)
        } catch {
            throw StartError(code: .system, message: "cannot start: \(error)")
        }
        let undo = StartUndo()
        let identity = Identity(
            environment: configuration.control.environment, dialect: options.dialect?.words ?? [],
            life: takeover?.life)
        // The control socket first: a daemon that is already running there must not lose its ports.
        let control = try ControlServer(
            configuration.control, passed: inherited, lock: takeover?.controlLock,
            user: privileges.userNumber, isOptional: options.dialect != nil)
        undo.add { control.close() }
        self.control = control
        metrics = try MetricsOutputs(configuration.metrics, inherited, undo)
        try logs.prepare(configuration.log)
        let topology = try startup.build()
        process.saved?.restore(topology, now: .now, wallMilliseconds: WallClock.milliseconds)
        try takeover?.change(&startup, to: configuration)
        let sockets = startup.sockets
        undo.add { for socket in sockets { socket.removeFile() } }
        if options.dialect?.needsControl ?? false, let failure = control.failure,
            case .control? = failure.cause
        {
            throw failure
        }
        elections = try Self.elections(
            startup.state.topology, metrics.scrapes, poller,
            showsOutput: options.dialect?.showsScripts ?? false)
        let live = LiveTopology(
            startup.state, serials: serials, workerCount: workerCount, passed: inherited)
        live.written = process.written
        core = DaemonCore(options, identity, live, WorkerPool(share: share), limits)
        listeners = ListenerCoordinator(core, inherited: inherited)
        channels = ChannelWatch(core)
        sessions = SessionReports(core)
        self.logs = LogSupervision(core, logs)
        state = StateSaver(core, process.persistence, found: process.found)
        drainage = DaemonDrain(core)
        shedder = SessionShedder(core)
        expiring = ExpiringSessions(core)
        takeovers = TakeoverCoordinator(core, takeover)
        undo.disarm()
    }

    private static func share(
        _ workerCount: Int, _ limits: DaemonLimits, _ logs: Logs
    ) throws(SystemError) -> SharedState {
        let workers = try (0..<workerCount).map { _ throws(SystemError) in try WorkerHandle() }
        return SharedState(
            admission: SessionLimit(limit: limits.sessions), workers: workers,
            notices: try Mailbox(), accessLog: logs.access)
    }

    private static func elections(
        _ topology: Topology, _ scrapes: ScrapeServer?, _ poller: borrowing Poller,
        showsOutput: Bool
    ) throws(StartError) -> Elections {
        do throws(SystemError) {
            let elections = try Elections(topology, showsOutput: showsOutput)
            try poller.add(elections.descriptor, Token(.elections), .readable)
            if let scrapes { try poller.add(scrapes.descriptor, Token(.scrapes), .readable) }
            return elections
        } catch {
            throw StartError(code: .system, message: "cannot hold elections: \(error)")
        }
    }

    private static var coreCount: Int { max(1, sysconf(CInt(_SC_NPROCESSORS_ONLN))) }

    /// Nothing that needs them is left to be done, and no other thread has them yet.
    private func giveUpPrivileges() throws(StartError) {
        if takeovers.takeover?.offer.hasGivenUpPrivileges ?? false {
            try privileges.keepGivenUp()
        } else {
            try privileges.giveUp()
        }
        for line in PrivilegeAudit(configuration, file: core.options.file).lines {
            core.events.emit(
                .warning, .failed, of: .daemon, because: "privileges", "privileges: \(line)")
        }
        live.reportCertificates()
    }
}

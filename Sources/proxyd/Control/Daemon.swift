/// What control commands may ask and order of the daemon. A command uses the facets that it needs.
protocol Daemon: DaemonState, DaemonQueries, DaemonChanges, DaemonLifecycle {}

/// What can be read at once.
protocol DaemonState: AnyObject {
    var configuration: Configuration { get }
    var topology: Topology { get }
    var share: SharedState { get }
    var identity: Identity { get }
    var limits: DaemonLimits { get }
    /// Where the configuration came from; nil: from the command line.
    var file: String? { get }
    var now: Instant { get }
    var controlUsage: ControlUsage { get }
    /// What has happened lately.
    var events: EventRing { get }
    /// What channels and services have done lately.
    var history: History { get }
    /// The usage of the logs, by their names.
    var logUsage: [(name: String, usage: LogUsage)] { get }
    /// What is logged in detail at this time.
    var debugged: DebugFilters { get }
}

/// What takes a while to find out.
protocol DaemonQueries: AnyObject {
    /// Asks every worker; `finish` gets all answers, later.
    func ask(_ command: (UInt64) -> WorkerCommand, then finish: @escaping ([WorkerReply]) -> Void)

    /// Asks one worker.
    func ask(
        worker: Int, _ command: (UInt64) -> WorkerCommand,
        then finish: @escaping ([WorkerReply]) -> Void)

    /// Probes a channel once, now, without counting the result.
    func probe(
        _ channel: Channel, with probe: ProbeConfiguration,
        then finish: @escaping (ProbeResult) -> Void)

    /// Works something out beside the loop; `finish` gets it later.
    func make<Value: Sendable>(
        _ work: @escaping @Sendable () -> Value, then finish: @escaping (Value) -> Void)
}

/// What changes how the daemon serves.
protocol DaemonChanges: AnyObject {
    /// Changes of the configuration are made through here, and through nothing else.
    var live: LiveTopology { get }
    var elections: Elections { get }
    /// What the file said when it was taken last.
    var fileAsTaken: Configuration? { get set }

    /// Logs an event, keeps it, and sends it to those who follow.
    func emit(_ event: Event)

    /// A channel's state was changed.
    func channelsChanged()

    /// Ends sessions one after the other, so many a second; those that have ended by then are passed over.
    func cut(sessions: [UInt64], perSecond: Double, by actor: Actor)

    /// Reads the configuration again, as at the start; nil without a file. It is made for `readFiles`.
    var configurationReader: @Sendable () -> Result<Configuration?, ConfigurationErrors> { get }

    /// Does what reads files on another thread; `finish` gets what came of it, or that it takes too long.
    func readFiles<Value: Sendable>(
        _ work: @escaping @Sendable () -> Value,
        then finish: @escaping (Result<Value, ConfigurationEdit.Failure>) -> Void)

    /// Puts a text in a file's place, on another thread; `finish` gets what went wrong, or nil.
    func write(_ text: String, to path: String, then finish: @escaping (SystemError?) -> Void)

    /// Logs these in detail from now on, and nothing else; `finish` gets how many sessions it is.
    func debug(_ filters: DebugFilters, then finish: @escaping (Int) -> Void)

    /// Opens log files again; `finish` gets how many, and what went wrong.
    func reopenLogs(then finish: @escaping (Int, String?) -> Void)
}

/// How the daemon ends, or goes on as another process.
protocol DaemonLifecycle: AnyObject {
    /// Starts the program again and lets it take over; `finish` is called when it has, or could not.
    func upgrade(
        within time: Duration, by actor: Actor,
        then finish: @escaping (Result<UpgradeAttempt.Outcome, ConfigurationEdit.Failure>) -> Void)

    /// Accepts no more clients, and ends with the last session, or when the time is over.
    func drain(within time: Duration?, by actor: Actor)

    /// Ends every session and then the daemon.
    func shutDown(by actor: Actor)
}

/// What commands may ask of the daemon, and tell it.
protocol Daemon: AnyObject {
    var configuration: Configuration { get }
    var topology: Topology { get }
    var share: SharedState { get }
    var identity: Identity { get }
    var limits: DaemonLimits { get }
    /// Changes are made through here, and through nothing else.
    var live: LiveTopology { get }
    /// Where the configuration came from; nil: from the command line.
    var file: String? { get }
    var now: Instant { get }
    var elections: Elections { get }
    var controlUsage: ControlUsage { get }
    /// What has happened lately.
    var events: EventRing { get }
    /// What channels and services have done lately.
    var history: History { get }

    /// Something has happened: it is logged, kept, and told to those who follow.
    func tell(_ event: Event)

    /// Asks every worker; `finish` gets all answers, later.
    func ask(_ command: (UInt64) -> Command, then finish: @escaping ([Answer]) -> Void)

    /// Asks one worker.
    func ask(
        worker: Int, _ command: (UInt64) -> Command, then finish: @escaping ([Answer]) -> Void)

    /// Probes a channel once, now, without counting the result.
    func probe(
        _ channel: Channel, with probe: ProbeConfiguration,
        then finish: @escaping (ProbeResult) -> Void)

    /// Ends sessions one after the other, so many a second; those that have ended by then are passed over.
    func cut(sessions: [UInt64], perSecond: Double, by actor: Actor)

    /// What the file said when it was taken last.
    var fileAsTaken: Configuration? { get set }

    /// Starts the program again and lets it take over; `finish` is called when it has, or could not.
    func upgrade(
        within time: Duration, by actor: Actor,
        then finish: @escaping (Result<UpgradeAttempt.Outcome, ConfigurationEdit.Failure>) -> Void)

    /// Reads the configuration again, as at the start; nil without a file.
    func reload() throws(ConfigurationErrors) -> Configuration?

    /// Puts a text in a file's place, on another thread; `finish` gets what went wrong, or nil.
    func write(_ text: String, to path: String, then finish: @escaping (SystemError?) -> Void)

    /// Opens log files again; `finish` gets how many, and what went wrong.
    func reopenLogs(then finish: @escaping (Int, String?) -> Void)

    /// How the logs do, by their names.
    var logUsage: [(name: String, usage: LogUsage)] { get }

    /// What is told of in the log as it happens.
    var debugged: DebugFilters { get }

    /// From now on that, and nothing else; `finish` gets how many sessions it is.
    func debug(_ wishes: DebugFilters, then finish: @escaping (Int) -> Void)

    /// Accepts nobody any more, and ends with the last session, or when the time is over.
    func drain(within time: Duration?, by actor: Actor)

    /// Ends every session and then the daemon.
    func shutDown(by actor: Actor)

    /// A channel's state was changed.
    func channelsChanged()
}

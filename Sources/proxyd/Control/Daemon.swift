/// What commands may ask of the daemon, and tell it.
protocol Daemon: AnyObject {
    var configuration: Configuration { get }
    var topology: Topology { get }
    var share: WorkerShare { get }
    var identity: Identity { get }
    var limits: DaemonLimits { get }
    var now: Instant { get }
    var elections: Elections { get }
    var controlUsage: ControlUsage { get }
    /// What has happened lately.
    var events: EventRing { get }

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

    /// A channel's state was changed.
    func channelsChanged()
}

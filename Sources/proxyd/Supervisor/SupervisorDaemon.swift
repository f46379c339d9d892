internal import Shared

/// What control commands ask of the daemon.
extension Supervisor: Daemon, ScrapeSource {
    var configuration: Configuration { core.configuration }
    var topology: Topology { core.topology }
    var share: SharedState { core.share }
    var identity: Identity { core.identity }
    var limits: DaemonLimits { core.limits }
    var live: LiveTopology { core.live }
    var file: String? { core.options.file }
    var now: Instant { core.now }
    var controlUsage: ControlUsage { control.usage }
    var events: EventRing { core.events.ring }

    var fileAsTaken: Configuration? {
        get { core.fileAsTaken }
        set { core.fileAsTaken = newValue }
    }

    func emit(_ event: Event) { core.events.emit(event) }

    func ask(_ command: (UInt64) -> WorkerCommand, then finish: @escaping ([WorkerReply]) -> Void) {
        core.workers.ask(command, then: finish)
    }

    func ask(
        worker: Int, _ command: (UInt64) -> WorkerCommand,
        then finish: @escaping ([WorkerReply]) -> Void
    ) {
        core.workers.ask(worker: worker, command, then: finish)
    }

    func make<Value: Sendable>(
        _ work: @escaping @Sendable () -> Value, then finish: @escaping (Value) -> Void
    ) {
        core.background.run(work, then: finish)
    }

    func probe(
        _ channel: Channel, with probe: ProbeConfiguration,
        then finish: @escaping (ProbeResult) -> Void
    ) {
        prober.probe(channel, with: probe, then: finish)
    }

    func cut(sessions: [UInt64], perSecond: Double, by actor: Actor) {
        shedder.shed(sessions, perSecond: perSecond, by: actor)
    }

    var configurationReader: @Sendable () -> Result<Configuration?, ConfigurationErrors> {
        core.configurationReader
    }

    func readFiles<Value: Sendable>(
        _ work: @escaping @Sendable () -> Value,
        then finish: @escaping (Result<Value, ConfigurationEdit.Failure>) -> Void
    ) {
        core.files.read(work, then: finish)
    }

    func write(_ text: String, to path: String, then finish: @escaping (SystemError?) -> Void) {
        core.workers.replaceFile(path, with: { Array(text.utf8) }, .configuration, then: finish)
    }

    // MARK: Logs

    func reopenLogs(then finish: @escaping (Int, String?) -> Void) { logs.reopen(then: finish) }

    var logUsage: [(name: String, usage: LogUsage)] { logs.usage }

    var debugged: DebugFilters { logs.debugged }

    func debug(_ filters: DebugFilters, then finish: @escaping (Int) -> Void) {
        logs.debug(filters, then: finish)
    }

    // MARK: The daemon's life

    func drain(within time: Duration?, by actor: Actor) {
        startDrain(within: time, because: "drain", by: actor)
    }

    func startDrain(within time: Duration?, because cause: String, by actor: Actor? = nil) {
        core.events.emit(
            .notice, .ending, of: .daemon, because: cause, by: actor,
            "draining \(share.admission.current) sessions"
                + (time.map { ", for \(Age($0)) at most" } ?? "")
                + ": \(actor.map { "by \($0)" } ?? cause)")
        manager?.notifyStopping("draining")
        drainage.start(within: time)
        listeners.closeAll()
        share.raiseGeneration()
        guard core.options.dialect?.makesRoom == true else { return }
        // A daemon that finds room here finds the ports free as well: workers answer in turn.
        ask({ .report(question: $0) }) { [unowned self] _ in
            control.makeRoom()
            pidFile?.remove()
        }
    }

    func shutDown(by actor: Actor) {
        core.events.emit(
            .notice, .ending, of: .daemon, because: "shutdown", by: actor, "ending: by \(actor)")
        core.isStopping = true
    }

    func upgrade(
        within time: Duration, by actor: Actor,
        then finish: @escaping (Result<UpgradeAttempt.Outcome, ConfigurationEdit.Failure>) -> Void
    ) {
        upgrades.start(within: time, because: "upgrade", by: actor, then: finish)
    }
}

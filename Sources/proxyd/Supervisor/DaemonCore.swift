internal import Shared

/// What all parts of the supervisor work with: the options, the running topology, the workers, the events, and
/// the time of this turn.
final class DaemonCore {
    let options: RunOptions
    let identity: Identity
    let live: LiveTopology
    let workers: WorkerPool
    let background: BackgroundWork
    let events: EventReporter
    let files: FileReads
    var limits: DaemonLimits
    /// Read once per turn of the loop.
    var now = Instant.now
    /// The loop ends with this turn.
    var isStopping = false
    /// The last signal that ended it.
    var endingSignal: CInt?
    /// What the file said when it was read last.
    var fileAsTaken: Configuration?

    init(
        _ options: RunOptions, _ identity: Identity, _ live: LiveTopology, _ workers: WorkerPool,
        _ limits: DaemonLimits
    ) {
        self.options = options
        self.identity = identity
        self.live = live
        self.workers = workers
        files = FileReads(workers)
        background = BackgroundWork(workers)
        self.limits = limits
        events = EventReporter(messages: options.dialect?.messages)
    }

    var share: SharedState { workers.share }
    var configuration: Configuration { live.state.configuration }
    var topology: Topology { live.state.topology }

    var sockets: [ListeningSocket] {
        get { live.state.sockets }
        set { live.setSockets(newValue) }
    }

    /// Reads the file again, as at the start.
    var configurationReader: @Sendable () -> Result<Configuration?, ConfigurationErrors> {
        let options = options
        return {
            Result { () throws(ConfigurationErrors) in try options.reload() }
        }
    }
}

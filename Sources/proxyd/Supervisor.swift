internal import CLinux
internal import Glibc
internal import Shared

/// The main thread: signals, what workers tell, and (soon) control.
final class Supervisor {
    private let poller: Poller
    private let signals: SignalSource
    private let share: WorkerShare
    private let topology: Topology
    private let sockets: [ListeningSocket]
    private let files: [UnixSocketFile]
    private var threads: [Thread] = []

    /// What the command line says beside the configuration.
    struct Options: Sendable {
        var relayMode = RelayMode.adaptive
        /// A line per ended session on standard error.
        var isVerbose = false
    }

    static func run(_ configuration: Configuration, options: Options) throws(StartError) {
        do throws(SystemError) {
            let signals = try SignalSource([SIGTERM, SIGINT])
            let descriptors = DescriptorLimit.raise()
            let workerCount = configuration.workers ?? sysconf(Int32(_SC_NPROCESSORS_ONLN))
            var startup = Startup(configuration, workerCount: workerCount)
            do throws(StartError) { _ = try startup.build() } catch { Log.line(error.message); exit(1) }
            let entrances = try (0..<workerCount).map { _ throws(SystemError) in try WorkerEntrance() }
            let share = WorkerShare(admission: Admission(limit: (descriptors - 64) * 3 / 8), workers: entrances, notices: try Mailbox())
            for index in 0..<workerCount {
                let plan = Worker.Plan(index: index, share: share, relayMode: options.relayMode, pipeLimit: 256, tellsOfEveryEnd: options.isVerbose)
                let sockets = startup.sockets
                _ = try Thread(name: "worker") {
                    do { let w = try Worker(plan); share.workers[index].mailbox.post(.listen(sockets)); w.run() } catch { Log.line("\(error)") }
                }
            }
            let poller = try Poller()
            try poller.add(signals.number, Token(.signal), .readable)
            while true { _ = poller.wait(milliseconds: -1); if let s = signals.next() { Log.line("signal \(s)"); exit(0) } }
        } catch { throw StartError(code: .system, message: "\(error)") }
    }
    init() { fatalError() }
}

internal import Glibc

/// Stands where the daemon was started in the foreground, once another process has taken its place: what
/// started it still has a process to wait for and to signal, and a container still has its first one.
///
/// It passes signals on to the process that is the daemon by now, reaps its child processes, and
/// ends as the daemon does.
struct ForegroundShim {
    private var process: pid_t
    private let pidPipe: SuccessorPIDPipe
    /// Were open before us, and are nothing that we serve.
    private let kept: [CInt]

    init(for process: pid_t, pidPipe: SuccessorPIDPipe, keeping kept: [CInt]) {
        self.process = process
        self.pidPipe = pidPipe
        self.kept = kept
    }

    /// Closes everything of ours: a socket that stays open here would take clients and never serve them.
    func stay() -> Never {
        OpenDescriptors.close(except: kept + [pidPipe.incoming.number])
        var shim = self
        do throws(SystemError) {
            try shim.wait()
        } catch {
            StandardError.write("proxyd: cannot stand in for process \(process): \(error)\n")
        }
        exit(71)
    }

    /// How often it looks without a signal.
    private static let look = Duration.seconds(1)

    private mutating func wait() throws(SystemError) {
        let signals = try SignalSource(
            [SIGTERM, SIGQUIT, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD])
        while true {
            // It may have ended before its signals were watched.
            readPID()
            while let (child, end) = Ancestry.nextEnded() {
                guard child == process else { continue }
                switch end {
                case .exited(let status): exit(status)
                case .signalled(let number): exit(128 + number)
                }
            }
            // Another process has reaped it.
            if kill(process, 0) != 0, errno == ESRCH { exit(ExitStatus.software.rawValue) }
            Sleep.until(Instant.now.advanced(by: Self.look), or: signals.number)
            while let signal = signals.nextWithSender() {
                // A terminal has signalled the whole group.
                guard signal.number != SIGCHLD, !signal.isFromKernel else { continue }
                readPID()
                _ = kill(process, signal.number)
            }
        }
    }

    private mutating func readPID() { process = pidPipe.take() ?? process }
}

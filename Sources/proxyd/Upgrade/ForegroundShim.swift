internal import Glibc

/// Stands where the daemon was started in the foreground, once another process has taken its place: whoever has
/// started it still has a process to wait for and to signal, and a container still has its first one.
///
/// It passes signals on to the process that is the daemon by now, puts away whoever has become its child, and
/// ends as the daemon does.
struct ForegroundShim {
    private var process: pid_t
    private let post: SuccessorPIDPipe
    /// Were open before us, and are nothing that we serve.
    private let kept: [CInt]

    init(for process: pid_t, post: SuccessorPIDPipe, keeping kept: [CInt]) {
        self.process = process
        self.post = post
        self.kept = kept
    }

    /// Everything of ours is closed: sockets that stay open here would never refuse anybody.
    func stay() -> Never {
        OpenDescriptors.close(except: kept + [post.incoming.number])
        var placeholder = self
        do throws(SystemError) {
            try placeholder.wait()
        } catch {
            StandardError.write("proxyd: cannot stand in for process \(process): \(error)\n")
        }
        exit(71)
    }

    /// How often it looks though nobody has told anything.
    private static let look = Duration.seconds(1)

    private mutating func wait() throws(SystemError) {
        let signals = try SignalSource(
            [SIGTERM, SIGQUIT, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD])
        while true {
            // It may have ended before its end was to be told.
            takePost()
            while let (child, end) = Ancestry.nextEnded() {
                guard child == process else { continue }
                switch end {
                case .exited(let status): exit(status)
                case .signalled(let number): exit(128 + number)
                }
            }
            // Somebody else has put it away.
            if kill(process, 0) != 0, errno == ESRCH { exit(ExitStatus.software.rawValue) }
            Sleep.until(Instant.now.advanced(by: Self.look), or: signals.number)
            while let signal = signals.nextWithSender() {
                // A terminal has told the whole group.
                guard signal.number != SIGCHLD, !signal.isFromKernel else { continue }
                takePost()
                _ = kill(process, signal.number)
            }
        }
    }

    private mutating func takePost() { process = post.take() ?? process }
}

/// Brings the number of each process that takes over to whoever stands where the first one was started.
final class SuccessorPIDPipe {
    let incoming: FileDescriptor
    let outgoing: FileDescriptor

    init() throws(SystemError) {
        var ends: [CInt] = [-1, -1]
        guard unsafe pipe2(&ends, O_CLOEXEC | O_NONBLOCK) == 0 else { throw SystemError("pipe2") }
        incoming = FileDescriptor(owning: ends[0])
        outgoing = FileDescriptor(owning: ends[1])
    }

    /// Another process reads it.
    init(outgoing number: CInt) {
        incoming = .none
        outgoing = FileDescriptor(owning: number)
    }

    /// Whether it is we who stand there.
    var isOurs: Bool { incoming.number >= 0 }

    /// The number that has come last; nil: none has since.
    func take() -> pid_t? {
        var number: pid_t = 0
        var last: pid_t?
        let size = MemoryLayout<pid_t>.size
        while unsafe read(incoming.number, &number, size) == size { last = number }
        return last
    }

    /// We are the daemon from now on.
    func tell() {
        var process = getpid()
        _ = unsafe write(outgoing.number, &process, MemoryLayout<pid_t>.size)
    }
}

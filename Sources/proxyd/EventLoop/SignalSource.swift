internal import CLinux
internal import Glibc

/// Signals as events (signalfd(2)). Made before any other thread, so that all inherit the mask.
struct SignalSource: ~Copyable {
    private let descriptor: FileDescriptor

    /// Blocks these signals in the calling thread, and ignores SIGPIPE in the whole process. SIGCHLD is not
    /// ignored any more, if the parent did: exit statuses of scripts would be lost (wait(2)).
    init(_ signals: [CInt]) throws(SystemError) {
        _ = signal(SIGPIPE, SIG_IGN)
        _ = signal(SIGCHLD, SIG_DFL)
        var set = sigset_t()
        _ = unsafe sigemptyset(&set)
        for signal in signals { _ = unsafe sigaddset(&set, signal) }
        let result = unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
        guard result == 0 else { throw SystemError("pthread_sigmask", result) }
        let number = unsafe signalfd(-1, &set, CInt(SFD_NONBLOCK) | CInt(SFD_CLOEXEC))
        guard number >= 0 else { throw SystemError("signalfd") }
        descriptor = FileDescriptor(owning: number)
    }

    var number: CInt { descriptor.number }

    struct Arrival {
        var number: CInt
        /// The process that has sent it; 0 when the kernel has.
        var sender: pid_t
        /// For whatever a terminal says, which it says to all of its processes.
        var isFromKernel: Bool
    }

    /// The next signal that has come, or nil.
    func next() -> CInt? { nextWithSender()?.number }

    func nextWithSender() -> Arrival? {
        var info = signalfd_siginfo()
        let size = MemoryLayout<signalfd_siginfo>.size
        guard unsafe read(descriptor.number, &info, size) == size else { return nil }
        // SI_KERNEL (sigaction(2)).
        return Arrival(
            number: CInt(info.ssi_signo), sender: pid_t(bitPattern: info.ssi_pid),
            isFromKernel: info.ssi_code == 0x80)
    }
}

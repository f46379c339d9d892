internal import CLinux
internal import Glibc

/// The end of a program that handles no signals.
enum DefaultSignal {
    /// Ends this process so that its parent sees the signal; returns only where that cannot be.
    static func end(by number: CInt) {
        // A core file of ours would be of no use.
        var limit = rlimit(rlim_cur: 0, rlim_max: 0)
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
        _ = signal(number, SIG_DFL)
        var set = sigset_t()
        _ = unsafe sigemptyset(&set)
        _ = unsafe sigaddset(&set, number)
        _ = unsafe pthread_sigmask(SIG_UNBLOCK, &set, nil)
        raise(number)
    }
}

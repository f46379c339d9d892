internal import CLinux
internal import Glibc

/// Another process, even if its number is reused after its end (pidfd_open(2)).
final class WatchedProcess {
    private let descriptor: FileDescriptor

    init(_ process: pid_t) { descriptor = FileDescriptor(owning: pidfd_open(process, 0)) }

    /// Whether it ends before so much time is over. Of one that could not be watched that is not known, so it
    /// has not.
    func hasEnded(within duration: Duration) -> Bool {
        guard descriptor.number >= 0 else { return false }
        var event = pollfd(fd: descriptor.number, events: Int16(POLLIN), revents: 0)
        let milliseconds = CInt(clamping: duration.wholeNanoseconds / 1_000_000)
        return unsafe poll(&event, 1, milliseconds) == 1 && event.revents & Int16(POLLIN) != 0
    }
}

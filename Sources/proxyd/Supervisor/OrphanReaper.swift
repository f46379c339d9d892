internal import Glibc

/// Reaps orphaned child processes, as the first process of a container has to.
final class OrphanReaper: Timed {
    /// nil: when the next child ends.
    private(set) var nextDeadline: Instant?

    private static let interval = Duration.milliseconds(20)

    /// A child process has ended.
    func childEnded(now: Instant) {
        if getpid() == 1 { nextDeadline = now }
    }

    /// One signal may stand for many children, and does not come again for those that wait behind one of our own.
    func meetDeadlines(now: Instant) {
        guard let due = nextDeadline, due <= now else { return }
        nextDeadline = Spawn.reapStrangers() ? now.advanced(by: Self.interval) : nil
    }
}

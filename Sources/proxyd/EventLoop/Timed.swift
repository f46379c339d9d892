/// Something with deadlines of its own, served by a loop: the loop waits until the earliest of all, and then tells
/// everyone what time it is.
protocol Timed: AnyObject {
    /// nil: nothing is due; `meetDeadlines` is called all the same whenever the loop wakes up.
    var nextDeadline: Instant? { get }

    /// Does what is due by now. It may be called early, and then does nothing.
    func meetDeadlines(now: Instant)
}

/// Makes `Timed` of what needs more than the time to meet its deadlines.
final class TimedTask: Timed {
    private let next: () -> Instant?
    private let meet: (Instant) -> Void

    init(next: @escaping () -> Instant?, meet: @escaping (Instant) -> Void) {
        self.next = next
        self.meet = meet
    }

    var nextDeadline: Instant? { next() }

    func meetDeadlines(now: Instant) { meet(now) }
}

extension [any Timed] {
    /// The earliest.
    var nextDeadline: Instant? {
        reduce(nil) { earliest, task in
            guard let due = task.nextDeadline else { return earliest }
            return Swift.min(earliest ?? due, due)
        }
    }
}

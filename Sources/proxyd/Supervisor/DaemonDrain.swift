internal import Shared

/// The end of the daemon without an upgrade: no listener is open any more, and the last session ends it all.
final class DaemonDrain: Timed {
    private let core: DaemonCore
    /// nil until it begins. Within it, nil: the sessions may take as long as they do.
    private var state: (until: Instant?, next: Instant)?

    /// How often a draining daemon looks whether a session is left.
    static let interval = Duration.milliseconds(100)

    init(_ core: DaemonCore) { self.core = core }

    var isUnderWay: Bool { state != nil }

    func start(within time: Duration?) {
        state = (time.map { core.now.advanced(by: $0) }, core.now)
    }

    var nextDeadline: Instant? { state?.next }

    func meetDeadlines(now: Instant) {
        guard let state, state.next <= now else { return }
        let left = core.share.admission.current
        let isOver = state.until.map { $0 <= now } ?? false
        if left == 0 || isOver {
            let event = Event(
                .notice, .ending, of: .daemon, line: "drained: \(left) sessions are left")
            if core.options.dialect?.messages?.replaces(event) != true {
                Log.line(event.line, event.severity)
            }
            core.isStopping = true
        }
        let next = now.advanced(by: Self.interval)
        self.state?.next = state.until.map { min($0, next) } ?? next
    }
}

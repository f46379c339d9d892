internal import Shared

/// Sessions whose channel or listener was removed, and which may run for a while yet (`on-remove`).
final class ExpiringSessions: Timed {
    private let core: DaemonCore
    private(set) var entries: [Entry] = []

    /// Sessions of what was removed, and until when they may run.
    struct Entry {
        var due: Instant
        var removal: Reconfiguration.Removal
    }

    init(_ core: DaemonCore) { self.core = core }

    func add(_ removal: Reconfiguration.Removal, after time: Duration) {
        // One entry each that has sessions, so that there are never more of them than sessions.
        entries.removeAll { $0.removal.serialsInUse.isEmpty }
        guard !removal.serialsInUse.isEmpty else { return }
        entries.append(Entry(due: core.now.advanced(by: time), removal: removal))
    }

    /// Of the process before this one.
    func add(_ entry: Entry) { entries.append(entry) }

    func removeAll() { entries = [] }

    /// Ends these sessions now; `finish` gets their number.
    func cut(_ removals: [Reconfiguration.Removal], then finish: @escaping (Int) -> Void) {
        let serials = Set(
            removals.flatMap { $0.channels.map(\.serial) + $0.listeners.map(\.serial) })
        core.workers.ask({ .cutRemoved(serials: serials, question: $0) }) { finish($0.cutCount) }
    }

    var nextDeadline: Instant? { entries.map(\.due).min() }

    func meetDeadlines(now: Instant) {
        let due = entries.filter { $0.due <= now }.map(\.removal)
        guard !due.isEmpty else { return }
        entries.removeAll { $0.due <= now }
        cut(due) { [core] count in
            guard count > 0 else { return }
            core.events.emit(
                .notice, .cut, of: .daemon, to: "\(count) sessions", because: "removed",
                "\(count) sessions of what was removed are ended: their time is over (on-remove)")
        }
    }
}

internal import DequeModule
internal import Shared

/// Ends sessions one after the other, so that their clients do not all come back at once (`shed`).
final class SessionShedder: Timed {
    private let core: DaemonCore
    /// In the order of their time.
    private(set) var queue: Deque<(due: Instant, id: UInt64)> = []

    init(_ core: DaemonCore) { self.core = core }

    func shed(_ sessions: [UInt64], perSecond: Double, by actor: Actor) {
        guard !sessions.isEmpty else { return }
        core.events.emit(
            .notice, .shed, of: .daemon, to: "\(sessions.count) sessions", by: actor,
            "\(sessions.count) sessions are being shed, \(perSecond) a second: by \(actor)")
        let pause = 1e9 / perSecond
        var due = Double(max(queue.last?.due ?? core.now, core.now).nanoseconds)
        for id in sessions {
            queue.append((Instant(nanoseconds: UInt64(due)), id))
            due += pause
        }
        meetDeadlines(now: core.now)
    }

    /// What the process before this one had still to end.
    func append(_ sessions: [(due: Instant, id: UInt64)]) { queue.append(contentsOf: sessions) }

    func removeAll() { queue = [] }

    var nextDeadline: Instant? { queue.first?.due }

    func meetDeadlines(now: Instant) {
        while let first = queue.first, first.due <= now {
            queue.removeFirst()
            let worker = Int(first.id % UInt64(core.share.workers.count))
            core.workers.ask(
                worker: worker, { .cutSession(id: first.id, question: $0) }, then: { _ in })
        }
    }
}

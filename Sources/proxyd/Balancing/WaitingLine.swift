internal import DequeModule
internal import Synchronization

/// Clients of a service that wait for room, first come, first served, whichever worker they are on.
///
/// Whoever frees a slot calls the first; one that finds no room after all goes back to the front, one
/// that finds some calls the next.
final class WaitingLine: Sendable {
    struct Waiter: Equatable, Sendable {
        let worker: Int
        let token: Token
    }

    let limit: Int
    private let waiters = Mutex<Deque<Waiter>>([])

    init(limit: Int) { self.limit = limit }

    var count: Int { waiters.withLock { $0.count } }

    /// Goes to the end; false when the line is full.
    func join(_ waiter: Waiter) -> Bool {
        waiters.withLock { waiters in
            guard waiters.count < limit else { return false }
            waiters.append(waiter)
            return true
        }
    }

    /// Goes back to where it was called from.
    func rejoin(_ waiter: Waiter) { waiters.withLock { $0.prepend(waiter) } }

    func leave(_ waiter: Waiter) {
        waiters.withLock { waiters in
            if let place = waiters.firstIndex(of: waiter) { waiters.remove(at: place) }
        }
    }

    func callNext() -> Waiter? { waiters.withLock { $0.popFirst() } }
}

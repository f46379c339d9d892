internal import DequeModule
internal import Synchronization

/// Clients of a service that wait for room, first come, first served, whichever worker they are on.
///
/// Whoever frees a slot calls the first, who stays in front until it is served or gives up, and then
/// calls the next. To be called in vain costs nothing but a look.
final class WaitQueue: Sendable {
    struct Waiter: Equatable, Sendable {
        let worker: Int
        let token: Token
    }

    private let most: Atomic<Int>
    private let waiters = CountedMutex<Deque<Waiter>>([])

    init(limit: Int) { most = Atomic(limit) }

    var limit: Int { most.load(ordering: .relaxed) }

    func setLimit(_ limit: Int) { most.store(limit, ordering: .relaxed) }

    var count: Int { waiters.withLock { $0.count } }

    /// Goes to the end; false when the line is full.
    func join(_ waiter: Waiter) -> Bool {
        waiters.withLock { waiters in
            guard waiters.count < limit else { return false }
            waiters.append(waiter)
            return true
        }
    }

    func leave(_ waiter: Waiter) {
        waiters.withLock { waiters in
            if let place = waiters.firstIndex(of: waiter) { waiters.remove(at: place) }
        }
    }

    var first: Waiter? { waiters.withLock { $0.first } }
}

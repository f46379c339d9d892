internal import DequeModule
internal import Synchronization

/// Clients of a service that wait for room, first come, first served, whichever worker they are on.
///
/// A session that frees a slot wakes the first, which stays in front until it is served or gives up, and
/// then wakes the next. A wake-up in vain costs no more than a look. While the queue is empty, which is
/// what every session asks, no lock is taken.
final class WaitQueue: Sendable {
    struct Waiter: Equatable, Sendable {
        let worker: Int
        let token: Token
    }

    private let most: Atomic<Int>
    private let waiters = CountedMutex<Deque<Waiter>>([])
    // A waiter joins, and then looks for room; another session makes room, and then looks for waiters.
    // Sequentially consistent, so that not both look too early.
    private let countNow = Atomic<Int>(0)

    init(limit: Int) { most = Atomic(limit) }

    var limit: Int { most.load(ordering: .relaxed) }

    func setLimit(_ limit: Int) { most.store(limit, ordering: .relaxed) }

    var count: Int { countNow.load(ordering: .sequentiallyConsistent) }

    /// Goes to the end; false when the queue is full.
    func enqueue(_ waiter: Waiter) -> Bool {
        waiters.withLock { waiters in
            guard waiters.count < limit else { return false }
            waiters.append(waiter)
            countNow.store(waiters.count, ordering: .sequentiallyConsistent)
            return true
        }
    }

    func remove(_ waiter: Waiter) {
        waiters.withLock { waiters in
            if let place = waiters.firstIndex(of: waiter) { waiters.remove(at: place) }
            countNow.store(waiters.count, ordering: .sequentiallyConsistent)
        }
    }

    var first: Waiter? { count > 0 ? waiters.withLock { $0.first } : nil }
}

internal import DequeModule
internal import Synchronization

/// Clients of a service that wait for room, first come, first served, whichever worker they are on.
///
/// They stand in lanes by what they wait for, so that a group that is full or down holds up its own clients only. A
/// session that frees a slot wakes the first of each lane, which stays in front until it is served or gives up, and
/// then wakes the next. A wake-up in vain costs no more than a look. While the queue is empty, which is what every
/// session asks, no lock is taken.
final class WaitQueue: Sendable {
    struct Waiter: Equatable, Sendable {
        let worker: Int
        let token: Token
    }

    /// What a client waits for.
    enum Lane: Equatable, Sendable {
        /// A slot of the service's (`max-sessions`), whichever group it goes to then.
        case service
        /// A channel of any group.
        case anyGroup
        /// A channel of the group with that serial, to which `route` leads.
        case group(UInt64)
    }

    private struct Entry {
        let waiter: Waiter
        /// In the order of their arrival in the lane.
        let number: UInt64
    }

    private struct State {
        var lanes: [(lane: Lane, entries: Deque<Entry>)] = []
        var arrivals: UInt64 = 0

        var count: Int { lanes.reduce(0) { $0 + $1.entries.count } }

        mutating func append(_ waiter: Waiter, to lane: Lane) {
            arrivals += 1
            let entry = Entry(waiter: waiter, number: arrivals)
            if let index = lanes.firstIndex(where: { $0.lane == lane }) {
                lanes[index].entries.append(entry)
            } else {
                lanes.append((lane, [entry]))
            }
        }

        mutating func remove(_ waiter: Waiter, from lane: Lane) {
            guard let index = lanes.firstIndex(where: { $0.lane == lane }),
                let place = lanes[index].entries.firstIndex(where: { $0.waiter == waiter })
            else { return }
            lanes[index].entries.remove(at: place)
            if lanes[index].entries.isEmpty { lanes.remove(at: index) }
        }
    }

    private let most: Atomic<Int>
    private let state = CountedMutex(State())
    // A waiter joins, and then looks for room; another session makes room, and then looks for waiters.
    // Sequentially consistent, so that not both look too early.
    private let countNow = Atomic<Int>(0)

    init(limit: Int) { most = Atomic(limit) }

    var limit: Int { most.load(ordering: .relaxed) }

    func setLimit(_ limit: Int) { most.store(limit, ordering: .relaxed) }

    var count: Int { countNow.load(ordering: .sequentiallyConsistent) }

    /// Goes to the end of a lane; false when the queue is full.
    func enqueue(_ waiter: Waiter, in lane: Lane) -> Bool {
        state.withLock { state in
            let count = state.count
            guard count < limit else { return false }
            state.append(waiter, to: lane)
            countNow.store(count + 1, ordering: .sequentiallyConsistent)
            return true
        }
    }

    /// It waits for something else now.
    func move(_ waiter: Waiter, from old: Lane, to lane: Lane) {
        state.withLock { state in
            state.remove(waiter, from: old)
            state.append(waiter, to: lane)
        }
    }

    func remove(_ waiter: Waiter, from lane: Lane) {
        state.withLock { state in
            state.remove(waiter, from: lane)
            countNow.store(state.count, ordering: .sequentiallyConsistent)
        }
    }

    /// The first of each lane, those that came first in front.
    var firsts: [Waiter] {
        guard count > 0 else { return [] }
        return state.withLock { state in
            state.lanes.compactMap(\.entries.first).sorted { $0.number < $1.number }
                .map(\.waiter)
        }
    }

    /// Whether some client waits for what `isMeant`.
    func hasWaiters(where isMeant: (Lane) -> Bool) -> Bool {
        guard count > 0 else { return false }
        return state.withLock { state in state.lanes.contains { isMeant($0.lane) } }
    }
}

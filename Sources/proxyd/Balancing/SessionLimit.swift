internal import Synchronization

/// Slots for sessions: of the daemon, a service, a group or a listener, for all workers together.
///
/// The daemon's are taken before accepting, as a session needs two descriptors, so that no client is
/// accepted that could not be connected on. Without a free slot a client waits in the kernel's queue.
final class SessionLimit: Sendable {
    private let most: Atomic<Int>
    private let count = Atomic<Int>(0)

    /// nil: no limit.
    init(limit: Int?) { most = Atomic(limit ?? Int.max) }

    var limit: Int { most.load(ordering: .relaxed) }

    /// Another limit; slots that are taken stay taken.
    func setLimit(_ limit: Int?) { most.store(limit ?? Int.max, ordering: .relaxed) }

    var current: Int { count.load(ordering: .relaxed) }

    /// Whether a slot is free at this moment; only `acquire` makes it sure.
    var hasRoom: Bool { current < limit }

    func acquire() -> Bool {
        var seen = count.load(ordering: .relaxed)
        // Only a slot that is free is taken: two that both came too much would keep out a third.
        while seen < limit {
            let (exchanged, original) = count.compareExchange(
                expected: seen, desired: seen + 1, ordering: .relaxed)
            if exchanged { return true }
            seen = original
        }
        return false
    }

    /// Takes a slot that was taken before, whatever the limit says.
    func adoptSlot() { count.wrappingAdd(1, ordering: .relaxed) }

    func release() { count.wrappingSubtract(1, ordering: .relaxed) }
}

internal import Synchronization

/// Places for sessions: of the daemon, a service or a group, for all workers together.
///
/// The daemon's are taken before accepting, as a session needs two descriptors, so that nobody is
/// accepted who could not be connected on. Whoever finds no place there waits in the kernel's queue.
final class SessionLimit: Sendable {
    private let most: Atomic<Int>
    private let count = Atomic<Int>(0)

    /// No limit when there is none to have.
    init(limit: Int?) { most = Atomic(limit ?? Int.max) }

    var limit: Int { most.load(ordering: .relaxed) }

    /// Another limit; whoever has a place keeps it.
    func setLimit(_ limit: Int?) { most.store(limit ?? Int.max, ordering: .relaxed) }

    var current: Int { count.load(ordering: .relaxed) }

    /// Whether a place is free at this moment; only `admit` makes it sure.
    var hasRoom: Bool { current < limit }

    func admit() -> Bool {
        guard count.wrappingAdd(1, ordering: .relaxed).newValue > limit else { return true }
        leave()
        return false
    }

    /// Takes a place that was taken before, whether or not there is one.
    func adoptSlot() { count.wrappingAdd(1, ordering: .relaxed) }

    func leave() { count.wrappingSubtract(1, ordering: .relaxed) }
}

internal import Synchronization

/// How many sessions the daemon may have at once, for all workers together.
///
/// A session needs two descriptors; a place is taken before accepting, so that nobody is accepted who
/// could not be connected on. Whoever finds no place waits in the kernel's queue.
final class Admission: Sendable {
    let limit: Int
    private let count = Atomic<Int>(0)

    init(limit: Int) { self.limit = limit }

    var current: Int { count.load(ordering: .relaxed) }

    func admit() -> Bool {
        guard count.wrappingAdd(1, ordering: .relaxed).newValue > limit else { return true }
        leave()
        return false
    }

    func leave() { count.wrappingSubtract(1, ordering: .relaxed) }
}

/// The deadlines of slots, at most one each, the earliest first.
///
/// A binary heap that knows where each slot's entry stands, so that moving and cancelling need no
/// search. Sessions do not move their deadline with every byte: when it comes, they look at what
/// has happened since and ask for a later one.
struct DeadlineQueue {
    private struct Entry {
        var due: Instant
        var slot: Int32
    }

    private var heap: [Entry] = []
    /// Where in the heap a slot's entry stands; -1 when it has none.
    private var positions: [Int32] = []

    var count: Int { heap.count }

    /// When the earliest deadline comes.
    var next: Instant? { heap.first?.due }

    /// Sets the slot's deadline, instead of an earlier one it may have.
    mutating func schedule(slot: Int, at due: Instant) {
        if slot >= positions.count {
            positions.append(contentsOf: repeatElement(-1, count: slot + 1 - positions.count))
        }
        let entry = Entry(due: due, slot: Int32(slot))
        let position = Int(positions[slot])
        guard position < 0 else {
            heap[position] = entry
            siftDown(from: siftUp(from: position))
            return
        }
        heap.append(entry)
        siftUp(from: heap.count - 1)
    }

    /// Sets the slot's deadline unless it has an earlier one.
    mutating func hasten(slot: Int, to due: Instant) {
        if slot < positions.count, positions[slot] >= 0, heap[Int(positions[slot])].due <= due {
            return
        }
        schedule(slot: slot, at: due)
    }

    mutating func cancel(slot: Int) {
        guard slot < positions.count, positions[slot] >= 0 else { return }
        remove(at: Int(positions[slot]))
    }

    /// Takes a slot whose deadline has come; nil when there is none left.
    mutating func popExpired(now: Instant) -> Int? {
        guard let first = heap.first, first.due <= now else { return nil }
        remove(at: 0)
        return Int(first.slot)
    }

    private mutating func remove(at position: Int) {
        positions[Int(heap[position].slot)] = -1
        let last = heap.removeLast()
        guard position < heap.count else { return }
        heap[position] = last
        siftDown(from: siftUp(from: position))
    }

    /// Moves the entry at `start` towards the root until its parent is no later, and says where it ends.
    @discardableResult
    private mutating func siftUp(from start: Int) -> Int {
        let entry = heap[start]
        var position = start
        while position > 0 {
            let parent = (position - 1) / 2
            guard entry.due < heap[parent].due else { break }
            place(heap[parent], at: position)
            position = parent
        }
        place(entry, at: position)
        return position
    }

    private mutating func siftDown(from start: Int) {
        let entry = heap[start]
        var position = start
        while true {
            var child = 2 * position + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, heap[child + 1].due < heap[child].due { child += 1 }
            guard heap[child].due < entry.due else { break }
            place(heap[child], at: position)
            position = child
        }
        place(entry, at: position)
    }

    private mutating func place(_ entry: Entry, at position: Int) {
        heap[position] = entry
        positions[Int(entry.slot)] = Int32(position)
    }
}

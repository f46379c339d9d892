/// What policies that compare totals add to each channel's, so that one that was away has nothing to
/// catch up on: when it returns, its share is raised to the least of those that stayed.
struct Baselines: Sendable {
    private var raised: [UInt64] = []
    private var wasOpen: [Bool] = []

    /// The open candidate with the smallest total for its weight, the first of equals.
    @inline(__always)
    mutating func least(
        of candidates: [Candidate], _ total: (borrowing Candidate) -> UInt64
    ) -> Int? {
        update(for: candidates, total)
        var best: Int?
        var least = Share(amount: 0, weight: 1)
        for index in candidates.indices where candidates[index].isOpen {
            let share = Share(
                amount: total(candidates[index]) &+ raised[index],
                weight: candidates[index].weight)
            guard best == nil || share < least else { continue }
            best = index
            least = share
        }
        return best
    }

    /// Notes who is there, and raises those that were not before.
    @inline(__always)
    mutating func update(
        for candidates: [Candidate], _ total: (borrowing Candidate) -> UInt64
    ) {
        if raised.count != candidates.count { resize(for: candidates) }
        var hasReturned = false
        for index in candidates.indices {
            let isOpen = candidates[index].isOpen
            guard wasOpen[index] != isOpen else { continue }
            if isOpen { hasReturned = true } else { wasOpen[index] = false }
        }
        if hasReturned { raise(candidates, total) }
    }

    /// What counts for the candidate at this index beyond its own total.
    @inline(__always)
    subscript(index: Int) -> UInt64 { raised[index] }

    /// At first nobody has been away; later ones are as if they returned.
    private mutating func resize(for candidates: [Candidate]) {
        let isFirst = raised.isEmpty
        let kept = min(raised.count, candidates.count)
        raised = raised.prefix(kept) + Array(repeating: 0, count: candidates.count - kept)
        wasOpen =
            wasOpen.prefix(kept) + Array(repeating: isFirst, count: candidates.count - kept)
    }

    private mutating func raise(
        _ candidates: [Candidate], _ total: (borrowing Candidate) -> UInt64
    ) {
        var least: Share?
        for index in candidates.indices where candidates[index].isOpen && wasOpen[index] {
            let share = Share(
                amount: total(candidates[index]) &+ raised[index],
                weight: candidates[index].weight)
            if let present = least, !(share < present) { continue }
            least = share
        }
        for index in candidates.indices where candidates[index].isOpen && !wasOpen[index] {
            wasOpen[index] = true
            guard let least else { continue }
            let wanted = least.amount(at: candidates[index].weight)
            let own = total(candidates[index]) &+ raised[index]
            if own < wanted { raised[index] &+= wanted &- own }
        }
    }
}

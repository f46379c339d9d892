/// What policies that compare totals add to each channel's, so that one that was away has nothing to
/// catch up on: when it returns, its share is raised to the least of those that stayed.
struct Baselines: Sendable {
    private var raised: [UInt64] = []

    /// The open candidate with the smallest total for its weight, the first of equals.
    @inline(__always)
    mutating func least(
        of candidates: [Candidate], _ presence: inout Presence,
        _ total: (borrowing Candidate) -> UInt64
    ) -> Int? {
        update(for: candidates)
        while true {
            var best: Int?
            var least = Share(amount: 0, weight: 1)
            var hasChanged = false
            for index in candidates.indices {
                let isOpen = candidates[index].isOpen
                if presence[index] != isOpen { hasChanged = true }
                guard isOpen else { continue }
                let share = Share(
                    amount: total(candidates[index]) &+ raised[index],
                    weight: candidates[index].weight)
                guard best == nil || share < least else { continue }
                best = index
                least = share
            }
            guard hasChanged else { return best }
            raise(candidates, presence, total)
            presence.take(candidates)
        }
    }

    /// Has room for every candidate.
    @inline(__always)
    mutating func update(for candidates: [Candidate]) {
        guard raised.count != candidates.count else { return }
        let kept = min(raised.count, candidates.count)
        raised = raised.prefix(kept) + Array(repeating: 0, count: candidates.count - kept)
    }

    /// What counts for the candidate at this index beyond its own total.
    @inline(__always)
    subscript(index: Int) -> UInt64 { raised[index] }

    /// Every total is zero from now on; what is added wraps around.
    mutating func restart(_ candidates: [Candidate], _ total: (borrowing Candidate) -> UInt64) {
        raised = candidates.map { 0 &- total($0) }
    }

    /// Raises those that are open and were not when `presence` was taken.
    mutating func raise(
        _ candidates: [Candidate], _ presence: borrowing Presence,
        _ total: (borrowing Candidate) -> UInt64
    ) {
        var least: Share?
        for index in candidates.indices where candidates[index].isOpen && presence[index] {
            let share = Share(
                amount: total(candidates[index]) &+ raised[index],
                weight: candidates[index].weight)
            if let present = least, !(share < present) { continue }
            least = share
        }
        guard let least else { return }
        for index in candidates.indices where candidates[index].isOpen && !presence[index] {
            let wanted = least.amount(at: candidates[index].weight)
            let own = total(candidates[index]) &+ raised[index]
            if own < wanted { raised[index] &+= wanted &- own }
        }
    }
}

/// Who was open when a policy chose last.
struct Presence: Sendable {
    private var wasOpen: [Bool] = []

    @inline(__always)
    subscript(index: Int) -> Bool { wasOpen[index] }

    /// At first no channel has been away; later ones are as if they returned.
    @inline(__always)
    mutating func update(for candidates: [Candidate]) {
        guard wasOpen.count != candidates.count else { return }
        let isFirst = wasOpen.isEmpty
        let kept = min(wasOpen.count, candidates.count)
        wasOpen =
            wasOpen.prefix(kept) + Array(repeating: isFirst, count: candidates.count - kept)
    }

    mutating func restart(_ candidates: [Candidate]) { wasOpen = candidates.map(\.isOpen) }

    mutating func take(_ candidates: [Candidate]) {
        for index in candidates.indices { wasOpen[index] = candidates[index].isOpen }
    }
}

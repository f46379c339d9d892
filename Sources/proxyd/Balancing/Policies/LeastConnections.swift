/// The channel with the fewest sessions for its weight; file order breaks ties.
///
/// tcprelay's rule, `floor(use * 256 / weight)`, so that weights 2, 1, 1 give A B C A A B C A.
struct LeastConnections: Policy {
    var facts: CandidateFacts { .current }

    mutating func choose(among candidates: [Candidate], for client: ClientKey) -> Int? {
        var best: Int?
        var least = Share(amount: 0, weight: 1)
        for index in candidates.indices where candidates[index].isOpen {
            let share = Share(
                amount: UInt64(truncatingIfNeeded: candidates[index].current),
                weight: candidates[index].weight)
            // Divided only where the exact shares differ, which a search of the least seldom meets.
            guard best == nil || share < least && share.floor < least.floor else { continue }
            best = index
            least = share
        }
        return best
    }
}

extension Share {
    fileprivate var floor: UInt64 { amount &* 256 / UInt64(weight) }
}

/// Smooth weighted round robin: each channel gets its share, and the turns of a heavy channel are
/// spread instead of bunched. Weights 5, 1, 1 give A A B A C A A (nginx's algorithm).
///
/// Only usable channels gain and lose credit, so one that returns has no turns to catch up on. A channel that has
/// failed, in its grace time or for this very client, keeps its turns, and they are passed over: the next in
/// the order takes the client, and the others stay as even as if it did not exist.
struct RoundRobin: Policy {
    private var credits: [Int] = []

    mutating func choose(among candidates: [Candidate], for client: ClientKey) -> Int? {
        if credits.count != candidates.count {
            credits = Array(repeating: 0, count: candidates.count)
        }
        var turnsLeft = max(Self.fewestTurns, Self.effort / max(1, candidates.count))
        while true {
            let turn = takeTurn(among: candidates, withFailed: turnsLeft > 0)
            guard turn.isAnyOpen, let index = turn.index else {
                for index in credits.indices { credits[index] = 0 }
                return nil
            }
            if candidates[index].isOpen { return index }
            turnsLeft -= 1
        }
    }

    /// So many looks at a channel are spent on passing over turns, then those that failed count as not usable: a heavy
    /// one that is dead has many turns.
    private static let effort = 4096
    private static let fewestTurns = 4

    private mutating func takeTurn(
        among candidates: [Candidate], withFailed: Bool
    ) -> (index: Int?, isAnyOpen: Bool) {
        var best: Int?
        var most = 0
        var total = 0
        var isAnyOpen = false
        // What leaves with those that are not usable, so that the credits always add up to zero.
        var lost = 0
        for index in candidates.indices {
            if candidates[index].isOpen {
                isAnyOpen = true
            } else if !withFailed || !candidates[index].isFailed {
                lost += credits[index]
                credits[index] = 0
                continue
            }
            let weight = candidates[index].weight
            total += weight
            let credit = credits[index] + weight
            credits[index] = credit
            guard best == nil || credit > most else { continue }
            best = index
            most = credit
        }
        if let best { credits[best] -= total - lost }
        return (best, isAnyOpen)
    }
}

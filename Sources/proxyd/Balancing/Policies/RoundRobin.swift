/// Smooth weighted round robin: each channel gets its share, and the turns of a heavy channel are
/// spread instead of bunched. Weights 5, 1, 1 give A A B A C A A (nginx's algorithm).
///
/// Only usable channels gain and lose credit, so one that returns has no turns to catch up on.
struct RoundRobin: Policy {
    private var credits: [Int] = []

    mutating func choose(among candidates: [Candidate], for client: ClientKey) -> Int? {
        if credits.count != candidates.count {
            credits = Array(repeating: 0, count: candidates.count)
        }
        var best: Int?
        var most = 0
        var total = 0
        // What leaves with those that are not usable, so that the credits always add up to zero: the
        // turn of a channel that refused is not taken from the others.
        var lost = 0
        for index in candidates.indices {
            guard candidates[index].isOpen else {
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
        return best
    }
}

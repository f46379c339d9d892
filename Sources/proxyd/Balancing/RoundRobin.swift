/// Smooth weighted round robin: each channel gets its share, and the turns of a heavy channel are
/// spread instead of bunched. Weights 5, 1, 1 give A A B A C A A (nginx's algorithm).
///
/// Only usable channels gain and lose credit, so one that returns has no turns to catch up on.
struct RoundRobin: Policy {
    private var credits: [Int] = []

    mutating func choose(among candidates: [Candidate]) -> Int? {
        if credits.count != candidates.count {
            credits = Array(repeating: 0, count: candidates.count)
        }
        var best: Int?
        var total = 0
        for (index, candidate) in candidates.enumerated() {
            guard candidate.isUsable, candidate.weight > 0 else {
                credits[index] = 0
                continue
            }
            total += candidate.weight
            credits[index] += candidate.weight
            if let present = best, credits[present] >= credits[index] { continue }
            best = index
        }
        if let best { credits[best] -= total }
        return best
    }
}

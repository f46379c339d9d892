/// The channel that would answer soonest: how long connecting took lately, times the sessions there
/// and the new one, for its weight. A slow connect counts at once and fades (`PeakLatency`).
///
/// A channel that was never measured is tried once; until the answer is there, it counts as slow.
struct LeastLatency: Policy {
    private static let unmeasured = 1e9

    var facts: CandidateFacts { [.current, .latency] }

    mutating func choose(among candidates: [Candidate], for client: ClientKey) -> Int? {
        var best: Int?
        var least = Double.infinity
        for index in candidates.indices where candidates[index].isOpen {
            let current = Double(candidates[index].current)
            let latency = Double(candidates[index].latency)
            let cost = latency > 0 ? latency * (current + 1) : Self.unmeasured * current
            // A time estimate needs no exact fractions, and this takes half as long.
            let share = cost / Double(candidates[index].weight)
            guard share < least else { continue }
            best = index
            least = share
        }
        return best
    }
}

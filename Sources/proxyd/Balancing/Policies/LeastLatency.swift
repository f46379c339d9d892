/// The channel that would answer soonest: how long connecting took lately, times the sessions there
/// and the new one, for its weight. A slow connect counts at once and fades (`PeakLatency`).
///
/// A channel that nobody has measured is tried once; until the answer is there, it counts as slow.
struct LeastLatency: Policy {
    private static let unmeasured: UInt64 = 1_000_000_000

    var facts: CandidateFacts { [.current, .latency] }

    mutating func choose(among candidates: [Candidate], for client: ClientKey) -> Int? {
        var best: Int?
        var least = Share(amount: 0, weight: 1)
        for index in candidates.indices where candidates[index].isOpen {
            let current = UInt64(truncatingIfNeeded: candidates[index].current)
            let latency = candidates[index].latency
            let cost = latency > 0 ? latency &* (current &+ 1) : Self.unmeasured &* current
            let share = Share(amount: cost, weight: candidates[index].weight)
            guard best == nil || share < least else { continue }
            best = index
            least = share
        }
        return best
    }
}

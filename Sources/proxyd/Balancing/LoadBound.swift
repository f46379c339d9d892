/// `max-load`: the most sessions that a channel may have against what would be even, so that a few
/// busy clients do not drown the channel that they are bound to (consistent hashing with bounded
/// loads, Mirrokni, Thorup and Zadimoghaddam 2016).
///
/// With the new session counted, some channel is always below its bound.
struct LoadBound: Sendable {
    private let factor: UInt64
    private let weights: UInt64

    /// nil: there is no bound.
    @inline(__always)
    init?(perMille: Int?, _ candidates: [Candidate]) {
        guard let perMille else { return nil }
        var sessions: UInt64 = 1
        var weights: UInt64 = 0
        for index in candidates.indices where candidates[index].isOpen {
            sessions &+= UInt64(truncatingIfNeeded: candidates[index].current)
            weights &+= UInt64(truncatingIfNeeded: candidates[index].weight)
        }
        factor = UInt64(truncatingIfNeeded: perMille) &* sessions
        self.weights = weights &* 1000
    }

    /// Whether one more session keeps it within the bound, which is rounded up.
    @inline(__always)
    func allows(_ candidate: borrowing Candidate) -> Bool {
        UInt64(truncatingIfNeeded: candidate.current) &* weights
            < factor &* UInt64(truncatingIfNeeded: candidate.weight)
    }
}

/// The channel that has moved the fewest bytes so far, both ways, for its weight (fproxy's `-s2`).
struct LeastBytes: Policy {
    private var baselines = Baselines()

    var facts: CandidateFacts { .bytes }

    mutating func choose(among candidates: [Candidate], for client: ClientKey) -> Int? {
        baselines.least(of: candidates) { $0.bytes }
    }
}

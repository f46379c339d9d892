/// The channel that has moved the fewest bytes so far, both ways, for its weight (fproxy's `-s2`).
struct LeastBytes: Policy {
    private var baselines = Baselines()
    private var presence = Presence()

    var facts: CandidateFacts { .bytes }

    mutating func choose(among candidates: [Candidate], for client: ClientKey) -> Int? {
        presence.update(for: candidates)
        return baselines.least(of: candidates, &presence) { $0.bytes }
    }
    mutating func restart(with candidates: [Candidate]) {
        baselines.restart(candidates) { $0.bytes }
        presence.restart(candidates)
    }
}

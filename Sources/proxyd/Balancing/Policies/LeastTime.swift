/// The channel whose sessions have lasted least so far, all together, for its weight; running ones
/// count as long as they have lasted (fproxy's `-s3`).
struct LeastTime: Policy {
    private var baselines = Baselines()
    private var presence = Presence()

    var facts: CandidateFacts { .time }

    mutating func choose(among candidates: [Candidate], for client: ClientKey) -> Int? {
        presence.update(for: candidates)
        return baselines.least(of: candidates, &presence) { $0.nanoseconds }
    }
    mutating func restart(with candidates: [Candidate]) {
        baselines.restart(candidates) { $0.nanoseconds }
        presence.restart(candidates)
    }
}

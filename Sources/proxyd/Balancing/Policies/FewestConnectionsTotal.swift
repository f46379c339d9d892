/// The channel that was given the fewest sessions so far, for its weight, however long they last
/// (fproxy's `-s1`).
struct FewestConnectionsTotal: Policy {
    private var baselines = Baselines()
    private var presence = Presence()

    mutating func choose(among candidates: [Candidate], for client: ClientKey) -> Int? {
        presence.update(for: candidates)
        return baselines.least(of: candidates, &presence) { $0.sessions }
    }
    mutating func restart(with candidates: [Candidate]) {
        baselines.restart(candidates) { $0.sessions }
        presence.restart(candidates)
    }
}

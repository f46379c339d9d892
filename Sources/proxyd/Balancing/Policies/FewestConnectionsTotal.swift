/// The channel that was given the fewest sessions so far, for its weight, however long they last
/// (fproxy's `-s1`).
struct FewestConnectionsTotal: Policy {
    private var baselines = Baselines()

    mutating func choose(among candidates: [Candidate], for client: ClientKey) -> Int? {
        baselines.least(of: candidates) { $0.sessions }
    }
}

/// Whoever was elected (`PrimaryState`): nobody else is usable.
struct Primary: Policy {
    mutating func choose(among candidates: [Candidate], for client: ClientKey) -> Int? {
        candidates.indices.first { candidates[$0].isOpen }
    }
}

/// The channel that was elected (`PrimaryState`): no other is usable.
struct Primary: Policy {
    mutating func choose(among candidates: [Candidate], for client: ClientKey) -> Int? {
        candidates.indices.first { candidates[$0].isOpen }
    }
}

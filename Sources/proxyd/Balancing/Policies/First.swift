/// The first usable channel of the list: the next one gets a session only when those before it are
/// full, so that the last ones can be switched off at night.
struct First: Policy {
    mutating func choose(among candidates: [Candidate], for client: ClientKey) -> Int? {
        candidates.indices.first { candidates[$0].isOpen }
    }
}

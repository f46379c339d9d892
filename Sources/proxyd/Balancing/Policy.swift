/// How a group chooses among its channels: a pure decision, so that the same candidates and the same
/// past give the same answer.
protocol Policy: Sendable {
    /// The index of the channel to take, or nil when no candidate is usable.
    mutating func choose(among candidates: [Candidate]) -> Int?
}

/// What a policy may know of a channel.
struct Candidate: Equatable, Sendable {
    var weight: Int
    /// Whether a session may go there now.
    var isUsable: Bool
}

extension PolicyName {
    /// A policy with no past.
    func make() -> any Policy {
        switch self {
        case .roundRobin: RoundRobin()
        case .primary: Primary()
        }
    }
}

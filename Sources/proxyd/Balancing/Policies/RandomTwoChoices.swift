/// Of two channels drawn by weight, the one with fewer sessions for its weight: nearly as even as
/// looking at all, without the crowd on whichever looked empty (Mitzenmacher 2001).
struct RandomTwoChoices: Policy {
    private var random: SplitMix
    private var weights = WeightTable()

    /// Draws before the list is searched; with half of the channels usable, one in 65,536 fails.
    private static let mostDraws = 16

    init(seed: UInt64) { random = SplitMix(seed: seed) }

    var facts: CandidateFacts { .current }

    mutating func prepare(for candidates: [Candidate]) { weights = WeightTable(candidates) }

    mutating func choose(among candidates: [Candidate], for client: ClientKey) -> Int? {
        if weights.count != candidates.count { prepare(for: candidates) }
        guard weights.total > 0, let first = draw(among: candidates, but: nil) else { return nil }
        guard let second = draw(among: candidates, but: first) else { return first }
        return candidates[second].load < candidates[first].load ? second : first
    }

    private mutating func draw(among candidates: [Candidate], but taken: Int?) -> Int? {
        for _ in 0..<Self.mostDraws {
            let index = weights.index(of: random.below(weights.total))
            if candidates[index].isOpen, index != taken { return index }
        }
        // Few are usable, or one has nearly all the weight: drawn among those that are left.
        var total = 0
        for index in candidates.indices where candidates[index].isOpen && index != taken {
            total += candidates[index].weight
        }
        guard total > 0 else { return nil }
        var number = random.below(total)
        return candidates.indices.first { index in
            guard candidates[index].isOpen, index != taken else { return false }
            number -= candidates[index].weight
            return number < 0
        }
    }
}

extension Candidate {
    fileprivate var load: Share {
        Share(amount: UInt64(truncatingIfNeeded: current), weight: weight)
    }
}

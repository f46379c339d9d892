internal import Glibc

/// Every client has its own order of the channels, by its address and theirs, and gets the first
/// that is usable: one that leaves moves only its own clients, evenly to the others, and one that
/// comes takes only its share (highest random weight, Thaler and Ravishankar 1998).
///
/// Weights count as Schindelhauer and Schomaker have it, by `weight / -ln(number)`. With
/// `function: lighttpd` the numbers are those of lighttpd 1.4.74 and later, where the last of equals
/// wins and weights do not count.
struct Sticky: Policy {
    private let settings: BalanceConfiguration

    init(_ settings: BalanceConfiguration) { self.settings = settings }

    var facts: CandidateFacts {
        var facts: CandidateFacts = settings.maxLoad == nil ? [] : .current
        if settings.function == .lighttpd { facts.insert(.hostValue) }
        return facts
    }

    mutating func choose(among candidates: [Candidate], for client: ClientKey) -> Int? {
        let bound = LoadBound(perMille: settings.maxLoad, candidates)
        if settings.function == .lighttpd {
            return LighttpdHash.choose(among: candidates, UInt64(client.lighttpdHash), bound)
        }
        let hash = client.hash(settings.key, seed: settings.seed)
        return modern(among: candidates, bound, hash)
    }

    private func modern(
        among candidates: [Candidate], _ bound: LoadBound?, _ client: UInt64
    ) -> Int? {
        var best: Int?
        var highest = 0.0
        var highestKey: UInt64 = 0
        for index in candidates.indices where candidates[index].isOpen {
            let key = candidates[index].key
            let number = Mix.fold(key ^ client, 0xD6E8_FEB8_6659_FD93)
            // Evenly between 0 and 1, neither of them included.
            let rest = 1 - (Double(number >> 11) + 0.5) * 0x1p-53
            let weight = Double(candidates[index].weight)
            // -ln(1 - x) >= x: most are out of the question without a logarithm.
            guard weight >= highest * rest else { continue }
            let score = weight / -log1p(-rest)
            // Equals are as good as none; the key decides, so that order does not matter.
            guard score > highest || score == highest && key > highestKey else { continue }
            if let bound, !bound.allows(candidates[index]) { continue }
            (best, highest, highestKey) = (index, score, key)
        }
        return best
    }
}

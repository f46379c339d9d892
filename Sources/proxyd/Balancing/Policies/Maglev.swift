/// A table that every daemon with the same channels and the same seed computes alike, whatever the
/// order in which they are listed: one that leaves moves hardly more than its own clients, and shares
/// are even to a percent (Maglev, Eisenbud and others, NSDI 2016).
struct Maglev: Policy {
    private let settings: BalanceConfiguration
    /// Indexes of candidates.
    private var table: [UInt16] = []
    private var channelCount = 0
    private(set) var digest: UInt64?

    init(_ settings: BalanceConfiguration) { self.settings = settings }

    var facts: CandidateFacts { settings.maxLoad == nil ? [] : .current }

    mutating func prepare(for candidates: [Candidate]) {
        channelCount = candidates.count
        table = MaglevTable.make(for: candidates, seed: settings.seed)
        digest = table.reduce(0xCBF2_9CE4_8422_2325 as UInt64) {
            ($0 ^ candidates[Int($1)].key) &* 0x100_0000_01B3
        }
    }

    /// The client's entry, or the next one of its own walk through the table whose channel is usable.
    mutating func choose(among candidates: [Candidate], for client: ClientKey) -> Int? {
        if channelCount != candidates.count { prepare(for: candidates) }
        guard !table.isEmpty else { return nil }
        let bound = LoadBound(perMille: settings.maxLoad, candidates)
        let hash = client.hash(settings.key, seed: settings.seed)
        var walk = Walk(hash, size: table.count)
        // Within so many steps nearly every channel has an entry.
        for _ in 0..<min(table.count, 4 * candidates.count) {
            let index = Int(table[walk.entry])
            if candidates[index].isOpen, bound?.allows(candidates[index]) ?? true { return index }
            walk.advance()
        }
        return rare(among: candidates, bound, &walk)
    }

    /// Few are usable.
    private func rare(
        among candidates: [Candidate], _ bound: LoadBound?, _ walk: inout Walk
    ) -> Int? {
        let isAllowed = candidates.map { $0.isOpen && bound?.allows($0) ?? true }
        guard isAllowed.contains(true) else { return nil }
        for _ in table.indices {
            let index = Int(table[walk.entry])
            if isAllowed[index] { return index }
            walk.advance()
        }
        // Its weight is so small beside the others' that it has no entry.
        return isAllowed.firstIndex(of: true)
    }

    /// A client's way to every entry: the steps are its own, so that the clients of a channel that
    /// is not usable do not all go to its neighbour. The size is prime, so no entry is left out.
    private struct Walk {
        private(set) var entry: Int
        private let step: Int
        private let size: Int

        init(_ hash: UInt64, size: Int) {
            self.size = size
            entry = Int(hash.multipliedFullWidth(by: UInt64(size)).high)
            step = 1 + Int(UInt32(truncatingIfNeeded: hash) % UInt32(size - 1))
        }

        mutating func advance() {
            entry += step
            if entry >= size { entry -= size }
        }
    }
}

/// Channels take turns, each claiming the next entry of its own order that is free.
private enum MaglevTable {
    /// Primes; a hundred entries per channel keep the shares within a percent.
    static func size(for count: Int) -> Int { count <= 655 ? 65_537 : 524_287 }

    static func make(for candidates: [Candidate], seed: UInt64) -> [UInt16] {
        let open = candidates.indices.prefix(Int(UInt16.max)).filter { candidates[$0].weight > 0 }
        let heaviest = open.map { candidates[$0].weight }.max() ?? 0
        guard heaviest > 0 else { return [] }
        let size = size(for: open.count)
        // Equal keys are equal in every order, so only the list can tell them apart.
        let order = open.sorted {
            (candidates[$0].key, $0) < (candidates[$1].key, $1)
        }
        let steps = order.map { 1 + Int(number(candidates[$0].key, seed, 2) % UInt64(size - 1)) }
        var places = order.map { Int(number(candidates[$0].key, seed, 1) % UInt64(size)) }
        var credits = order.map { _ in 0 }
        var table = [UInt16](repeating: .max, count: size)
        var left = size
        while true {
            for (turn, index) in order.enumerated() {
                // A lighter one sits out some rounds.
                credits[turn] += candidates[index].weight
                guard credits[turn] >= heaviest else { continue }
                credits[turn] -= heaviest
                var place = places[turn]
                while table[place] != .max { place = next(place, steps[turn], size) }
                table[place] = UInt16(index)
                places[turn] = next(place, steps[turn], size)
                left -= 1
                if left == 0 { return table }
            }
        }
    }

    @inline(__always)
    private static func next(_ place: Int, _ step: Int, _ size: Int) -> Int {
        let next = place + step
        return next < size ? next : next - size
    }

    private static func number(_ key: UInt64, _ seed: UInt64, _ which: UInt64) -> UInt64 {
        Mix.two(key, Mix.two(seed, which))
    }
}

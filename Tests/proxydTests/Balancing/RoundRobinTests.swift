import Testing

@testable import proxyd

@Suite("Round robin")
struct RoundRobinTests {
    private func candidates(_ weights: [Int], usable: Set<Int>? = nil) -> [Candidate] {
        weights.enumerated().map { index, weight in
            Candidate(weight: weight, isUsable: usable?.contains(index) ?? true)
        }
    }

    private func choices(_ count: Int, _ weights: [Int]) -> String {
        var policy = RoundRobin()
        return (0..<count).map { _ in
            policy.choose(among: candidates(weights), for: .unknown).map {
                String("ABCDEFGH".dropFirst($0).prefix(1))
            }
                ?? "-"
        }.joined()
    }

    @Test(
        "turns are shared by weight, and those of a heavy channel are spread",
        arguments: [
            ([5, 1, 1], "AABACAA"), ([1, 1, 1], "ABCABC"), ([1], "AAA"), ([2, 1], "ABAABA"),
            ([1, 2], "BABBAB"), ([3, 2, 1], "ABACBA"), ([0, 1, 1], "BCBC"), ([1, 0], "AAAA"),
            ([0, 0], "--"), ([], "--"), ([1, 1, 1, 1], "ABCDABCD"),
        ])
    func order(weights: [Int], expected: String) {
        #expect(choices(expected.count, weights) == expected)
    }

    @Test(
        "10,000 turns and more are shared exactly",
        arguments: [[5, 1, 1], [1, 1, 1, 1], [7, 2, 1], [100, 1], [3, 3, 2]])
    func exact(weights: [Int]) {
        let total = weights.reduce(0, +)
        let rounds = (10_000 + total - 1) / total
        var policy = RoundRobin()
        var counts = [Int](repeating: 0, count: weights.count)
        for _ in 0..<rounds * total {
            guard let index = policy.choose(among: candidates(weights), for: .unknown) else {
                continue
            }
            counts[index] += 1
        }
        #expect(counts == weights.map { $0 * rounds })
    }

    @Test("a channel that is not usable is never chosen, and the others share its turns evenly")
    func unusable() {
        var policy = RoundRobin()
        var counts = [0, 0, 0]
        for _ in 0..<1000 {
            guard
                let index = policy.choose(
                    among: candidates([1, 1, 1], usable: [0, 2]), for: .unknown)
            else {
                continue
            }
            counts[index] += 1
        }
        #expect(counts == [500, 0, 500])
        #expect(policy.choose(among: candidates([1, 1, 1], usable: []), for: .unknown) == nil)
    }

    @Test(
        "what failed channels leave is shared by the weights of the others, whichever they are",
        arguments: [
            ([1, 1, 1], [1]), ([1, 1, 1, 1], [0, 3]), ([1, 1, 1, 1, 1], [1, 3, 4]),
            ([1, 1, 1, 1, 1, 1], [0, 2, 3, 5]), ([5, 2, 1, 2], [0]), ([4, 1, 3, 2, 3], [0, 3, 4]),
            ([100, 100, 1, 3], [0, 1]),
        ] as [([Int], [Int])], [0, 1, 7, 50])
    func evenAmongLiving(channels: (weights: [Int], dead: [Int]), grace: Int) {
        let (weights, dead) = channels
        var policy = RoundRobin()
        var counts = [Int](repeating: 0, count: weights.count)
        var returns = counts
        let living = weights.indices.filter { !dead.contains($0) }
        let sessions = 60 * living.reduce(0) { $0 + weights[$1] }
        for session in 0..<sessions {
            var candidates = candidates(weights)
            for index in dead where returns[index] > session {
                (candidates[index].isUsable, candidates[index].isFailed) = (false, true)
            }
            // Each that refuses is tried once by a client, then it is left alone for a while.
            while let index = policy.choose(among: candidates, for: .unknown) {
                guard dead.contains(index) else {
                    counts[index] += 1
                    break
                }
                (candidates[index].isUsable, candidates[index].isFailed) = (false, true)
                returns[index] = session + grace
            }
        }
        for index in living { #expect(abs(counts[index] - 60 * weights[index]) <= 1) }
    }

    @Test("the turn of a channel that refuses is the next one's, and the order goes on from there")
    func orderAroundRefusals() {
        var policy = RoundRobin()
        let served = (0..<6).map { _ in
            var candidates = candidates([1, 1, 1])
            var choice = policy.choose(among: candidates, for: .unknown)
            if choice == 1 {
                (candidates[1].isUsable, candidates[1].isFailed) = (false, true)
                choice = policy.choose(among: candidates, for: .unknown)
            }
            return choice
        }
        #expect(served == [0, 2, 0, 2, 0, 2])
    }

    @Test("a channel that returns has no turns to catch up on", arguments: 0..<7)
    func noDeficit(turnsBefore: Int) {
        var policy = RoundRobin()
        for _ in 0..<turnsBefore { _ = policy.choose(among: candidates([1, 1]), for: .unknown) }
        for _ in 0..<100 {
            #expect(policy.choose(among: candidates([1, 1], usable: [0]), for: .unknown) == 0)
        }
        let turns = (0..<10).compactMap { _ in
            policy.choose(among: candidates([1, 1]), for: .unknown)
        }
        #expect(turns.count { $0 == 1 } == 5)
        #expect(!zip(turns, turns.dropFirst()).contains { $0 == 1 && $1 == 1 })
    }

    @Test(
        "however often channels come and go, none is ever owed more than a round",
        arguments: 1...8 as ClosedRange<UInt64>)
    func flapping(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let weights = [5, 1, 1, 3]
        let total = weights.reduce(0, +)
        var policy = RoundRobin()
        for _ in 0..<5000 {
            let usable = Set(weights.indices.filter { _ in Bool.random(using: &generator) })
            _ = policy.choose(among: candidates(weights, usable: usable), for: .unknown)
        }
        var counts = [Int](repeating: 0, count: weights.count)
        for _ in 0..<total {
            guard let index = policy.choose(among: candidates(weights), for: .unknown) else {
                continue
            }
            counts[index] += 1
        }
        for (count, weight) in zip(counts, weights) {
            #expect(count <= 2 * weight + 1, "\(counts)")
        }
        #expect(counts.allSatisfy { $0 > 0 }, "\(counts)")
    }

    @Test("the same candidates and the same past give the same answer")
    func deterministic() { #expect(choices(50, [3, 1, 2]) == choices(50, [3, 1, 2])) }
}

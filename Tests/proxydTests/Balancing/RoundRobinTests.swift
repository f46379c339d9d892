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

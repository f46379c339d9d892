import Testing

@testable import proxyd

@Suite("Policies")
struct PolicyTests {
    struct Choice: Sendable, CustomTestStringConvertible {
        var policy: PolicyName
        var candidates: [Candidate]
        var expected: String
        var testDescription: String { "\(policy.rawValue) → \(expected)" }

        init(_ policy: PolicyName, _ candidates: [Candidate], _ expected: String) {
            (self.policy, self.candidates, self.expected) = (policy, candidates, expected)
        }
    }

    static let choices = [
        // Ties go to the first.
        Choice(.leastConnections, [.of(), .of()], "A"),
        Choice(.leastConnections, [.of(current: 2), .of(current: 1), .of(current: 1)], "B"),
        Choice(.leastConnections, [.of(2, current: 2), .of(current: 1)], "A"),
        Choice(.leastConnections, [.of(2, current: 3), .of(current: 1)], "B"),
        // The floor of tcprelay makes equals of what hardly differs: 2/1000 and 1/999 are both 0.
        Choice(.leastConnections, [.of(1000, current: 2), .of(999, current: 1)], "A"),
        Choice(.leastConnections, [.of(isUsable: false), .of(current: 9)], "B"),
        Choice(.fewestConnectionsTotal, [.of(sessions: 3), .of(sessions: 2)], "B"),
        Choice(.fewestConnectionsTotal, [.of(sessions: 2), .of(sessions: 2)], "A"),
        Choice(.fewestConnectionsTotal, [.of(3, sessions: 5), .of(sessions: 2)], "A"),
        Choice(.fewestConnectionsTotal, [.of(current: 9), .of(sessions: 1)], "A"),
        Choice(.leastBytes, [.of(bytes: 1_000_000), .of(bytes: 10), .of(bytes: 11)], "B"),
        Choice(.leastBytes, [.of(10, bytes: 100), .of(bytes: 11)], "A"),
        Choice(.leastBytes, [.of(bytes: .max), .of(2, bytes: .max)], "B"),
        Choice(.leastTime, [.of(seconds: 3), .of(seconds: 2)], "B"),
        Choice(.leastTime, [.of(2, seconds: 3), .of(seconds: 2)], "A"),
        Choice(.workload, [.of(), .of()], "A"),
        Choice(.workload, [.of(sessions: 1), .of()], "B"),
        // 1/4 + 90/100 + 3/6 against 3/4 + 10/100 + 3/6.
        Choice(
            .workload,
            [.of(sessions: 1, bytes: 90, seconds: 3), .of(sessions: 3, bytes: 10, seconds: 3)],
            "B"),
        Choice(.workload, [.of(2, sessions: 3), .of(sessions: 2)], "A"),
        Choice(.first, [.of(), .of()], "A"),
        Choice(.first, [.of(isUsable: false), .of(0), .of()], "C"),
        Choice(.leastLatency, [.of(latency: 5), .of(latency: 4)], "B"),
        Choice(.leastLatency, [.of(current: 0, latency: 5), .of(current: 1, latency: 4)], "A"),
        Choice(.leastLatency, [.of(2, latency: 5), .of(latency: 4)], "A"),
        Choice(.leastLatency, [.of(latency: 1), .of()], "B"),
        Choice(.leastLatency, [.of(latency: 900), .of(current: 1)], "A"),
        Choice(.randomTwoChoices, [.of(current: 5), .of(current: 4)], "B"),
        Choice(.randomTwoChoices, [.of(4, current: 5), .of(current: 4)], "A"),
        Choice(.randomTwoChoices, [.of(isUsable: false), .of(current: 4)], "B"),
        Choice(.roundRobin, [.of(isUsable: false), .of(), .of()], "B"),
    ]

    @Test("choose what their names say", arguments: choices)
    func choose(choice: Choice) {
        var run = PolicyRun(choice.policy, choice.candidates)
        #expect(PolicyRun.letter(run.choose()) == choice.expected)
    }

    @Test("never choose what is not usable or has no weight", arguments: PolicyName.allCases)
    func unusable(policy: PolicyName) {
        let balances = [
            BalanceConfiguration(policy: policy, failover: true),
            BalanceConfiguration(policy: policy, failover: true, maxLoad: 1250),
        ]
        for balance in balances {
            var run = PolicyRun(balance, weights: [3, 0, 1, 2, 1])
            run.candidates[0].isUsable = false
            run.candidates[3].isUsable = false
            for number in 0..<200 {
                #expect([2, 4].contains(run.choose(.number(number))))
            }
            run.candidates[2].isUsable = false
            for number in 0..<20 { #expect(run.choose(.number(number)) == 4) }
            run.candidates[4].isUsable = false
            #expect(run.choose(.number(1)) == nil)
            run.candidates[0].isUsable = true
            #expect(run.choose(.number(1)) == 0)
        }
        var none = PolicyRun(policy, [])
        #expect(none.choose() == nil)
        var idle = PolicyRun(policy, [.of(0), .of(0)])
        #expect(idle.choose() == nil)
    }

    @Test("the same past gives the same answers", arguments: PolicyName.allCases)
    func deterministic(policy: PolicyName) {
        func run() -> [Int?] {
            var run = PolicyRun(BalanceConfiguration(policy: policy, seed: 7), weights: [1, 2, 3])
            return (0..<100).map { run.place(.number($0)) }
        }
        #expect(run() == run())
    }

    @Test(
        "held clients, in order",
        arguments: [
            (PolicyName.leastConnections, [2, 1, 1], "ABCAABCAABCA"),
            (.leastConnections, [1, 1, 1], "ABCABCA"),
            (.first, [1, 1], "AAAA"), (.fewestConnectionsTotal, [1, 1, 1], "ABCABC"),
            (.fewestConnectionsTotal, [3, 1], "ABAAABAA"), (.workload, [1, 1, 1], "ABCABCABC"),
        ])
    func held(policy: PolicyName, weights: [Int], expected: String) {
        var run = PolicyRun(policy, weights.map { .of($0) })
        #expect(run.letters(expected.count, held: true) == expected)
    }

    @Test("short clients one after the other all find the first one empty")
    func sequential() {
        var run = PolicyRun(.leastConnections, [.of(2), .of(), .of()])
        #expect(run.letters(4) == "AAAA")
    }

    @Test("another seed draws other pairs, the same seed the same")
    func seeds() {
        func draws(_ seed: UInt64) -> String {
            var run = PolicyRun(
                BalanceConfiguration(policy: .randomTwoChoices, seed: seed),
                weights: [1, 1, 1, 1])
            return run.letters(30)
        }
        #expect(draws(1) == draws(1))
        #expect(draws(1) != draws(2))
    }
}

@Suite("Returning channels")
struct ReturningChannelTests {
    static let policies: [PolicyName] = [
        .fewestConnectionsTotal, .leastBytes, .leastTime, .workload,
    ]

    private static func use(_ candidate: inout Candidate) {
        candidate.sessions += 1
        candidate.bytes += 100
        candidate.nanoseconds += 1_000_000
    }

    /// The turns after channel A was away for 300 clients.
    private func turns(_ policy: PolicyName, _ weights: [Int], count: Int) -> [Int] {
        var run = PolicyRun(policy, weights.map { .of($0) })
        var counts = weights.map { _ in 0 }
        run.candidates[0].isUsable = false
        for turn in 0..<300 + count {
            if turn == 300 { run.candidates[0].isUsable = true }
            guard let index = run.choose() else { continue }
            Self.use(&run.candidates[index])
            if turn >= 300 { counts[index] += 1 }
        }
        return counts
    }

    @Test("have nothing to catch up on", arguments: policies)
    func noDeficit(policy: PolicyName) {
        #expect(turns(policy, [1, 1, 1], count: 30) == [10, 10, 10])
        let shares = turns(policy, [2, 1, 1], count: 40)
        #expect(abs(shares[0] - 20) <= 1 && abs(shares[1] - 10) <= 1, "\(shares)")
    }

    @Test("that had more than the others keep it", arguments: policies)
    func noGift(policy: PolicyName) {
        var run = PolicyRun(policy, [.of(), .of()])
        for _ in 0..<50 { Self.use(&run.candidates[0]) }
        run.candidates[0].isUsable = false
        #expect(run.choose() == 1)
        run.candidates[0].isUsable = true
        #expect(run.choose() == 1)
    }

    @Test("all at once are as they were", arguments: policies)
    func together(policy: PolicyName) {
        var run = PolicyRun(policy, [.of(sessions: 9, bytes: 9, seconds: 9), .of()])
        for index in 0..<2 { run.candidates[index].isUsable = false }
        #expect(run.choose() == nil)
        for index in 0..<2 { run.candidates[index].isUsable = true }
        #expect(run.choose() == 1)
    }
}

import Testing

@testable import proxyd

@Suite("Consistent hashing")
struct ConsistencyTests {
    static let clients = 10_000

    @Test(
        "a channel that is not usable moves only its own clients, evenly to the others",
        arguments: [PolicyName.sticky, .maglev], [3, 5, 8])
    func unusable(policy: PolicyName, count: Int) {
        let weights = Array(repeating: 1, count: count)
        var run = PolicyRun(BalanceConfiguration(policy: policy), weights: weights)
        let before = run.assignments(Self.clients)
        run.candidates[1].isUsable = false
        let after = run.assignments(Self.clients)
        var gained = weights.map { _ in 0 }
        for (old, new) in zip(before, after) {
            if old != 1 { #expect(new == old) } else if let new { gained[new] += 1 }
        }
        let share = before.count { $0 == 1 } / (count - 1)
        for index in 0..<count where index != 1 {
            #expect(abs(gained[index] - share) < share / 4 + 50, "\(gained)")
        }
        run.candidates[1].isUsable = true
        #expect(run.assignments(Self.clients) == before)
    }

    @Test(
        "a channel that is removed moves hardly more than its own clients",
        arguments: [PolicyName.sticky, .maglev], [3, 5, 10])
    func removed(policy: PolicyName, count: Int) {
        var run = PolicyRun(
            BalanceConfiguration(policy: policy, seed: 7),
            weights: Array(repeating: 1, count: count))
        let before = run.assignments(Self.clients).map { $0.map { run.candidates[$0].key } }
        run.candidates.remove(at: 1)
        run.policy.prepare(for: run.candidates)
        let after = run.assignments(Self.clients).map { $0.map { run.candidates[$0].key } }
        let moved = zip(before, after).count { $0 != $1 }
        #expect(Double(moved) / Double(Self.clients) <= 1 / Double(count) + 0.02)
    }

    @Test(
        "shares follow the weights within a percent",
        arguments: [PolicyName.hash, .sticky, .maglev, .randomTwoChoices],
        [[1, 1, 1], [5, 3, 2], [1, 9]])
    func weights(policy: PolicyName, weights: [Int]) {
        var run = PolicyRun(BalanceConfiguration(policy: policy, seed: 3), weights: weights)
        let chosen = run.assignments(3 * Self.clients)
        for (index, weight) in weights.enumerated() {
            let share = Double(chosen.count { $0 == index }) / Double(chosen.count)
            #expect(abs(share - Double(weight) / Double(weights.reduce(0, +))) < 0.01, "\(share)")
        }
    }

    @Test(
        "no channel is ever loaded beyond the bound",
        arguments: [PolicyName.hash, .sticky, .maglev], [[1, 1, 1, 1], [4, 2, 1]])
    func bound(policy: PolicyName, weights: [Int]) {
        let balance = BalanceConfiguration(policy: policy, failover: true, maxLoad: 1250)
        var run = PolicyRun(balance, weights: weights)
        let total = weights.reduce(0, +)
        // A third of all sessions come from one client.
        for number in 0..<600 {
            let client = number % 3 == 0 ? ClientKey.number(0) : .number(number)
            guard let index = run.place(client) else {
                Issue.record("nobody took client \(number)")
                return
            }
            let even = Double((number + 1) * weights[index]) / Double(total)
            #expect(Double(run.candidates[index].current) <= (1.25 * even).rounded(.up))
        }
    }

    @Test("two tables made of the same channels in another order agree")
    func order() {
        let weights = [3, 1, 2, 1, 5]
        let balance = BalanceConfiguration(policy: .maglev, seed: 42)
        var run = PolicyRun(balance, weights: weights)
        var other = PolicyRun(balance, run.candidates.reversed())
        #expect(run.policy.digest != nil)
        #expect(run.policy.digest == other.policy.digest)
        for number in 0..<1000 {
            let (mine, its) = (run.choose(.number(number)), other.choose(.number(number)))
            #expect(mine.map { run.candidates[$0].key } == its.map { other.candidates[$0].key })
        }
        let reseeded = PolicyRun(BalanceConfiguration(policy: .maglev, seed: 43), run.candidates)
        #expect(reseeded.policy.digest != run.policy.digest)
    }

    @Test("groups agree whatever the order of their channels, by name or by address")
    func groups() throws {
        func digest(_ serials: [UInt64], named: Bool) throws -> UInt64? {
            let channels = try serials.enumerated().map { index, serial in
                try Channel.make(named ? "db\(serial)" : String(index), serial: serial)
            }
            return Group(
                GroupConfiguration(name: "g", settings: .init(balance: .init(policy: .maglev))),
                in: "s", serial: 9,
                channels: channels
            ).digest
        }
        #expect(try digest([1, 2, 3], named: true) == digest([3, 1, 2], named: true))
        #expect(try digest([1, 2, 3], named: false) == digest([2, 3, 1], named: false))
        #expect(try digest([1, 2, 3], named: false) != digest([1, 2, 4], named: false))
    }
}

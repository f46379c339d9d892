import Testing

@testable import proxyd

/// Shares in numbers, through the group that the daemon uses.
@Suite("Distribution")
struct DistributionTests {
    private func group(_ policy: PolicyName, _ weights: [Int]) throws -> Group {
        let channels = try weights.enumerated().map { index, weight in
            try Channel.make(
                "c\(index)", weight: weight, serial: UInt64(index + 1))
        }
        return Group(
            GroupConfiguration(
                name: "g", settings: .init(balance: .init(policy: policy, seed: 5))), in: "s",
            serial: 100, channels: channels)
    }

    /// The sessions that each channel got; `held` are there at the end.
    private func counts(
        _ policy: PolicyName, _ weights: [Int], clients: Int, held: Bool
    ) throws -> [Int] {
        let group = try group(policy, weights)
        var counts = weights.map { _ in 0 }
        for number in 0..<clients {
            let now = Instant(nanoseconds: 1_000_000_000 + UInt64(number) * 1_000_000)
            guard let channel = group.choose(for: .number(number), excluding: [], now: now),
                let index = group.channels.firstIndex(where: { $0 === channel })
            else { continue }
            counts[index] += 1
            channel.latency.note(nanoseconds: 1_000_000, now: now)
            let counters = channel.counters[0]
            counters.began(at: now)
            counters.addBytes(1000, from: .client)
            if !held {
                counters.ended(began: now, at: now.advanced(by: .milliseconds(1)))
                channel.release()
            }
        }
        return counts
    }

    @Test(
        "10,000 clients one after the other",
        arguments: [
            PolicyName.roundRobin, .fewestConnectionsTotal, .leastBytes, .leastTime, .workload,
            .hash, .sticky, .maglev, .randomTwoChoices,
        ], [[1, 1, 1], [5, 3, 2]])
    func sequential(policy: PolicyName, weights: [Int]) throws {
        let counts = try counts(policy, weights, clients: 10_000, held: false)
        let total = weights.reduce(0, +)
        for (count, weight) in zip(counts, weights) {
            let exact = Double(10_000 * weight) / Double(total)
            let slack = policy == .roundRobin ? 1.0 : 100.0
            #expect(abs(Double(count) - exact) <= slack, "\(counts)")
        }
    }

    @Test(
        "2,000 clients at the same time",
        arguments: [
            PolicyName.roundRobin, .leastConnections, .fewestConnectionsTotal, .leastBytes,
            .leastTime, .workload, .randomTwoChoices, .leastLatency,
        ], [[1, 1, 1], [5, 3, 2]])
    func concurrent(policy: PolicyName, weights: [Int]) throws {
        let counts = try counts(policy, weights, clients: 2000, held: true)
        let total = weights.reduce(0, +)
        for (count, weight) in zip(counts, weights) {
            let exact = Double(2000 * weight) / Double(total)
            let slack = policy == .roundRobin ? 1.0 : 20.0
            #expect(abs(Double(count) - exact) <= slack, "\(counts)")
        }
    }

    @Test("the policy changes from one session to the next, and running ones stay")
    func live() throws {
        let group = try group(.roundRobin, [1, 1, 1])
        func next() -> String? { group.choose(excluding: [], now: .at(5))?.name }
        #expect([next(), next()] == ["c0", "c1"])
        func take(_ policy: PolicyName) {
            var settings = group.settings
            settings.balance = .init(policy: policy)
            group.apply(settings, group.channels, now: .at(5))
        }
        take(.first)
        #expect([next(), next()] == ["c0", "c0"])
        #expect(group.channels.map(\.current) == [3, 1, 0])
        take(.leastConnections)
        #expect([next(), next()] == ["c2", "c1"])
        #expect(group.balance.policy == .leastConnections)
        // What was placed before still counts.
        take(.fewestConnectionsTotal)
        #expect([next(), next()] == ["c2", "c1"])
    }
}

@Suite("What policies know")
struct CandidateFactsTests {
    @Test("running sessions count as long as they have lasted")
    func time() {
        let counters = TrafficCounters()
        #expect(counters.time(now: .at(100)) == 0)
        counters.began(at: .at(100))
        counters.began(at: .at(102))
        #expect(counters.time(now: .at(105)) == 8_000_000_000)
        counters.ended(began: .at(100), at: .at(106))
        #expect(counters.time(now: .at(107)) == 11_000_000_000)
        counters.ended(began: .at(102), at: .at(107))
        #expect(counters.time(now: .at(999)) == 11_000_000_000)
        // Another worker's clock is ahead.
        counters.began(at: .at(1000))
        #expect(counters.time(now: .at(999)) == 11_000_000_000)
    }

    @Test("a slow connect counts at once, fades by half in ten seconds, and is forgotten")
    func latency() {
        let latency = PeakLatency()
        #expect(latency.value(now: .at(1)) == 0)
        latency.note(nanoseconds: 8_000_000, now: .at(10))
        #expect(latency.value(now: .at(10)) == 8_000_000)
        #expect(latency.value(now: .at(15)) == 6_000_000)
        #expect(latency.value(now: .at(20)) == 4_000_000)
        #expect(latency.value(now: .at(30)) == 2_000_000)
        #expect(latency.value(now: .at(1000)) == 0)
        // Better ones bring it down step by step, a worse one at once.
        latency.note(nanoseconds: 800_000, now: .at(10))
        #expect(latency.value(now: .at(10)) == 7_100_000)
        latency.note(nanoseconds: 9_000_000, now: .at(10))
        #expect(latency.value(now: .at(10)) == 9_000_000)
        // Clocks of workers differ a little.
        #expect(latency.value(now: .at(9)) == 9_000_000)
    }
}

internal import ArgumentParser
internal import Glibc
internal import Shared

/// `proxyd measure-policies`: what choosing costs. Hidden: `scripts/bench policies` runs it.
struct MeasurePoliciesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "measure-policies", abstract: "Measure what choosing a channel costs.",
        shouldDisplay: false)

    @Option(help: ArgumentHelp("How many channels a group has.", valueName: "n"))
    var channels = 1000

    @Option(help: ArgumentHelp("Choices per measure; the best of five counts.", valueName: "n"))
    var choices = 20_000

    func validate() throws {
        guard (1...60_000).contains(channels), (1...10_000_000).contains(choices) else {
            throw ValidationError("--channels is at most 60000, --choices at most 10000000")
        }
    }

    func run() throws {
        print("channels\tpolicy\tpolicy_ns\tgroup_ns")
        for balance in Self.balances {
            let measure = try PolicyMeasure(balance, channelCount: channels)
            let policy = measure.policyNanoseconds(choices: choices)
            let group = measure.groupNanoseconds(choices: choices)
            print("\(channels)\t\(balance)\t\(policy)\t\(group)")
        }
    }

    private static let balances =
        PolicyName.allCases.map { BalanceConfiguration(policy: $0, failover: $0 == .hash) }
        + [
            BalanceConfiguration(policy: .hash, failover: true, maxLoad: 1250),
            BalanceConfiguration(policy: .sticky, maxLoad: 1250),
            BalanceConfiguration(policy: .sticky, function: .lighttpd),
            BalanceConfiguration(policy: .maglev, maxLoad: 1250),
        ]
}

/// One policy among so many channels, some weights, loads and totals apart.
private struct PolicyMeasure {
    private let balance: BalanceConfiguration
    private let group: Group
    private let candidates: [Candidate]
    private let clients: [ClientKey]

    init(_ balance: BalanceConfiguration, channelCount: Int) throws {
        self.balance = balance
        var random = SplitMix(seed: 1)
        clients = (0..<1024).map { _ in
            ClientKey(
                source: .ip(.v4(UInt32(truncatingIfNeeded: random.next())), port: 40_000),
                destination: .ip(.loopbackV4, port: 80))
        }
        var candidates: [Candidate] = []
        var channels: [Channel] = []
        for index in 0..<channelCount {
            let weight = 1 + random.below(4)
            var candidate = Candidate(weight: weight, isUsable: true)
            candidate.current = random.below(100)
            candidate.key = random.next()
            candidate.sessions = UInt64(random.below(100_000))
            candidate.bytes = UInt64(random.below(1_000_000_000))
            candidate.nanoseconds = UInt64(random.below(1_000_000_000_000))
            candidate.latency = UInt64(1 + random.below(10_000_000))
            candidates.append(candidate)
            channels.append(try Self.channel(index, candidate))
        }
        self.candidates = candidates
        group = Group(
            GroupConfiguration(name: "g", settings: GroupSettings(balance: balance)), in: "s",
            serial: 0,
            channels: channels)
    }

    private static func channel(_ index: Int, _ candidate: Candidate) throws -> Channel {
        let endpoint = Endpoint.ip(.v4(0x0A00_0000 + UInt32(index)), port: 80)
        let settings = ChannelConfiguration(
            name: String(index), endpoint: endpoint,
            settings: ChannelSettings(weight: candidate.weight, maxc: 1_000_000))
        let channel = Channel(
            settings, in: "s/g", serial: UInt64(index + 1), addresses: [endpoint], workerCount: 2,
            now: .now)
        for _ in 0..<candidate.current { _ = channel.reserve(now: .now) }
        channel.counters[0].addBytes(candidate.bytes, from: .client)
        channel.counters[1].addTime(nanoseconds: candidate.nanoseconds)
        channel.latency.note(nanoseconds: candidate.latency, now: .now)
        return channel
    }

    func policyNanoseconds(choices: Int) -> UInt64 {
        var policy = balance.makePolicy()
        policy.prepare(for: candidates)
        return best(of: choices) { number in
            policy.choose(among: candidates, for: clients[number & 1023]) ?? 0
        }
    }

    func groupNanoseconds(choices: Int) -> UInt64 {
        best(of: choices / 4) { number in
            let channel = group.choose(for: clients[number & 1023], excluding: [], now: .now)
            channel?.release()
            return channel?.current ?? 0
        }
    }

    private func best(of choices: Int, _ choose: (Int) -> Int) -> UInt64 {
        var best = UInt64.max
        var sum = 0
        for _ in 0..<5 {
            let start = Instant.now
            for number in 0..<choices { sum &+= choose(number) }
            best = min(best, Instant.now.elapsed(since: start) / UInt64(max(1, choices)))
        }
        // Never so, but the optimiser must not know.
        if sum == Int.min { StandardError.write("\n") }
        return best
    }
}

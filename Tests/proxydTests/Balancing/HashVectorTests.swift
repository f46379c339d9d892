import Shared
import Testing

@testable import proxyd

/// What other programs do with the same clients, number for number.
@Suite("Hash vectors")
struct HashVectorTests {
    @Test(
        "balance's fold, three channels",
        arguments: [
            ("127.0.0.1", 2), ("127.0.0.2", 1), ("127.0.0.3", 0), ("127.0.0.9", 0),
            ("127.0.0.77", 0), ("127.0.0.200", 1), ("::ffff:127.0.0.2", 1),
        ])
    func balance(client: String, channel: Int) throws {
        let balance = BalanceConfiguration(policy: .hash, function: .balance)
        var run = PolicyRun(balance, weights: [1, 1, 1])
        #expect(run.choose(try .address(client)) == channel)
    }

    /// Hosts 127.0.0.1, ports 21001 to 21003.
    private func lighttpdRun(_ hosts: [Endpoint]) -> PolicyRun {
        let candidates = hosts.map { endpoint in
            var candidate = Candidate.of()
            candidate.key = UInt64(LighttpdHash.hostValue(of: endpoint))
            return candidate
        }
        return PolicyRun(
            BalanceConfiguration(policy: .sticky, function: .lighttpd), candidates)
    }

    @Test(
        "lighttpd's sticky",
        arguments: [
            ("127.0.0.1", "C"), ("127.0.0.2", "A"), ("127.0.0.3", "A"), ("127.0.0.9", "C"),
            ("127.0.0.77", "B"),
        ])
    func lighttpd(client: String, expected: String) throws {
        var run = lighttpdRun([21001, 21002, 21003].map(Endpoint.local))
        let chosen = run.choose(try .address(client))
        #expect(PolicyRun.letter(chosen) == expected)
        // Without that one, another; with it again, the same.
        if let chosen { run.candidates[chosen].isUsable = false }
        #expect(run.choose(try .address(client)) != chosen)
        if let chosen { run.candidates[chosen].isUsable = true }
        #expect(run.choose(try .address(client)) == chosen)
    }

    @Test("lighttpd's hash is the same for every client, and goes on when that one is gone")
    func lighttpdHash() throws {
        var candidates = lighttpdRun([21001, 21002, 21003].map(Endpoint.local)).candidates
        let balance = BalanceConfiguration(policy: .hash, function: .lighttpd)
        for client in ["127.0.0.1", "127.0.0.2", "::1"] {
            var run = PolicyRun(balance, candidates)
            #expect(PolicyRun.letter(run.choose(try .address(client))) == "C")
        }
        candidates[2].isUsable = false
        var run = PolicyRun(balance, candidates)
        let other = run.choose(try .address("127.0.0.1"))
        #expect(other == 0 || other == 1)
    }

    @Test("lighttpd takes the last of equals")
    func lastOfEquals() throws {
        var run = lighttpdRun([.local(9), .local(9)])
        #expect(run.choose(try .address("127.0.0.1")) == 1)
    }

    @Test("a group knows its channels' lighttpd values")
    func group() throws {
        let channels = try (1...3).map { serial in
            try Channel.make(serial: UInt64(11_000 + serial))  // Ports 21001 to 21003.
        }
        let group = Group(
            GroupConfiguration(
                name: "g", settings: .init(balance: .init(policy: .sticky, function: .lighttpd))),
            in: "s",
            serial: 1, channels: channels)
        for (client, index) in [("127.0.0.1", 2), ("127.0.0.2", 0), ("127.0.0.77", 1)] {
            let chosen = group.choose(for: try .address(client), excluding: [], now: .at(1))
            #expect(chosen === channels[index])
        }
    }

    @Test("hash without failover gives up, with it goes on in order")
    func failover() throws {
        for (failover, expected) in [(false, [nil, nil]), (true, [2, 0])] {
            let balance = BalanceConfiguration(
                policy: .hash, function: .balance, failover: failover)
            var run = PolicyRun(balance, weights: [1, 1, 1])
            // Its channel is the second.
            run.candidates[1].isUsable = false
            #expect(run.choose(try .address("127.0.0.2")) == expected[0])
            run.candidates[2].isUsable = false
            #expect(run.choose(try .address("127.0.0.2")) == expected[1])
        }
    }

    @Test("the key says what counts")
    func keys() {
        func key(_ port: UInt16, _ destination: UInt16) -> ClientKey {
            ClientKey(
                source: .ip(.v4(0x0A00_0001), port: port), destination: .local(destination))
        }
        func channels(_ hashKey: HashKey, _ keys: [ClientKey]) -> Set<Int?> {
            let balance = BalanceConfiguration(policy: .hash, key: hashKey)
            var run = PolicyRun(balance, weights: Array(repeating: 1, count: 50))
            return Set(keys.map { run.choose($0) })
        }
        let ports = (1...200).map { key($0, 1) }
        let destinations = (1...200).map { key(1, $0) }
        #expect(channels(.source, ports).count == 1)
        #expect(channels(.source, destinations).count == 1)
        #expect(channels(.sourceAndPort, ports).count > 40)
        #expect(channels(.sourceAndPort, destinations).count == 1)
        #expect(channels(.destination, ports).count == 1)
        #expect(channels(.destination, destinations).count > 40)
    }

    @Test("IPv4 and its v4-mapped form are one client")
    func mapped() throws {
        let (plain, mapped) = (
            try ClientKey.address("10.1.2.3"), try ClientKey.address("::ffff:10.1.2.3")
        )
        #expect(plain.hash(.source, seed: 1) == mapped.hash(.source, seed: 1))
        #expect(plain.balanceFold == mapped.balanceFold)
    }
}

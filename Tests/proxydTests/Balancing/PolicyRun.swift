import Shared

@testable import proxyd

/// A policy among candidates that a test moves about.
struct PolicyRun {
    var policy: any Policy
    var candidates: [Candidate]

    init(_ balance: BalanceConfiguration, _ candidates: [Candidate]) {
        policy = balance.makePolicy()
        self.candidates = candidates
        policy.prepare(for: candidates)
    }

    init(_ policy: PolicyName, _ candidates: [Candidate]) {
        self.init(BalanceConfiguration(policy: policy), candidates)
    }

    /// Every candidate a letter's key, so that its place in the list does not matter.
    init(_ balance: BalanceConfiguration, weights: [Int]) {
        self.init(
            balance,
            weights.enumerated().map { index, weight in
                var candidate = Candidate(weight: weight, isUsable: true)
                candidate.key = Mix.bytes("channel-\(index)".utf8)
                return candidate
            })
    }

    mutating func choose(_ client: ClientKey = .unknown) -> Int? {
        policy.choose(among: candidates, for: client)
    }

    /// Chooses and counts the session as placed.
    mutating func place(_ client: ClientKey = .unknown) -> Int? {
        guard let index = choose(client) else { return nil }
        candidates[index].sessions += 1
        candidates[index].current += 1
        return index
    }

    /// So many clients that stay, or that leave at once, as letters.
    mutating func letters(_ count: Int, held: Bool = false) -> String {
        (0..<count).map { _ in
            guard let index = place() else { return "-" }
            if !held { candidates[index].current -= 1 }
            return Self.letter(index)
        }.joined()
    }

    static func letter(_ index: Int?) -> String {
        index.map { String("ABCDEFGH".dropFirst($0).prefix(1)) } ?? "-"
    }

    /// Which channel each of the clients 0 to `count` gets.
    mutating func assignments(_ count: Int) -> [Int?] {
        (0..<count).map { choose(.number($0)) }
    }
}

extension ClientKey {
    /// One of many neighbours.
    static func number(_ number: Int) -> ClientKey {
        ClientKey(
            source: .ip(.v4(0x0A00_0000 + UInt32(number)), port: UInt16(40_000 + number % 20_000)),
            destination: .local(80))
    }

    static func address(_ text: String) throws -> ClientKey {
        guard let address = IPAddress(text) else { throw Missing("no address: \(text)") }
        return ClientKey(source: .ip(address, port: 50_000), destination: .local(80))
    }
}

extension Candidate {
    /// A usable one; `nanoseconds` in seconds, `latency` in milliseconds.
    static func of(
        _ weight: Int = 1, isUsable: Bool = true, current: Int = 0, sessions: UInt64 = 0,
        bytes: UInt64 = 0, seconds: UInt64 = 0, latency: UInt64 = 0
    ) -> Candidate {
        Candidate(
            weight: weight, isUsable: isUsable, current: current, key: UInt64(weight),
            sessions: sessions, bytes: bytes, nanoseconds: seconds * 1_000_000_000,
            latency: latency * 1_000_000)
    }
}

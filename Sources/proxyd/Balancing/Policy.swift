/// How a group chooses among its channels: a pure decision, so that the same candidates, the same
/// client and the same past give the same answer.
///
/// A new policy is one file in `Policies`, a word in `PolicyName`, and a line in `makePolicy`.
protocol Policy: Sendable {
    /// What must be filled in of the candidates, besides weight and use.
    var facts: CandidateFacts { get }

    /// Called before the first choice, and when a channel, its key or its weight has changed.
    mutating func prepare(for candidates: [Candidate])

    /// The index of the channel to take, or nil when no candidate is usable.
    mutating func choose(among candidates: [Candidate], for client: ClientKey) -> Int?

    /// An operator has given the group other channels or weights: a policy that compares totals compares
    /// them from now on, as no channel is to make up for what the others have done before.
    mutating func restart(with candidates: [Candidate])

    /// A number that is equal where the same clients get the same channels; nil: there is none.
    var digest: UInt64? { get }
}

extension Policy {
    var facts: CandidateFacts { [] }
    mutating func prepare(for candidates: [Candidate]) {}
    mutating func restart(with candidates: [Candidate]) {}
    var digest: UInt64? { nil }
}

/// What a policy may know of a channel. What it did not ask for is zero.
struct Candidate: Equatable, Sendable {
    var weight: Int
    /// Whether a session may go there now.
    var isUsable: Bool
    /// It has failed this client, or is in its grace time, and would have a turn otherwise.
    var isFailed = false
    /// Sessions there now, connecting ones too.
    var current = 0
    /// Which channel it is, wherever it is in the list.
    var key: UInt64 = 0
    /// Sessions placed there so far.
    var sessions: UInt64 = 0
    /// Bytes moved so far, both ways.
    var bytes: UInt64 = 0
    /// The sum of its sessions' ages, running ones too.
    var nanoseconds: UInt64 = 0
    /// How long connecting took lately, in nanoseconds; 0 when that is unknown.
    var latency: UInt64 = 0

    /// Whether it may be chosen.
    @inline(__always)
    var isOpen: Bool { isUsable && weight > 0 }
}

/// What a policy wants to know, so that nothing else is gathered.
struct CandidateFacts: OptionSet, Sendable {
    let rawValue: UInt8

    static let current = Self(rawValue: 1)
    static let bytes = Self(rawValue: 2)
    static let time = Self(rawValue: 4)
    static let latency = Self(rawValue: 8)
    /// The key is lighttpd's host value instead of our own.
    static let hostValue = Self(rawValue: 16)
}

extension BalanceConfiguration {
    /// A policy with no past.
    func makePolicy() -> any Policy {
        switch policy {
        case .roundRobin: RoundRobin()
        case .leastConnections: LeastConnections()
        case .fewestConnectionsTotal: FewestConnectionsTotal()
        case .leastBytes: LeastBytes()
        case .leastTime: LeastTime()
        case .workload: Workload()
        case .hash: Hash(self)
        case .sticky: Sticky(self)
        case .maglev: Maglev(self)
        case .first: First()
        case .randomTwoChoices: RandomTwoChoices(seed: seed)
        case .leastLatency: LeastLatency()
        case .primary: Primary()
        }
    }
}

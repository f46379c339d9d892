/// How a group chooses: the policy and its options.
struct BalanceConfiguration: Equatable, Sendable {
    var policy = PolicyName.roundRobin
    /// What of a client counts for `hash`, `sticky` and `maglev`.
    var key = HashKey.source
    var function = HashFunction.modern
    /// Whether `hash` goes on when its channel is not usable; otherwise the group is given up.
    var failover = false
    /// The most sessions of a channel against an even share, in thousandths; nil: no bound.
    var maxLoad: Int?
    /// What distinguishes daemons that must not choose alike.
    var seed: UInt64 = 0
}

extension BalanceConfiguration: CustomStringConvertible {
    /// The policy and what differs from its defaults, as it is written on the control socket.
    var description: String {
        var words = [policy.rawValue]
        if key != .source { words.append("key=\(key.rawValue)") }
        if function != .modern { words.append("function=\(function.rawValue)") }
        if failover { words.append("failover=true") }
        if let maxLoad {
            let part = String(maxLoad % 1000)
            words.append(
                "max-load=\(maxLoad / 1000).\(String(repeating: "0", count: 3 - part.count))\(part)"
            )
        }
        if seed != 0 { words.append("seed=\(seed)") }
        return words.joined(separator: " ")
    }
}

/// The `balance:` words. One per policy that this version has.
enum PolicyName: String, Equatable, Sendable, CaseIterable {
    case roundRobin = "round-robin"
    case leastConnections = "least-connections"
    case fewestConnectionsTotal = "fewest-connections-total"
    case leastBytes = "least-bytes"
    case leastTime = "least-time"
    case workload
    case hash
    case sticky
    case maglev
    case first
    case randomTwoChoices = "random-two-choices"
    case leastLatency = "least-latency"
    /// One channel at a time, chosen by an election.
    case primary

    /// Other words for the same.
    static let aliases: [String: PolicyName] = ["fair": .leastConnections]

    /// Everything that `balance:` takes.
    static let words = allCases.map(\.rawValue) + aliases.keys.sorted()

    init?(word: String) {
        guard let name = Self.aliases[word] ?? Self(rawValue: word) else { return nil }
        self = name
    }

    var isByClient: Bool { [.hash, .sticky, .maglev].contains(self) }

    /// The functions that it can use, the default first.
    var functions: [HashFunction] {
        switch self {
        case .hash: [.modern, .balance, .lighttpd]
        case .sticky: [.modern, .lighttpd]
        default: []
        }
    }

    var takesSeed: Bool { isByClient || self == .randomTwoChoices }
}

enum HashKey: String, Equatable, Sendable, CaseIterable {
    case source
    case sourceAndPort = "source+port"
    case destination
    /// The server name that a TLS client asks for; the source where there is none.
    case serverName = "sni"
}

enum HashFunction: String, Equatable, Sendable, CaseIterable {
    /// Ours.
    case modern
    /// balance 3.54's fold.
    case balance
    /// lighttpd 1.4.74 and later.
    case lighttpd
}

internal import Shared

/// Whether the channels of a group get the share of new sessions that their weights promise, and why not.
struct Imbalance: Equatable, Sendable {
    struct Share: Equatable, Sendable {
        var channel: ChannelSnapshot
        /// Parts of one.
        var actual: Double
        var expected: Double
    }

    let shares: [Share]
    /// How many times its share the channel has that has most; 1 is even.
    let skew: Double
    let cause: String?

    /// Fewer new sessions than this are chance.
    static let fewest = 20.0
    static let notable = 1.5

    /// Over the last minute; nil: too little was new, or the policy promises no shares.
    static func of(_ group: DaemonSnapshot.Group, _ history: History) -> Imbalance? {
        let usable = group.usable
        guard usable.count > 1, promisesShares(group.snapshot.balance) else { return nil }
        // As fractions, which do not overflow whatever a daemon says.
        let counts = usable.map { Double(history.channels[$0.serial]?.recentSessions ?? 0) }
        let total = counts.reduce(0, +)
        let weights = usable.reduce(0) { $0 + Double($1.weight) }
        guard total >= fewest, weights > 0 else { return nil }
        let shares = zip(usable, counts).map { channel, count in
            Share(
                channel: channel, actual: count / total,
                expected: Double(channel.weight) / weights)
        }
        let skew = shares.filter { $0.expected > 0 }.map { $0.actual / $0.expected }.max() ?? 1
        return Imbalance(
            shares: shares, skew: skew,
            cause: skew >= notable ? cause(of: group.snapshot.balance, shares) : nil)
    }

    private static func promisesShares(_ policy: String) -> Bool {
        !["first", "primary"].contains { policy.hasPrefix($0) }
    }

    private static func cause(of policy: String, _ shares: [Share]) -> String {
        let word = policy.prefix { $0 != " " }
        switch word {
        case "hash", "sticky", "maglev":
            return "the hash: few clients, or a few with many connections"
        case "least-connections", "least-bytes", "least-time", "workload", "random-two-choices",
            "fewest-connections-total":
            return "\(word) sends where least is going on: others hold longer connections"
        case "least-latency": return "it answers faster than the others"
        default:
            let isFull = shares.contains { $0.channel.state == .full }
            return isFull
                ? "others are full, so the rest goes here"
                : "others refused, or came back in the last minute"
        }
    }

    /// `skew 2.1x on 0.2 (63% of new, its share is 30%): the hash: …`
    var text: String {
        guard
            let most = shares.filter({ $0.expected > 0 })
                .max(by: { $0.actual / $0.expected < $1.actual / $1.expected })
        else { return "" }
        let name = Place(channelPath: most.channel.path).shortName
        guard let cause else { return "even: skew \(short)" }
        return "skew \(short) on \(name) (\(Self.percent(most.actual)) of new, its share is "
            + "\(Self.percent(most.expected))): \(cause)"
    }

    /// `1.0x`
    var short: String { Quantity.fixed(skew, decimals: 1) + "x" }

    static func percent(_ part: Double) -> String { Quantity.fixed(part * 100, decimals: 0) + "%" }
}

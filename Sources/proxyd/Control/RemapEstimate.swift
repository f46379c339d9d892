internal import Shared

/// How many clients a change sends to another channel, where the policy gives each its own.
enum RemapEstimate {
    /// So many clients are asked where they would go.
    private static let sample = 1000

    /// In whole percent, rounded up, of the clients that the group has; nil where clients have no channel
    /// of their own.
    static func percent(from old: CapacityModel.Group, to new: CapacityModel.Group?) -> Int? {
        guard old.balance.policy.isByClient, let before = destinations(old) else { return nil }
        guard let new, let after = destinations(new) else { return 100 }
        let moved = zip(before, after).count { $0 != nil && $0 != $1 }
        return (moved * 100 + sample - 1) / sample
    }

    private static func destinations(_ group: CapacityModel.Group) -> [Endpoint?]? {
        guard !group.channels.isEmpty else { return nil }
        var policy = group.balance.makePolicy()
        let keys = ChannelKeys.keys(
            of: group.channels.map { ($0.name, $0.endpoint) },
            asHostValues: policy.facts.contains(.hostValue))
        let candidates = zip(group.channels, keys).map { channel, key in
            var candidate = Candidate(weight: channel.weight, isUsable: channel.isUsable)
            candidate.key = key
            return candidate
        }
        policy.prepare(for: candidates)
        return (0..<sample).map { number in
            // Neighbouring addresses are as good as any: the policies hash them.
            let client = ClientKey(
                source: .ip(.v4(0x0A00_0000 + UInt32(number) * 7919), port: 40_000),
                destination: .unix(path: ""))
            return policy.choose(among: candidates, for: client).map { group.channels[$0].endpoint }
        }
    }
}

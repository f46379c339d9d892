internal import Shared

/// What connections that may never end have in common: a client's network, a channel, or both.
struct StuckCrowd: Equatable, Sendable {
    let text: String

    /// Fewer, or a smaller part of them, say nothing.
    static let fewest = 3
    static let notable = 0.6

    /// Of the rows that are here; nil: they have nothing in common.
    init?(_ sessions: [SessionSnapshot]) {
        let stuck = sessions.filter { $0.stuck != nil }
        guard stuck.count >= Self.fewest else { return nil }
        func most(_ key: (SessionSnapshot) -> String?) -> (name: String, count: Int)? {
            var counts: [String: Int] = [:]
            for session in stuck { if let name = key(session) { counts[name, default: 0] += 1 } }
            guard let top = counts.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }),
                Double(top.value) >= Self.notable * Double(stuck.count)
            else { return nil }
            return (top.key, top.value)
        }
        let network = most { Self.network(of: $0.client) }
        let channel = most { $0.channel }
        let reason = most { $0.stuck }
        guard network != nil || channel != nil else { return nil }
        let count = [network?.count, channel?.count].compactMap { $0 }.max() ?? 0
        var words: [String] = []
        if let network { words.append("from \(network.name)") }
        if let channel { words.append("on \(Place(channelPath: channel.name).shortName)") }
        if let reason { words.append("(\(reason.name))") }
        text = "\(count) of \(stuck.count) stuck here are \(words.joined(separator: " "))"
    }

    /// The /24 or /64 of a client.
    private static func network(of client: String) -> String? {
        guard case .ip(let address, _)? = try? Endpoint(client, defaultPort: 0) else { return nil }
        switch address {
        case .v4(let bits):
            return "\(IPAddress.v4(bits & 0xFFFF_FF00))/24"
        case .v6(let high, _, _): return "\(IPAddress.v6(high: high, low: 0, scope: 0))/64"
        }
    }
}

internal import Shared

/// Listeners and the ordered groups behind them.
final class Service: Sendable {
    let serial: UInt64
    let name: String
    let timeouts: Timeouts
    /// How long a channel that failed is left alone.
    let grace: Duration
    let listeners: [Listener]
    let groups: [Group]

    init(
        _ settings: ServiceConfiguration, serial: UInt64, listeners: [Listener], groups: [Group]
    ) {
        self.serial = serial
        name = settings.name
        timeouts = settings.timeouts
        grace = settings.grace
        self.listeners = listeners
        self.groups = groups
    }

    var channels: [Channel] { groups.flatMap(\.channels) }

    /// A channel with a slot reserved in it: of the first group that has one.
    ///
    /// When no group has one, the channel whose grace time ends first is tried rather than refusing
    /// the client; but only as a session's first attempt at such a channel.
    func choose(excluding tried: [UInt64], now: Instant) -> Channel? {
        for (index, group) in groups.enumerated() {
            guard let channel = group.choose(excluding: tried, now: now) else { continue }
            if index > 0 { group.countSpill(now: now) }
            return channel
        }
        return tried.isEmpty ? lastResort(now: now) : nil
    }

    private func lastResort(now: Instant) -> Channel? {
        var best: (channel: Channel, returns: Instant)?
        for group in groups {
            for channel in group.channels where channel.isSwitchedOn && channel.weight > 0 {
                guard let returns = channel.returns(now: now), channel.hasRoom else { continue }
                if let present = best, present.returns <= returns { continue }
                best = (channel, returns)
            }
        }
        guard let channel = best?.channel, channel.reserve(now: now) else { return nil }
        return channel
    }

    /// Whether a primary is being selected, so that waiting has an end.
    var isElecting: Bool { groups.contains { $0.seat?.isSought ?? false } }

    /// Whether clients are refused while there is no primary.
    var refusesWhileElecting: Bool {
        groups.contains { $0.seat?.settings.whileElecting == .refuse }
    }

    /// Whether some channel could take a session, if need be after another one has ended.
    func isUsable(now: Instant) -> Bool {
        groups.contains { $0.channels.contains { $0.isUsable(now: now) && $0.weight > 0 } }
    }
}

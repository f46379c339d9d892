internal import Shared

/// Listeners and the ordered groups behind them.
final class Service: Sendable {
    let serial: UInt64
    let name: String
    let timeouts: Timeouts
    /// How long a channel that failed is left alone.
    let grace: Duration
    let health: PassiveHealthRules
    /// How often its channels' names are resolved again.
    let resolve: Duration?
    let limits: ServiceLimits
    let listeners: [Listener]
    let groups: [Group]
    /// Under `max-sessions`.
    let places: Admission
    let sources: SourceLedger?
    /// Clients that wait for room, or for a channel to become usable; nil when nobody may.
    let line: WaitingLine?

    init(
        _ settings: ServiceConfiguration, serial: UInt64, listeners: [Listener], groups: [Group]
    ) {
        self.serial = serial
        name = settings.name
        timeouts = settings.timeouts
        grace = settings.grace
        health = settings.health
        resolve = settings.resolve
        limits = settings.limits
        self.listeners = listeners
        self.groups = groups
        places = Admission(limit: settings.limits.maxSessions)
        sources = settings.limits.perSource.map(SourceLedger.init)
        let mayHold = settings.listeners.contains { $0.mayHold }
        line =
            settings.limits.overload == .queue || mayHold
            ? WaitingLine(limit: settings.limits.queueSize) : nil
    }

    /// Whether somebody stands in line.
    var isInDemand: Bool { line.map { $0.count > 0 } ?? false }

    var channels: [Channel] { groups.flatMap(\.channels) }

    /// A channel with a slot reserved in it: of the first group that has one.
    ///
    /// When no group has one, the channel whose grace time ends first is tried rather than refusing
    /// the client; but only as a session's first attempt at such a channel.
    func choose(
        for client: ClientKey = .unknown, excluding tried: [UInt64], now: Instant
    ) -> Channel? {
        for (index, group) in groups.enumerated() {
            guard let channel = group.choose(for: client, excluding: tried, now: now) else {
                continue
            }
            if index > 0 { group.countSpill(now: now) }
            return channel
        }
        return tried.isEmpty ? lastResort(now: now) : nil
    }

    /// Whether some group asks which address a client connected to.
    var asksForDestination: Bool { groups.contains(where: \.asksForDestination) }

    private func lastResort(now: Instant) -> Channel? {
        guard let channel = lastResortCandidate(now: now), channel.reserve(now: now) else {
            return nil
        }
        return channel
    }

    /// Of channels in grace with room, the one that returns first.
    func lastResortCandidate(now: Instant) -> Channel? {
        var best: (channel: Channel, returns: Instant)?
        for group in groups {
            for channel in group.channels where channel.isSwitchedOn && channel.weight > 0 {
                guard let returns = channel.returns(now: now), channel.hasRoom else { continue }
                if let present = best, present.returns <= returns { continue }
                best = (channel, returns)
            }
        }
        return best?.channel
    }

    func contains(_ channel: Channel) -> Bool {
        groups.contains { $0.channels.contains { $0 === channel } }
    }

    /// Whether no channel but this one could take a session.
    func isLast(_ channel: Channel, now: Instant) -> Bool {
        !channels.contains { $0 !== channel && $0.isUsable(now: now) && $0.weight > 0 }
    }

    /// Whether some channel could take a session, if need be after another one has ended.
    func isUsable(now: Instant) -> Bool {
        groups.contains { $0.channels.contains { $0.isUsable(now: now) && $0.weight > 0 } }
    }
}

extension ListenerConfiguration {
    fileprivate var mayHold: Bool {
        if case .hold = whenEmpty { true } else { false }
    }
}

internal import Shared
internal import Synchronization

/// Listeners and the ordered groups behind them.
final class Service: Sendable {
    let serial: UInt64
    let name: String
    /// Under `max-sessions`.
    let places: SessionLimit
    /// Clients that wait for room, or for a channel to become usable.
    let line: WaitQueue
    /// All its places are taken, and somebody has said so.
    private let isFullNow = Atomic<Bool>(false)
    private let present: CountedMutex<Present>
    private let hasRules: Atomic<Bool>
    private let asksName: Atomic<Bool>

    /// What a change replaces all at once.
    private struct Present {
        var settings: ServiceConfiguration
        var listeners: [Listener]
        var groups: [Group]
        var sources: PerSourceLimiter?
        /// Who may come in.
        var access: AccessList?
    }

    init(
        _ settings: ServiceConfiguration, serial: UInt64, listeners: [Listener], groups: [Group]
    ) {
        self.serial = serial
        name = settings.name
        places = SessionLimit(limit: settings.limits.maxSessions)
        line = WaitQueue(limit: settings.limits.queueSize)
        hasRules = Atomic(!settings.access.isEmpty)
        asksName = Atomic(groups.contains(where: \.asksForServerName))
        present = CountedMutex(
            Present(
                settings: settings.own, listeners: listeners, groups: groups,
                sources: settings.limits.perSource.map(PerSourceLimiter.init),
                access: AccessList(settings.access)))
    }

    /// Other settings, listeners or groups, from the next look on; running sessions stay where they are.
    func take(_ settings: ServiceConfiguration, listeners: [Listener], groups: [Group]) {
        places.setLimit(settings.limits.maxSessions)
        line.setLimit(settings.limits.queueSize)
        present.withLock { present in
            // Sessions leave the ledger that they entered.
            if present.settings.limits.perSource != settings.limits.perSource {
                present.sources = settings.limits.perSource.map(PerSourceLimiter.init)
            }
            if present.settings.access != settings.access {
                present.access = AccessList(settings.access)
            }
            present.settings = settings.own
            present.listeners = listeners
            present.groups = groups
        }
        hasRules.store(!settings.access.isEmpty, ordering: .relaxed)
        asksName.store(groups.contains(where: \.asksForServerName), ordering: .relaxed)
    }

    // MARK: Full, or not

    var isFull: Bool { isFullNow.load(ordering: .relaxed) }

    /// A place was taken. Whether it was the last one, for the first time since there was room.
    func hasBecomeFull() -> Bool {
        guard !places.hasRoom else { return false }
        return !isFullNow.exchange(true, ordering: .relaxed)
    }

    /// A place was given back. Whether there is room again, and nobody waits for it.
    func hasRoomAgain() -> Bool {
        guard isFull, places.hasRoom, line.count == 0 else { return false }
        return isFullNow.exchange(false, ordering: .relaxed)
    }

    // MARK: Settings

    var timeouts: Timeouts { present.withLock { $0.settings.timeouts } }
    /// How long a channel that failed is left alone.
    var grace: Duration { present.withLock { $0.settings.grace } }
    var health: PassiveHealthRules { present.withLock { $0.settings.health } }
    /// How often its channels' names are resolved again.
    var resolve: Duration? { present.withLock { $0.settings.resolve } }
    var limits: ServiceLimits { present.withLock { $0.settings.limits } }
    var sources: PerSourceLimiter? { present.withLock { $0.sources } }
    /// Whether its `access` has to be asked.
    var isGuarded: Bool { hasRules.load(ordering: .relaxed) }
    var access: AccessList? { isGuarded ? present.withLock { $0.access } : nil }
    var listeners: [Listener] { present.withLock { $0.listeners } }
    var groups: [Group] { present.withLock { $0.groups } }

    /// Whether somebody stands in line.
    var isInDemand: Bool { line.count > 0 }

    var channels: [Channel] { groups.flatMap(\.channels) }

    /// A channel with a slot reserved in it: of the first group that has one.
    ///
    /// When no group has one, the channel whose grace time ends first is tried rather than refusing
    /// the client; but only as a session's first attempt at such a channel.
    func choose(
        for client: ClientKey = .unknown, excluding tried: [UInt64], now: Instant,
        in only: Group? = nil
    ) -> Channel? {
        var groups = only.map { [$0] } ?? groups
        while true {
            for (index, group) in groups.enumerated() {
                guard let channel = group.choose(for: client, excluding: tried, now: now) else {
                    continue
                }
                if index > 0 { group.countSpill(now: now) }
                return channel
            }
            // Others may have taken their place since they were looked at, and these have room.
            let present = only.map { [$0] } ?? self.groups
            guard !present.elementsEqual(groups, by: ===) else { break }
            groups = present
        }
        return tried.isEmpty ? lastResort(now: now, in: only) : nil
    }

    /// Whether some group asks which address a client connected to.
    var asksForDestination: Bool { groups.contains(where: \.asksForDestination) }

    /// Whether some group asks which server name a client wants; looked at once per session.
    var asksForServerName: Bool { asksName.load(ordering: .relaxed) }

    private func lastResort(now: Instant, in group: Group?) -> Channel? {
        guard let channel = lastResortCandidate(now: now, in: group), channel.reserve(now: now)
        else {
            return nil
        }
        return channel
    }

    /// Of channels in grace with room, the one that returns first.
    func lastResortCandidate(now: Instant, in group: Group? = nil) -> Channel? {
        var best: (channel: Channel, returns: Instant)?
        for group in group.map({ [$0] }) ?? groups {
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

    /// Whether a primary is being selected, so that waiting has an end.
    var isElecting: Bool { groups.contains { $0.seat?.isSought ?? false } }

    /// Another number after every step of an election: who found nobody a moment ago may find somebody now.
    var electionRevision: UInt64 { groups.reduce(0) { $0 &+ $1.ownSeat.revision } }

    /// Whether clients are refused while there is no primary.
    var refusesWhileElecting: Bool {
        groups.contains { $0.seat?.settings.whileElecting == .refuse }
    }

    /// Whether some channel could take a session, if need be after another one has ended.
    func isUsable(now: Instant, in only: Group? = nil) -> Bool {
        (only.map { [$0] } ?? groups).contains {
            $0.channels.contains { $0.isUsable(now: now) && $0.weight > 0 }
        }
    }
}

extension ServiceConfiguration {
    /// Without its listeners and groups, which are objects of their own.
    fileprivate var own: ServiceConfiguration {
        var own = self
        (own.listeners, own.groups) = ([], [])
        return own
    }
}

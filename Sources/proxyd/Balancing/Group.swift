internal import Shared
internal import Synchronization

/// Channels that are chosen among together, under one policy.
final class Group: Sendable {
    let serial: UInt64
    let name: String
    /// `service/group`.
    let path: String
    /// Where an election says which channel takes the sessions; not used under other policies.
    let ownSeat: PrimaryState
    /// Under `max-sessions`.
    let places: SessionLimit
    /// Sessions that an earlier group could not take.
    private let spilled = Atomic<UInt64>(0)
    /// When the last of them came, in nanoseconds of the monotonic clock.
    private let lastSpill = Atomic<UInt64>(0)
    /// Whether the policy looks at the address that a client connected to.
    private let asks = Atomic<Bool>(false)
    private let asksName = Atomic<Bool>(false)
    /// Every so many choices all grace times end; 0: never.
    private let rebalance: Atomic<Int>
    private let choices = Atomic<Int>(0)
    private let present: CountedMutex<Present>

    /// What a change replaces all at once.
    private struct Present {
        var settings: GroupConfiguration
        var channels: [Channel]
        var chooser: GroupBalancer
    }

    init(
        _ settings: GroupConfiguration, in path: String, serial: UInt64, channels: [Channel],
        places: SessionLimit = SessionLimit(limit: nil), seat: PrimaryState? = nil
    ) {
        self.places = places
        ownSeat =
            seat ?? PrimaryState(settings.election, isUsed: settings.balance.policy == .primary)
        self.serial = serial
        name = settings.name
        self.path = path + "/" + settings.name
        rebalance = Atomic(settings.rebalance ?? 0)
        present = CountedMutex(
            Present(
                settings: settings, channels: channels,
                chooser: GroupBalancer(settings.balance, channels, slowStart: settings.slowStart)))
        asks.store(settings.balance.key == .destination, ordering: .relaxed)
        asksName.store(settings.balance.key == .serverName, ordering: .relaxed)
    }

    var channels: [Channel] { present.withLock { $0.channels } }

    /// Other channels or settings, from the next session on; running sessions stay where they are.
    func take(_ settings: GroupConfiguration, _ channels: [Channel], now: Instant) {
        asks.store(settings.balance.key == .destination, ordering: .relaxed)
        asksName.store(settings.balance.key == .serverName, ordering: .relaxed)
        rebalance.store(settings.rebalance ?? 0, ordering: .relaxed)
        places.setLimit(settings.maxSessions)
        ownSeat.take(settings.election, isUsed: settings.balance.policy == .primary)
        present.withLock { present in
            if Self.choosesOtherwise(settings, channels, than: present) {
                present.chooser.take(settings, channels, insteadOf: present.channels, now: now)
            }
            present.settings = settings
            present.channels = channels
        }
    }

    /// Whether anything has changed that the policy looks at besides the channels' states.
    private static func choosesOtherwise(
        _ settings: GroupConfiguration, _ channels: [Channel], than present: Present
    ) -> Bool {
        let old = present.settings
        return settings.balance != old.balance || settings.slowStart != old.slowStart
            || channels.map(\.serial) != present.channels.map(\.serial)
            || settings.channels.map(\.weight) != old.channels.map(\.weight)
            || settings.channels.map(\.endpoint) != old.channels.map(\.endpoint)
    }

    /// A channel with a slot reserved in it, or nil when none is usable.
    ///
    /// The lock is taken once per session, so that all workers share one order of turns. `tried` are
    /// the serials of channels that have refused this session.
    func choose(
        for client: ClientKey = .unknown, excluding tried: [UInt64], now: Instant
    ) -> Channel? {
        guard places.hasRoom else { return nil }
        rebalanceIfDue()
        return present.withLock { present in
            present.chooser.look(at: present.channels, excluding: tried, now: now)
            while let index = present.chooser.choose(for: client) {
                let channel = present.channels[index]
                if channel.reserve(now: now) {
                    present.chooser.placed(at: index)
                    return channel
                }
                // Another group's session took the last slot in between.
                present.chooser.exclude(index)
            }
            return nil
        }
    }

    /// Where an election says which channel takes the sessions; nil under other policies.
    var seat: PrimaryState? { ownSeat.isUsed ? ownSeat : nil }

    private func rebalanceIfDue() {
        let rebalance = rebalance.load(ordering: .relaxed)
        guard rebalance > 0 else { return }
        let count = choices.wrappingAdd(1, ordering: .relaxed).newValue
        if count.isMultiple(of: rebalance) { for channel in channels { channel.endGrace() } }
    }

    /// What was counted so far gives nobody anything to catch up on.
    func startEven(now: Instant) {
        present.withLock { $0.chooser.startEven($0.channels, now: now) }
    }

    // MARK: The policy

    var settings: GroupConfiguration { present.withLock { $0.settings } }

    var balance: BalanceConfiguration { present.withLock { $0.chooser.balance } }

    /// The policy and its state as they are now, for a dry run.
    var chooserCopy: GroupBalancer { present.withLock { $0.chooser } }

    /// The policy's own, for comparing daemons.
    var digest: UInt64? { present.withLock { $0.chooser.digest } }

    var asksForDestination: Bool { asks.load(ordering: .relaxed) }
    /// The same for the server name.
    var asksForServerName: Bool { asksName.load(ordering: .relaxed) }

    // MARK: Spilling

    /// What was counted elsewhere.
    func resume(spills: UInt64, last: Instant) {
        spilled.wrappingAdd(spills, ordering: .relaxed)
        lastSpill.store(last.nanoseconds, ordering: .relaxed)
    }

    var lastSpillAt: Instant { Instant(nanoseconds: lastSpill.load(ordering: .relaxed)) }

    func countSpill(now: Instant) {
        spilled.wrappingAdd(1, ordering: .relaxed)
        lastSpill.store(now.nanoseconds, ordering: .relaxed)
    }

    var spillCount: UInt64 { spilled.load(ordering: .relaxed) }

    /// Whether a session of an earlier group has come here in the last ten seconds.
    func isSpill(now: Instant) -> Bool {
        let last = Instant(nanoseconds: lastSpill.load(ordering: .relaxed))
        return last > .zero && now.elapsed(since: last) < 10_000_000_000
    }
}

extension Channel {
    /// Whether a slot is free at this moment; only `reserve` makes it sure.
    var hasRoom: Bool { maxc.map { current < $0 } ?? true }
}

internal import Shared
internal import Synchronization

/// Channels that are chosen among together, under one policy.
final class Group: Sendable {
    let serial: UInt64
    let name: String
    /// `service/group`.
    let path: String
    /// Where an election says which channel takes the sessions; not used under other policies.
    let ownPrimaryState: PrimaryState
    /// Under `max-sessions`.
    let slots: SessionLimit
    /// Sessions that an earlier group could not take.
    private let spilled = Atomic<UInt64>(0)
    /// When the last of them came, in nanoseconds of the monotonic clock.
    private let lastSpill = Atomic<UInt64>(0)
    private let choices = Atomic<Int>(0)
    private let published: Published<GroupView>
    /// Taken once per session, so that all workers share one order of turns.
    private let balancer: CountedMutex<GroupBalancer>

    init(
        _ settings: GroupConfiguration, in path: String, serial: UInt64, channels: [Channel],
        workerCount: Int = 0, slots: SessionLimit? = nil, primaryState: PrimaryState? = nil
    ) {
        self.slots = slots ?? SessionLimit(limit: nil)
        ownPrimaryState =
            primaryState
            ?? PrimaryState(settings.election, isUsed: settings.balance.policy == .primary)
        self.serial = serial
        name = settings.name
        self.path = path + "/" + settings.name
        published = Published(GroupView(settings, channels), readerCount: workerCount)
        balancer = CountedMutex(
            GroupBalancer(settings.balance, channels, slowStart: settings.slowStart))
    }

    // MARK: Settings

    /// Without a lock for a worker's own thread; `nil` is everything else.
    func view(for worker: Int?) -> GroupView {
        worker.map { published.value(for: $0) } ?? published.value
    }

    var view: GroupView { published.value }
    var settings: GroupConfiguration { view.settings }
    var channels: [Channel] { view.channels }

    /// Other channels or settings, from the next session on; running sessions stay where they are.
    func apply(_ settings: GroupConfiguration, _ channels: [Channel], now: Instant) {
        let (old, new) = (view, GroupView(settings, channels))
        slots.setLimit(settings.maxSessions)
        ownPrimaryState.apply(settings.election, isUsed: settings.balance.policy == .primary)
        if new.choosesOtherwise(than: old) {
            balancer.withLock { $0.apply(settings, channels, now: now) }
        }
        published.publish(new)
    }

    /// Where an election says which channel takes the sessions; nil under other policies.
    var primaryState: PrimaryState? { ownPrimaryState.isUsed ? ownPrimaryState : nil }

    // MARK: Choosing

    /// A channel with a slot reserved in it, or nil when none is usable. `tried` are the serials of channels
    /// that have refused this session.
    func choose(
        for client: ClientKey = .unknown, excluding tried: [UInt64], now: Instant,
        on worker: Int? = nil
    ) -> Channel? {
        guard slots.hasRoom else { return nil }
        rebalanceIfDue(view(for: worker))
        return balancer.withLock { balancer in
            balancer.look(excluding: tried, now: now)
            while let (index, channel) = balancer.choose(for: client) {
                if channel.reserve(now: now) {
                    balancer.placed(at: index)
                    return channel
                }
                // Another group's session took the last slot in between.
                balancer.exclude(index)
            }
            return nil
        }
    }

    /// After every so many choices all grace times end (`rebalance`).
    private func rebalanceIfDue(_ view: GroupView) {
        guard let rebalance = view.settings.rebalance, rebalance > 0 else { return }
        // So many have been made since the last time: the next one may have any channel again.
        let count = choices.wrappingAdd(1, ordering: .relaxed).oldValue
        guard count > 0, count.isMultiple(of: rebalance) else { return }
        for channel in view.channels { channel.endGrace() }
    }

    /// What was counted so far gives no channel anything to catch up on.
    func startEven(now: Instant) { balancer.withLock { $0.startEven(now: now) } }

    // MARK: The policy

    var balance: BalanceConfiguration { view.settings.balance }

    /// The policy and its state as they are now, for a dry run.
    var balancerCopy: GroupBalancer { balancer.withLock { $0 } }

    /// The policy's own, for comparing daemons.
    var digest: UInt64? { balancer.withLock { $0.digest } }

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

internal import Shared
internal import Synchronization

/// Channels that are chosen among together, under one policy.
final class Group: Sendable {
    let serial: UInt64
    let name: String
    /// `service/group`.
    let path: String
    let channels: [Channel]
    /// Under `max-sessions`.
    let places: Admission
    /// Sessions that an earlier group could not take.
    private let spilled = Atomic<UInt64>(0)
    /// When the last of them came, in nanoseconds of the monotonic clock.
    private let lastSpill = Atomic<UInt64>(0)
    /// Whether the policy looks at the address that a client connected to.
    private let asks = Atomic<Bool>(false)
    /// Every so many choices all grace times end.
    private let rebalance: Int?
    private let choices = Atomic<Int>(0)
    private let chooser: Mutex<Chooser>

    init(
        _ settings: GroupConfiguration, in path: String, serial: UInt64, channels: [Channel],
        places: Admission = Admission(limit: nil)
    ) {
        self.places = places
        self.serial = serial
        name = settings.name
        self.path = path + "/" + settings.name
        self.channels = channels
        rebalance = settings.rebalance
        chooser = Mutex(Chooser(settings.balance, channels, slowStart: settings.slowStart))
        asks.store(settings.balance.key == .destination, ordering: .relaxed)
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
        return chooser.withLock { chooser in
            chooser.look(at: channels, excluding: tried, now: now)
            while let index = chooser.choose(for: client) {
                if channels[index].reserve(now: now) {
                    chooser.placed(at: index)
                    return channels[index]
                }
                // Another group's session took the last slot in between.
                chooser.passOver(index)
            }
            return nil
        }
    }

    private func rebalanceIfDue() {
        guard let rebalance else { return }
        let count = choices.wrappingAdd(1, ordering: .relaxed).newValue
        if count.isMultiple(of: rebalance) { for channel in channels { channel.endGrace() } }
    }

    // MARK: The policy

    var balance: BalanceConfiguration { chooser.withLock { $0.balance } }

    /// Another policy from the next session on, with no past; running sessions stay where they are.
    ///
    /// - Returns: what it was before.
    func setBalance(_ balance: BalanceConfiguration) -> BalanceConfiguration {
        asks.store(balance.key == .destination, ordering: .relaxed)
        return chooser.withLock { chooser in
            let before = chooser.balance
            chooser.take(balance, channels)
            return before
        }
    }

    /// The policy and its state as they are now, for a dry run.
    var chooserCopy: Chooser { chooser.withLock { $0 } }

    /// The policy's own, for comparing daemons.
    var digest: UInt64? { chooser.withLock { $0.digest } }

    var asksForDestination: Bool { asks.load(ordering: .relaxed) }

    // MARK: Spilling

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

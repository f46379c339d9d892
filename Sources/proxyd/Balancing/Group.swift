internal import Shared
internal import Synchronization

/// Channels that are chosen among together, under one policy.
final class Group: Sendable {
    let serial: UInt64
    let name: String
    /// `service/group`.
    let path: String
    let policyName: PolicyName
    let channels: [Channel]
    /// Sessions that an earlier group could not take.
    private let spilled = Atomic<UInt64>(0)
    /// When the last of them came, in nanoseconds of the monotonic clock.
    private let lastSpill = Atomic<UInt64>(0)
    private let chooser: Mutex<Chooser>

    /// A policy and the space for its candidates, so that choosing allocates nothing.
    private struct Chooser {
        var policy: any Policy
        var candidates: [Candidate]
    }

    init(
        _ settings: GroupConfiguration, in path: String, serial: UInt64, channels: [Channel]
    ) {
        self.serial = serial
        name = settings.name
        self.path = path + "/" + settings.name
        policyName = settings.policy
        self.channels = channels
        chooser = Mutex(
            Chooser(
                policy: settings.policy.make(),
                candidates: channels.map { Candidate(weight: $0.weight, isUsable: true) }))
    }

    /// A channel with a slot reserved in it, or nil when none is usable.
    ///
    /// The lock is taken once per session, so that all workers share one order of turns. `tried` are
    /// the serials of channels that have refused this session.
    func choose(excluding tried: [UInt64], now: Instant) -> Channel? {
        chooser.withLock { chooser in
            for (index, channel) in channels.enumerated() {
                chooser.candidates[index].isUsable =
                    channel.isUsable(now: now) && channel.hasRoom
                    && (tried.isEmpty || !tried.contains(channel.serial))
            }
            while let index = chooser.policy.choose(among: chooser.candidates) {
                if channels[index].reserve(now: now) { return channels[index] }
                // Another group's session took the last slot in between.
                chooser.candidates[index].isUsable = false
            }
            return nil
        }
    }

    /// Where an election says which channel takes the sessions.
    var seat: PrimarySeat? { channels.first?.seat }

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

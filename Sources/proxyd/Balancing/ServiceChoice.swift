internal import Shared

/// Which channel a session of a service gets. A worker that asks gives its number, and reads what is published
/// without a lock.
extension Service {
    /// A channel with a slot reserved in it: of the first group that has one.
    ///
    /// When no group has one, the channel whose grace time ends first is tried rather than refusing
    /// the client; but only as a session's first attempt at such a channel. A newcomer that any group will do for
    /// yields to clients that wait for a certain one.
    func choose(
        for client: ClientKey = .unknown, excluding tried: [UInt64], now: Instant,
        in only: Group? = nil, isNewcomer: Bool = false, on worker: Int? = nil
    ) -> Channel? {
        var groups = groups(only, on: worker)
        while true {
            for (index, group) in groups.enumerated() {
                if isNewcomer, only == nil, queue.hasWaiters(where: { $0 == .group(group.serial) })
                {
                    continue
                }
                guard
                    let channel = group.choose(
                        for: client, excluding: tried, now: now, on: worker)
                else { continue }
                if index > 0 { group.countSpill(now: now) }
                return channel
            }
            // Others may have taken their place since they were looked at, and these have room.
            let present = self.groups(only, on: worker)
            guard !present.elementsEqual(groups, by: ===) else { break }
            groups = present
        }
        return tried.isEmpty ? lastResort(now: now, in: only, on: worker) : nil
    }

    private func groups(_ only: Group?, on worker: Int?) -> [Group] {
        only.map { [$0] } ?? view(for: worker).groups
    }

    private func lastResort(now: Instant, in group: Group?, on worker: Int?) -> Channel? {
        guard let channel = lastResortCandidate(now: now, in: group, on: worker),
            channel.reserve(now: now)
        else {
            return nil
        }
        return channel
    }

    /// Of channels in grace with room, the one that returns first.
    func lastResortCandidate(
        now: Instant, in group: Group? = nil, on worker: Int? = nil
    ) -> Channel? {
        var best: (channel: Channel, returns: Instant)?
        for group in groups(group, on: worker) {
            for channel in group.view(for: worker).channels
            where channel.isSwitchedOn && channel.weight > 0 {
                guard let returns = channel.returns(now: now), channel.hasRoom else { continue }
                if let present = best, present.returns <= returns { continue }
                best = (channel, returns)
            }
        }
        return best?.channel
    }

    /// Whether no channel but this one could take a session.
    func isLast(_ channel: Channel, now: Instant, on worker: Int? = nil) -> Bool {
        !groups(nil, on: worker).contains {
            $0.view(for: worker).channels.contains {
                $0 !== channel && $0.isUsable(now: now) && $0.weight > 0
            }
        }
    }

    /// Whether some channel could take a session, if need be after another one has ended.
    func isUsable(now: Instant, in only: Group? = nil, on worker: Int? = nil) -> Bool {
        groups(only, on: worker).contains { $0.view(for: worker).isUsable(now: now) }
    }
}

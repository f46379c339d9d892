internal import Shared

/// Why one channel would, or would not, get a client: a row of `explain`.
struct Explanation: Sendable {
    enum Verdict: String, Sendable {
        /// The client would go there.
        case chosen
        /// It could have gone there.
        case passed
        /// It cannot go there now.
        case unusable
        /// An earlier group takes it.
        case later
    }

    var channel: Channel
    var verdict: Verdict
    var reason: String
}

extension Group {
    /// Where the policy would send the client, on a copy of its state: nothing is reserved, and no turn
    /// is used up.
    func dryRun(for client: ClientKey, now: Instant) -> Channel? {
        guard slots.hasRoom else { return nil }
        var copy = balancerCopy
        copy.look(excluding: [], now: now)
        return copy.choose(for: client)?.channel
    }
}

extension Service {
    /// What would become of the client on each channel.
    func explain(_ client: ClientKey, now: Instant) -> [Explanation] {
        var chosen: Channel?
        var rows: [Explanation] = []
        for group in groups {
            let isOpen = chosen == nil
            let choice = isOpen ? group.dryRun(for: client, now: now) : nil
            for channel in group.channels {
                let obstacle = obstacle(to: channel, of: group, now: now)
                rows.append(
                    isOpen
                        ? Self.row(channel, obstacle, choice: choice, of: group)
                        : Explanation(
                            channel: channel, verdict: obstacle == nil ? .later : .unusable,
                            reason: obstacle ?? "an earlier group takes it"))
            }
            if let choice { chosen = choice }
        }
        if chosen == nil, let rescue = lastResortCandidate(now: now) {
            for index in rows.indices where rows[index].channel === rescue {
                rows[index].verdict = .chosen
                rows[index].reason = "nothing is usable, and its grace time ends first"
            }
        }
        return rows
    }

    private static func row(
        _ channel: Channel, _ obstacle: String?, choice: Channel?, of group: Group
    ) -> Explanation {
        let policy = group.balance.policy.rawValue
        if channel === choice {
            return Explanation(channel: channel, verdict: .chosen, reason: "by \(policy)")
        }
        if let obstacle {
            return Explanation(channel: channel, verdict: .unusable, reason: obstacle)
        }
        // A policy such as hash without failover may take none although some are usable.
        let reason =
            choice == nil ? "\(policy) gives up its group" : "\(policy) takes another one now"
        return Explanation(channel: channel, verdict: .passed, reason: reason)
    }

    /// What keeps every client from a channel now; nil when nothing does.
    private func obstacle(to channel: Channel, of group: Group, now: Instant) -> String? {
        let state = channel.state(now: now)
        if !state.isUsable {
            let why = channel.note(now: now).why.map { ": \($0)" } ?? ""
            return state.rawValue + why
        }
        if !channel.isElected { return "it is not primary" }
        if state == .full { return "full: maxc" }
        if channel.weight == 0 { return "its weight is 0" }
        if !group.slots.hasRoom { return "its group has max-sessions" }
        return nil
    }
}

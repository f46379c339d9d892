/// What a channel can do at this moment, in one word (architecture §5).
package enum ChannelState: String, Sendable, CaseIterable {
    /// Usable, with room left.
    case up
    /// Usable, but `maxc` sessions are running.
    case full
    /// No new sessions; running ones end by themselves.
    case drain
    /// Failed to connect, returns by itself.
    case grace
    /// A probe says that it fails.
    case down
    /// Switched off by autodisable, waits for a person.
    case auto
    /// Switched off by a person.
    case off
    /// A check or a trigger is running.
    case check

    /// Whether new sessions may go there when there is room.
    package var isUsable: Bool { self == .up || self == .full }
}

/// What a group is for at this moment.
package enum GroupRole: String, Sendable, CaseIterable {
    /// The first group that has a usable channel.
    case active
    /// A later group that carries sessions because an earlier one could not.
    case spill
    /// A later group, waiting.
    case standby
    /// Not one usable channel.
    case exhausted
}

internal import Shared

/// What a number from the daemon may be at most, so that a daemon gone mad cannot make a sum overflow here
/// and end the screen. Far above anything that can be true.
enum Bounds {
    /// Sessions, and slots for them: summed over channels.
    static let sessions: UInt64 = 1 << 40
    /// Times in milliseconds: some 285,000 years.
    static let milliseconds: UInt64 = 1 << 53
    /// People at the control socket: more than a daemon lets in.
    static let presences = 1000
}

extension ChannelSnapshot {
    var bounded: ChannelSnapshot {
        var channel = self
        channel.current = min(current, Bounds.sessions)
        channel.maxc = maxc.map { min($0, Bounds.sessions) }
        channel.sinceMilliseconds = min(sinceMilliseconds, Bounds.milliseconds)
        return channel
    }
}

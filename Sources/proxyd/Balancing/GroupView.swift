internal import Shared

/// A group's settings at one time, and its channels: replaced as a whole by a change.
final class GroupView: Sendable {
    let settings: GroupConfiguration
    let channels: [Channel]

    init(_ settings: GroupConfiguration, _ channels: [Channel]) {
        self.settings = settings
        self.channels = channels
    }

    /// Whether the policy looks at the address that a client connected to.
    var asksForDestination: Bool { settings.balance.key == .destination }
    /// The same for the server name.
    var asksForServerName: Bool { settings.balance.key == .serverName }

    /// Whether some channel could take a session, if need be after another one has ended.
    func isUsable(now: Instant) -> Bool {
        channels.contains { $0.isUsable(now: now) && $0.weight > 0 }
    }

    /// Whether anything is otherwise that the policy looks at besides the channels' states.
    func choosesOtherwise(than old: GroupView) -> Bool {
        settings.balance != old.settings.balance || settings.slowStart != old.settings.slowStart
            || channels.map(\.serial) != old.channels.map(\.serial)
            || settings.channels.map(\.weight) != old.settings.channels.map(\.weight)
            || settings.channels.map(\.endpoint) != old.settings.channels.map(\.endpoint)
    }
}

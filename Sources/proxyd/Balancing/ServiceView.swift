internal import Shared

/// What the sessions of a service go by at one time: replaced as a whole by a change.
final class ServiceView: Sendable {
    /// Without its listeners and groups, which are objects of their own.
    let settings: ServiceConfiguration
    let groups: [Group]
    let sources: PerSourceLimiter?
    /// Who may come in; nil: everyone.
    let access: AccessList?
    /// Whether some group asks which address a client connected to.
    let asksForDestination: Bool
    /// Whether some group asks which server name a client wants.
    let asksForServerName: Bool

    /// What has not changed since `old` is the same object: a session is released by the limiter that
    /// admitted it.
    init(_ settings: ServiceConfiguration, groups: [Group], after old: ServiceView? = nil) {
        var own = settings
        (own.listeners, own.groups) = ([], [])
        self.settings = own
        self.groups = groups
        let views = groups.map(\.view)
        asksForDestination = views.contains(where: \.asksForDestination)
        asksForServerName = views.contains(where: \.asksForServerName)
        if let old, old.settings.limits.perSource == settings.limits.perSource {
            sources = old.sources
        } else {
            sources = settings.limits.perSource.map(PerSourceLimiter.init)
        }
        if let old, old.settings.access == settings.access {
            access = old.access
        } else {
            access = AccessList(settings.access)
        }
    }

    var timeouts: Timeouts { settings.timeouts }
    var limits: ServiceLimits { settings.limits }
    var health: PassiveHealthRules { settings.health }
    /// How long a channel that failed is left alone.
    var grace: Duration { settings.grace }

    /// Another number after every step of an election: a session that found no channel a moment ago may find
    /// one now.
    var electionRevision: UInt64 { groups.reduce(0) { $0 &+ $1.ownPrimaryState.revision } }

    /// Whether a primary is being selected, so that waiting has an end.
    var isElecting: Bool { groups.contains { $0.primaryState?.isSought ?? false } }
}

internal import Shared

/// What the clients of a listener meet at one time: replaced as a whole by a change.
final class ListenerView: Sendable {
    let settings: ListenerConfiguration
    /// Who may come in; nil: everyone.
    let access: AccessList?
    /// New clients; nil: no limit.
    let rate: RateLimiter?
    /// Where clients go by what they say first; nil: all alike.
    let routes: RouteTable?
    /// TLS with clients; nil: they speak as they like.
    let tls: TLSServer?

    /// What has not changed since `old` is the same object.
    init(
        _ settings: ListenerConfiguration, tls: TLSServer? = nil, routes: RouteTable? = nil,
        after old: ListenerView? = nil
    ) {
        (self.settings, self.tls, self.routes) = (settings, tls, routes)
        if let old, old.settings.access == settings.access {
            access = old.access
        } else {
            access = AccessList(settings.access)
        }
        rate =
            old?.rate?.rate == settings.rate ? old?.rate : settings.rate.map(RateLimiter.init)
    }

    /// So many bytes of a client have to be there before a channel is chosen; 0: none.
    var waitForBytes: Int { settings.waitForBytes }

    /// Whether a connection from there has to begin with a proxy's header.
    func expectsHeader(from peer: Endpoint) -> Bool {
        settings.proxyProtocol.isExpected(from: peer)
    }

    /// Whether one more client keeps to `rate`.
    func keepsToRate(now: Instant) -> Bool { rate?.admit(now: now) ?? true }
}

internal import Shared

/// What was written, value by value good, with the places that whole-file rules need.
///
/// nil stands for what had a mistake of its own, so that one slip is not told twice.
struct ConfigurationDraft {
    var place: Place
    var control = ControlConfiguration()
    var metrics = MetricsConfiguration()
    var privileges = PrivilegesConfiguration()
    var log = LogConfiguration()
    var stateFile: String?
    var workers: Int?
    var maxSessions: Int?
    var services: [ServiceDraft]? = []
}

struct ServiceDraft {
    var place: Place
    var name: Placed<String>?
    var listeners: [ListenerDraft]? = []
    var timeouts = Timeouts()
    var grace = Duration.seconds(60)
    var probes = ProbeDraft()
    var resolve: Duration? = .seconds(30)
    var health = PassiveHealthRules()
    var limits = ServiceLimits()
    var access: [AccessRule] = []
    var source: ConnectionSource?
    var whenEmpty = WhenEmpty.close
    var onRemove = OnRemove.keep
    var groups: [GroupDraft]? = []
}

struct ListenerDraft {
    var place: Place
    var name: Placed<String>?
    var endpoint: Endpoint?
    /// Everything but name and endpoint.
    var mode: UInt32?
    var user: String?
    var group: String?
    var onBindFailure = OnBindFailure.fail
    var whenEmpty = WhenEmpty.close
    var backlog: Int32?
    var maxSessions: Int?
    var rate: ConnectionRate?
    var access: [AccessRule] = []
    var waitForBytes = 0
    var socket: SocketOptions?
    var proxyProtocol = ProxyProtocolIn.never
    var tls: TLSListenerConfiguration?
    var route: [Placed<RouteRule>] = []
}

struct GroupDraft {
    var place: Place
    var name: Placed<String>?
    var probes = ProbeDraft()
    var maxSessions: Int?
    var slowStart: Duration?
    var rebalance: Int?
    var balance = BalanceConfiguration()
    var election: Placed<ElectionConfiguration>?
    var mayBeEmpty = false
    var source: ConnectionSource?
    var socket: SocketOptions?
    var proxyProtocol: ProxyProtocolChoice?
    var tls: TLSChoice?
    var channels: [ChannelDraft]? = []
}

struct ChannelDraft {
    var place: Place
    var name: Placed<String>?
    var endpoint: Endpoint?
    var probes = ProbeDraft()
    var weight = 1
    var maxc: Int?
    var label: String?
    var isEnabled = true
    var source: ConnectionSource?
    var socket: SocketOptions?
    var proxyProtocol: ProxyProtocolChoice?
    var tls: TLSChoice?
}

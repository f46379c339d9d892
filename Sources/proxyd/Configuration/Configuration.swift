internal import Shared

/// What the daemon is asked to do: the one value that the file, the command line and every dialect
/// translate to. Whole and valid once `ConfigurationFile` or `NativeCommandLine` has returned it.
struct Configuration: Equatable, Sendable {
    var control = ControlConfiguration()
    var metrics = MetricsConfiguration()
    var privileges = PrivilegesConfiguration()
    var log = LogConfiguration()
    /// Keeps what people have said about channels, and what was counted, over a restart; nil: nothing does.
    var stateFile: String?
    /// Data threads; nil means one per core.
    var workers: Int?
    /// Sessions of the whole daemon at once; nil means what the descriptors allow.
    var maxSessions: Int?
    var services: [ServiceConfiguration] = []
}

/// The control socket.
struct ControlConfiguration: Equatable, Sendable {
    /// nil: `control.sock` in the runtime directory.
    var path: String?
    /// Permission bits of the socket.
    var mode: UInt32 = 0o600
    /// Name of the Unix group that owns the socket, and whose members operate.
    var group: String?
    /// A word that screens show, e.g. `PROD`.
    var environment: String?
    /// Who may do what, besides root, the daemon's own user and `group`.
    var admins = Principals()
    var operators = Principals()
    var viewers = Principals()
    /// A connection that asks nothing and watches nothing for so long is closed; nil: never.
    var idle: Duration? = .seconds(600)
}

/// Listeners and the ordered groups behind them.
struct ServiceConfiguration: Equatable, Sendable {
    var name: String
    var listeners: [ListenerConfiguration] = []
    var timeouts = Timeouts()
    /// How long a channel that failed to connect is left alone; zero: not at all. Fproxy's `-g`.
    var grace = Duration.seconds(60)
    /// How often names are resolved again; nil: once, at the start.
    var resolve: Duration? = .seconds(30)
    var health = PassiveHealthRules()
    var limits = ServiceLimits()
    /// Who may come in, on top of what each listener says.
    var access: [AccessRule] = []
    /// Where connections of its channels come from that say nothing themselves; nil: the kernel's choice.
    var ownSource: ConnectionSource?
    /// What its listeners do that say nothing themselves.
    var whenEmpty = WhenEmpty.close
    /// What becomes of sessions whose channel or listener is taken away.
    var onRemove = OnRemove.keep
    /// What its channels are probed with that inherit it.
    var ownProbes = ProbeDraft()
    var groups: [GroupConfiguration] = []
}

struct Timeouts: Equatable, Sendable {
    /// How long a channel may take to accept; past it the next one is tried. Balance's `-t`.
    var connect = Duration.seconds(5)
    /// Both directions silent for so long ends the session; nil: never. Balance's `-T`.
    var idle: Duration?
    /// One side has ended, the other is silent for so long; nil: as `idle`.
    var halfClosed: Duration?
    /// Sent bytes unacknowledged for so long end the session (`TCP_USER_TIMEOUT`, tcp(7)); nil: the kernel's.
    var deadPeer: Duration?
    /// What has to come before a channel is chosen may take so long; nil: for ever.
    var clientHello: Duration? = .seconds(5)
}

/// An address that clients connect to.
struct ListenerConfiguration: Equatable, Sendable {
    var name: String
    var endpoint: Endpoint
    /// Permission bits of a Unix socket.
    var mode: UInt32 = 0o666
    /// Whom a Unix socket belongs to, by name or number; nil: us.
    var user: String?
    /// Likewise its Unix group.
    var group: String?
    var onBindFailure = OnBindFailure.fail
    var whenEmpty = WhenEmpty.close
    /// Clients that the kernel holds for us until we accept (listen(2)).
    var backlog: Int32 = 4096
    /// Sessions of this listener at once; nil: no limit of its own.
    var maxSessions: Int?
    /// New clients; nil: no limit.
    var rate: ConnectionRate?
    /// Who may come in.
    var access: [AccessRule] = []
    /// A channel is chosen once the client has sent so many bytes; 0: at once. Fproxy's `-y`.
    var waitForBytes = 0
    /// Whether a proxy in front of us tells of its clients.
    var proxyProtocol = ProxyProtocolIn.never
    /// Where its clients go by what they say first; empty: all alike.
    var route: [RouteRule] = []
    var socket: SocketOptions?
    /// nil: nothing is encrypted.
    var tls: TLSListenerConfiguration?
}

/// What is done about an address that cannot be bound.
enum OnBindFailure: Equatable, Sendable {
    /// The daemon does not start, and a change is not made.
    case fail
    /// It goes on without that listener, as long as there is another one.
    case skip
    /// Likewise, and tries again each time that so long has passed.
    case retry(Duration)
}

/// What a client meets when no channel can take it.
enum WhenEmpty: Equatable, Sendable {
    /// Accepted, then closed.
    case close
    /// Accepted, then reset.
    case reset
    /// Nobody listens: connection refused.
    case refuse
    /// Waits for so long, then is closed.
    case hold(Duration)
}

/// What becomes of sessions that run when their channel or their listener is taken away.
enum OnRemove: Equatable, Sendable {
    /// They end when they like.
    case keep
    /// They may end for so long, and are ended then.
    case drain(Duration)
    /// They are ended at once.
    case cut
}

/// What failed connects do to a channel.
struct PassiveHealthRules: Equatable, Sendable {
    /// How long it is left alone at most, when it flaps.
    var graceMax = Duration.seconds(600)
    /// So many failures in a row make a grace time.
    var failures = 1
    /// It is switched off instead, until a person switches it on. Balance's `-a`.
    var autodisable = false
    /// The last usable channel of a service may be switched off, too.
    var panic = false
}

/// How much a service takes on, and what becomes of clients beyond that.
struct ServiceLimits: Equatable, Sendable {
    /// Sessions of this service at once; nil: no limit of its own.
    var maxSessions: Int?
    var perSource: PerSource?
    var overload = Overload.close
    /// How many clients may wait for room (`overload: queue`), and for how long.
    var queueSize = 1024
    var queueTimeout = Duration.seconds(10)
}

/// What a client meets that is one too many.
enum Overload: String, Equatable, Sendable, CaseIterable {
    /// Accepted, then closed.
    case close
    /// Accepted, then reset.
    case reset
    /// Waits in line until there is room.
    case queue
    /// Nobody listens until a session ends: connection refused.
    case refuse
}

/// What the clients of one address, or of one prefix, may do together.
struct PerSource: Equatable, Sendable {
    /// Sessions at once; nil: no limit.
    var max: Int?
    /// New sessions; nil: no limit.
    var rate: ConnectionRate?
    /// Leading bits of an address that make a source.
    var prefix4 = 32
    var prefix6 = 64
}

/// New connections over time: so many a second on average, so many at once after a pause.
struct ConnectionRate: Equatable, Sendable {
    var perSecond: Double
    var burst: Int
}

/// Channels chosen among together.
struct GroupConfiguration: Equatable, Sendable {
    var name: String
    /// Sessions of this group at once; nil: no limit of its own.
    var maxSessions: Int?
    var balance = BalanceConfiguration()
    /// A channel that returns gets its full weight only after so long.
    var slowStart: Duration?
    /// Every so many choices all grace times end. Tcprelay's `rebalance`.
    var rebalance: Int?
    /// It may have no channel, and get some later.
    var mayBeEmpty = false
    var channels: [ChannelConfiguration] = []
    /// For `balance: primary`.
    var election = ElectionConfiguration()
    /// What its channels are probed with that inherit it.
    var ownProbes = ProbeDraft()
    /// Of its channels' connections, where they say nothing themselves.
    var ownSource: ConnectionSource?
    var ownSocket: SocketOptions?
    var ownProxyProtocol: ProxyProtocolChoice?
    var ownTLS: TLSChoice?
}

/// Where a session can be taken.
struct ChannelConfiguration: Equatable, Sendable {
    var name: String
    var endpoint: Endpoint
    /// Share of new sessions against its siblings; 0 takes none.
    var weight = 1
    /// Sessions at once; nil: no limit.
    var maxc: Int?
    /// A word for people.
    var label: String?
    /// Whether it takes sessions from the start.
    var isEnabled = true
    /// Its own, or what its group or service has.
    var probes = ProbePlan()
    /// What was written for it alone.
    var ownProbes = ProbeDraft()
    /// Its own, or what its group or service has.
    var source: ConnectionSource?
    var socket: SocketOptions?
    /// How it is told of clients; nil: it is not.
    var proxyProtocol: ProxyProtocolOut?
    /// nil: nothing is encrypted.
    var tls: TLSChannelConfiguration?
    /// What was written for it alone.
    var ownSource: ConnectionSource?
    var ownSocket: SocketOptions?
    var ownProxyProtocol: ProxyProtocolChoice?
    var ownTLS: TLSChoice?
}

internal import Shared

/// What the daemon is asked to do: the one value that the file, the command line and every dialect
/// translate to. Whole and valid once `ConfigurationFile` or `NativeCommandLine` has returned it.
struct Configuration: Equatable, Sendable {
    var control = ControlConfiguration()
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
    /// Name of the Unix group that owns the socket.
    var group: String?
    /// A word that screens show, e.g. `PROD`.
    var environment: String?
}

/// Listeners and the ordered groups behind them.
struct ServiceConfiguration: Equatable, Sendable {
    var name: String
    var listeners: [ListenerConfiguration] = []
    var timeouts = Timeouts()
    /// How long a channel that failed to connect is left alone.
    var grace = Duration.seconds(60)
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
}

/// An address that clients connect to.
struct ListenerConfiguration: Equatable, Sendable {
    var name: String
    var endpoint: Endpoint
    /// Permission bits of a Unix socket.
    var mode: UInt32 = 0o666
    var whenEmpty = WhenEmpty.close
    /// Clients that the kernel holds for us until we accept (listen(2)).
    var backlog: Int32 = 4096
    /// Sessions of this listener at once; nil: no limit of its own.
    var maxSessions: Int?
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

/// Channels chosen among together.
struct GroupConfiguration: Equatable, Sendable {
    var name: String
    var policy = PolicyName.roundRobin
    var channels: [ChannelConfiguration] = []
    /// For `balance: primary`.
    var election = ElectionConfiguration()
}

/// The `balance:` words. One per policy that this version has.
enum PolicyName: String, Equatable, Sendable, CaseIterable {
    case roundRobin = "round-robin"
    /// One channel at a time, chosen by an election.
    case primary
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
}

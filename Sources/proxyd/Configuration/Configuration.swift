internal import Shared

// What the daemon is asked to do. Each entity is its name, its settings (one value, whose keys its file lists) and
// what is in it. A key that is set or left out is read as if it were the entity's own.

/// The one value that the file, the command line and every dialect translate to. Whole and valid once
/// `ConfigurationFile` or `NativeCommandLine` has returned it.
@dynamicMemberLookup
struct Configuration: Equatable, Sendable {
    var settings = DaemonSettings()
    var services: [ServiceConfiguration] = []

    subscript<Value>(dynamicMember key: WritableKeyPath<DaemonSettings, Value>) -> Value {
        get { settings[keyPath: key] }
        set { settings[keyPath: key] = newValue }
    }
}

/// Listeners and the ordered groups behind them.
@dynamicMemberLookup
struct ServiceConfiguration: Equatable, Sendable {
    var name: String
    var settings = ServiceSettings()
    var listeners: [ListenerConfiguration] = []
    var groups: [GroupConfiguration] = []

    subscript<Value>(dynamicMember key: WritableKeyPath<ServiceSettings, Value>) -> Value {
        get { settings[keyPath: key] }
        set { settings[keyPath: key] = newValue }
    }
}

/// An address that clients connect to.
@dynamicMemberLookup
struct ListenerConfiguration: Equatable, Sendable {
    var name: String
    var endpoint: Endpoint
    var settings = ListenerSettings()

    /// Permission bits of a Unix socket.
    var mode: UInt32 {
        get { settings.mode ?? ListenerSettings.standardMode }
        set { settings.mode = newValue }
    }

    subscript<Value>(dynamicMember key: WritableKeyPath<ListenerSettings, Value>) -> Value {
        get { settings[keyPath: key] }
        set { settings[keyPath: key] = newValue }
    }
}

/// Channels chosen among together.
@dynamicMemberLookup
struct GroupConfiguration: Equatable, Sendable {
    var name: String
    var settings = GroupSettings()
    var channels: [ChannelConfiguration] = []

    subscript<Value>(dynamicMember key: WritableKeyPath<GroupSettings, Value>) -> Value {
        get { settings[keyPath: key] }
        set { settings[keyPath: key] = newValue }
    }
}

/// Where a session can be taken.
@dynamicMemberLookup
struct ChannelConfiguration: Equatable, Sendable {
    var name: String
    var endpoint: Endpoint
    var settings = ChannelSettings()
    /// Its own, or what its group or service has; so are all of these.
    var probes = ProbePlan()
    var source: ConnectionSource?
    var socket: SocketOptions?
    /// How it learns of clients; nil: it does not.
    var proxyProtocol: ProxyProtocolOut?
    /// nil: nothing is encrypted.
    var tls: TLSChannelConfiguration?

    subscript<Value>(dynamicMember key: WritableKeyPath<ChannelSettings, Value>) -> Value {
        get { settings[keyPath: key] }
        set { settings[keyPath: key] = newValue }
    }
}

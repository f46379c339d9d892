internal import Shared

/// How clients of an address are taken; its name and the address stand beside it.
struct ListenerSettings: Equatable, Sendable {
    /// Permission bits of a Unix socket; nil: the standard ones.
    var mode: UInt32?
    /// Owner of a Unix socket, by name or number; nil: us.
    var user: String?
    /// Likewise its Unix group.
    var group: String?
    var onBindFailure = OnBindFailure.fail
    /// Its service's, unless it says otherwise.
    var whenEmpty = WhenEmpty.close
    /// Clients that the kernel holds for us until we accept (listen(2)).
    var backlog: Int32 = 4096
    /// Sessions of this listener at once; nil: no limit of its own.
    var maxSessions: Int?
    /// New clients; nil: no limit.
    var rate: ConnectionRate?
    /// Who may come in.
    var access: [AccessRule] = []
    /// Whether a proxy in front of us announces its clients.
    var proxyProtocol = ProxyProtocolIn.never
    /// Where its clients go by what they say first; empty: all alike.
    var route: [RouteRule] = []
    /// A channel is chosen once the client has sent so many bytes; 0: at once. Fproxy's `-y`.
    var waitForBytes = 0
    /// nil: nothing is encrypted.
    var tls: TLSListenerConfiguration?
    var socket: SocketOptions?

    static let standardMode: UInt32 = 0o666

    static let keys = KeyTable("a listener", ListenerSettings()) {
        Key(
            KeyInfo(
                "address", "address", [Schema.ref("endpoint")], settable: true, creatable: false))
        Key(
            KeyInfo("unix", "path", [Schema.ref("path")]))
        Key(
            KeyInfo("name", "name", [Schema.ref("name")], creatable: true))
        Key(
            "mode", \.mode, .mode, settable: true, default: Schema.quoted("0666"),
            help: "Of a Unix socket. The default is `\"0666\"`.")
        Key(
            "user", \.user, .user, settable: true,
            help: "Owner of a Unix socket, by name or number.")
        Key(
            "group", \.group, .unixGroup, settable: true,
            help: "The Unix group of a Unix socket, by name or number.")
        Key(
            "on-bind-failure", \.onBindFailure, .onBindFailure, settable: true,
            help: """
                When its address cannot be had: `fail` (the daemon does not start, and a
                change is not made; the default), `skip` (the other listeners are
                enough) or `retry 5s` (it is tried again, each time that so long has
                passed).
                When every listener says `skip` and none can be opened, the daemon does
                not start.
                """)
        Key(
            "when-empty", \.whenEmpty, .whenEmpty, settable: true, hasDefault: false,
            help: "As its service's, unless said otherwise.")
        Key(
            "backlog", \.backlog, .number(ValueReader.backlogs), settable: true,
            help: """
                Clients that the kernel holds until they are accepted, see {Xr listen
                2}.
                The default is 4096.
                """)
        Key(
            "max-sessions", \.maxSessions, .sessions, settable: true,
            help: """
                Sessions through this listener at once; it stops accepting until one
                ends.
                """)
        Key("rate", \.rate, .rate, settable: true, help: "New clients over time.")
        Key(
            KeyInfo(
                "burst", "number", [Schema.ref("sessions")], settable: true,
                help: """
                    New clients at once after a pause; a second's worth unless said
                    otherwise.
                    """))
        Key("access", \.access, .access, settable: true, help: "As in {Sx A service}.")
        Key(
            "proxy-protocol", \.proxyProtocol, .proxyProtocol, settable: true,
            help: """
                Whether connections begin with the header of a proxy in front of us,
                version 1 or 2 of the PROXY protocol: `never` (the default), `require`,
                or a map, see {Sx proxy-protocol}; on one line `accept-from 10.0.0.0/8
                unix`.
                The client that the header names is the one that everything else goes
                by.
                """)
        Key(
            "wait-for-bytes", \.waitForBytes, .number(ValueReader.bytesWaitedFor), settable: true,
            help: """
                A channel is chosen once the client has sent so many bytes, at most
                32768; the channel gets them all.
                The default, 0, is at once.
                How long that may take says {Ic client-hello} in {Sx timeouts}.
                """)
        Key(
            "route", \.route, .route,
            help: """
                Where clients go by what they say first, see {Sx a rule of route}.
                The first rule that fits decides; a client that none fits is closed.
                Another one takes {Ql reload}.
                """)
        Key(
            "socket", \.socket, .socket(SocketOptions.listenerKeys, "listener-socket"),
            settable: true, help: "See {Sx A listener's socket}.")
        Key(
            "tls", \.tls, .listenerTLS,
            help: """
                Clients speak TLS, see {Sx A listener's tls}.
                Another one takes {Ql reload}.
                """)
    }
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
    /// The listener is closed: connection refused.
    case refuse
    /// Waits for so long, then is closed.
    case hold(Duration)

    static let keys = KeySet(
        "“when-empty”",
        [
            KeyInfo(
                "hold", "time", [Schema.ref("duration")],
                help: "The client waits for so long, then is closed.")
        ])
}

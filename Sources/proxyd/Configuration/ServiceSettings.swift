internal import Shared

/// What a service does; its name, its listeners and its groups stand beside it.
struct ServiceSettings: Equatable, Sendable {
    var timeouts = Timeouts()
    /// How long a channel that failed to connect is left alone; zero: not at all. Fproxy's `-g`.
    var grace = Duration.seconds(60)
    /// How many channels are tried for one client; nil: all.
    var tries: Int? = 16
    var health = PassiveHealthRules()
    /// How often names are resolved again; nil: once, at the start.
    var resolve: Duration? = .seconds(30)
    /// What its listeners do that say nothing themselves.
    var whenEmpty = WhenEmpty.close
    /// What becomes of sessions whose channel or listener is taken away.
    var onRemove = OnRemove.keep
    var limits = ServiceLimits()
    /// Who may come in, on top of what each listener says.
    var access: [AccessRule] = []
    /// Where connections of its channels come from that say nothing themselves; nil: the kernel's choice.
    var ownSource: ConnectionSource?
    /// What its channels are probed with that inherit it.
    var ownProbes = ProbeDraft()

    static let keys = KeyTable("a service", ServiceSettings()) {
        Key(
            KeyInfo("name", "name", [Schema.ref("name")], creatable: true))
        Key(
            KeyInfo(
                "listen", "list",
                [
                    #""type": "array""#, #""minItems": 1"#,
                    ##""items": { "oneOf": [{ "$ref": "#/$defs/endpoint" }, { "$ref": "#/$defs/listener" }] }"##,
                ], help: "Addresses that clients connect to, or maps, see {Sx A listener}."))
        Key(
            "timeouts", \.timeouts, Timeouts.keys, settable: true, schema: Schema.ref("timeouts"),
            help: "See {Sx timeouts}.")
        Key(
            "tries", \.tries, .numberOrAll(1...100_000), settable: true,
            help: """
                How many channels are tried for one client, or `all`; when so many have
                failed, `when-empty` says what it meets.
                The default is 16.
                """)
        Key(
            "grace", \.grace, .time(.zero, upTo: ValueReader.year), settable: true,
            help: """
                How long a channel that failed to connect is left alone.
                The default is 60s; `0` is not at all.
                """)
        Key(
            "grace-max", \.health.graceMax, .time(.zero, upTo: ValueReader.year), settable: true,
            help: """
                How long at most: a channel that fails soon after a grace time is left
                alone for twice as long the next time.
                The default is 600s.
                """)
        Key(
            "failures", \.health.failures, .number(1...1000), settable: true,
            help: "So many failed connects in a row make a grace time. The default is 1.")
        Key(
            "autodisable", \.health.autodisable, .flag, settable: true,
            help: """
                A channel that fails is switched off until a person enables it; never
                the last usable one.
                The default is no.
                """)
        Key(
            "panic", \.health.panic, .flag, settable: true,
            help: """
                {Ic autodisable} takes the last usable channel, too.
                The default is no.
                """)
        Key(
            "resolve", \.resolve, .timeOrNever(upTo: ValueReader.year), settable: true,
            help: """
                How often the names of channels are resolved again.
                The default is 30s; `never` is once at the start.
                """)
        Key(
            "when-empty", \.whenEmpty, .whenEmpty, settable: true,
            help: """
                What a client meets when no channel is usable: `close` (the default),
                `reset`, `refuse` (the port is closed) or `hold 10s` (it waits); see also
                {Sx when-empty}.
                """)
        Key(
            "on-remove", \.onRemove, .onRemove, settable: true,
            help: """
                What becomes of sessions whose channel or listener is taken away: `keep`
                (the default), `cut`, or `drain 30s`; see also {Sx on-remove}.
                """)
        Key(
            "max-sessions", \.limits.maxSessions, .sessions, settable: true,
            help: "Sessions of this service at once.")
        Key(
            "per-source", \.limits.perSource, .perSource, settable: true,
            help: "See {Sx per-source}.")
        Key(
            "overload", \.limits.overload, .overload, settable: true,
            help: """
                What a client meets that is one too many: `close` (the default),
                `reset`, `queue` or `refuse` (the port is closed until a session ends).
                """)
        Key(
            "queue", \.limits, ServiceLimits.queueKeys, settable: true, schema: Schema.ref("queue"),
            help: "See {Sx queue}.",
            writeIf: { $0.limits.overload == .queue },
            check: { reader, value, settings in
                if settings.limits.overload != .queue, reader.yaml.diagnostics.isEmpty {
                    reader.yaml.diagnostics.add(
                        "“queue” has no effect without overload: queue", "add overload: queue",
                        at: value.place)
                }
            })
        Key(
            "access", \.access, .access, settable: true,
            help: """
                Who may come in: a list of rules of which the first that fits a client
                decides, see {Sx a rule of access}.
                Whom no rule fits may come in; a last `deny all` keeps everybody else
                out.
                All rules may stand on one line: `allow 10.0.0.0/8, deny all reset`.
                A client has to pass its listener's rules and its service's.
                """)
        Key(
            "source", \.ownSource, .source, settable: true,
            help: """
                Where connections to channels come from: addresses of this machine, used
                in turns, or `client`, the client's own address, which takes {Dv
                CAP_NET_RAW} and routes that lead the answers back.
                A client of another address family than its channel is connected as if
                nothing were said.
                The nearest one counts: a channel's, its group's, its service's.
                """)
        Key(
            KeyInfo(
                "groups", "list",
                [
                    #""type": "array""#, #""minItems": 1"#,
                    ##""items": { "$ref": "#/$defs/group" }"##,
                ], help: "Tried in order, see {Sx A group}."))
        Key(
            KeyInfo(
                "channels", "list", [Schema.ref("channels")],
                help: "Short for one group with these channels."))
        Key(
            "probe", \.ownProbes.probes, .probes, settable: true,
            help: """
                Health checks of all its channels: the word of a kind, a map, a list of
                up to eight, or `none`; see {Sx A probe}.
                The nearest one counts: a channel's, its group's, its service's.
                """)
        Key(
            "probes", \.ownProbes.need, .probeNeed, settable: true,
            help: "How many of several probes have to be good. The default is all.")
    }
}

extension ServiceSettings {
    /// Every channel is tried for every client, however long that takes: as other programs do.
    mutating func tryAllChannels() {
        tries = nil
        timeouts.connectTotal = nil
    }
}

struct Timeouts: Equatable, Sendable {
    /// How long a channel may take to accept; past it the next one is tried. Balance's `-t`.
    var connect = Duration.seconds(5)
    /// How long all connects for one client may take together; nil: for ever.
    var connectTotal: Duration? = .seconds(30)
    /// A session is closed after this long without traffic in either direction; nil: never. Balance's `-T`.
    var idle: Duration?
    /// The same once one side has ended, or after `idle` where that is less; nil: as `idle`.
    var halfClosed: Duration? = .seconds(60)
    /// Sent bytes unacknowledged for so long end the session (`TCP_USER_TIMEOUT`, tcp(7)); nil: the kernel's.
    var deadPeer: Duration?
    /// What has to come before a channel is chosen may take so long; nil: for ever.
    var clientHello: Duration? = .seconds(5)

    /// When a session in which one side has ended is over if nothing comes from the other.
    var halfClosedOrIdle: Duration? {
        guard let halfClosed, let idle else { return halfClosed ?? idle }
        return min(halfClosed, idle)
    }

    static let keys = KeyTable("“timeouts”", Timeouts()) {
        Key(
            "connect", \.connect, .time(upTo: ValueReader.year), settable: true,
            help: """
                How long a channel may take to accept; past it the next one is tried.
                The default is 5s.
                """)
        Key(
            "connect-total", \.connectTotal, .timeOrNever(upTo: ValueReader.year),
            settable: true,
            help: """
                How long all connects for one client may take together; then no further
                channel is tried.
                The first connect always gets its full `connect`.
                The default is 30s.
                """)
        Key(
            "idle", \.idle, .timeOrNever(upTo: ValueReader.year), settable: true,
            help: """
                Close a session after this long without traffic in either direction.
                The default is never.
                """)
        Key(
            "half-closed", \.halfClosed, .timeOrNever(upTo: ValueReader.year), settable: true,
            help: """
                Close a session after one side has ended and the other was silent for this long,
                if {Ic idle} does not close it sooner.
                The default is 60s; without a limit a channel that never ends would keep the
                session of a client that has gone.
                """)
        Key(
            "dead-peer", \.deadPeer, .timeOrNever(upTo: ValueReader.longestDeadPeer),
            settable: true, hasDefault: false,
            help: """
                Bytes unacknowledged for so long end a session; at most 24 days.
                Without it, the kernel decides; see {Dv TCP_USER_TIMEOUT} in {Xr tcp 7}.
                """)
        Key(
            "client-hello", \.clientHello, .timeOrNever(upTo: ValueReader.longestHold),
            settable: true,
            help: """
                What has to come from a client before a channel is chosen {Pq Ic
                wait-for-bytes , proxy-protocol , route , No the key Cm sni} may take so
                long.
                The default is 5s.
                """)
    }
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

/// What becomes of sessions that run when their channel or their listener is taken away.
enum OnRemove: Equatable, Sendable {
    /// They end when they like.
    case keep
    /// They may end for so long, and are ended then.
    case drain(Duration)
    /// They are ended at once.
    case cut

    static let keys = KeySet(
        "“on-remove”",
        [
            KeyInfo(
                "drain", "time", [Schema.ref("duration")],
                help: "They may go on for so long, and are ended then.")
        ])
}

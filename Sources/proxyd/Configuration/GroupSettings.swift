internal import Shared

/// How sessions are spread over channels; a group's name and its channels stand beside it.
struct GroupSettings: Equatable, Sendable {
    var balance = BalanceConfiguration()
    /// Sessions of this group at once; nil: no limit of its own.
    var maxSessions: Int?
    /// A channel that returns gets its full weight only after so long.
    var slowStart: Duration?
    /// Every so many choices all grace times end. Tcprelay's `rebalance`.
    var rebalance: Int?
    /// It may have no channel, and get some later.
    var mayBeEmpty = false
    /// Of its channels' connections, where they say nothing themselves.
    var ownSource: ConnectionSource?
    var ownSocket: SocketOptions?
    var ownProxyProtocol: ProxyProtocolChoice?
    var ownTLS: TLSChoice?
    /// For `balance: primary`.
    var election = ElectionConfiguration()
    /// What its channels are probed with that inherit it.
    var ownProbes = ProbeDraft()

    static let keys = KeyTable("a group", GroupSettings()) {
        Key(
            KeyInfo("name", "name", [Schema.ref("name")], creatable: true))
        Key(
            "balance", \.balance, .balance, settable: true,
            help: """
                How a channel is chosen: the word of a policy or a map, see {Sx
                balance}.
                """)
        Key(
            "max-sessions", \.maxSessions, .sessions, settable: true,
            help: "Sessions of this group at once.")
        Key(
            "slow-start", \.slowStart, .timeOrNothing(upTo: ValueReader.longestHold),
            settable: true,
            help: """
                A channel that returns gets its full weight only after so long.
                The default is never.
                """)
        Key(
            "rebalance", \.rebalance, .number(1...1_000_000), settable: true,
            help: "Every so many choices all grace times end.")
        Key(
            "election", \.election, ElectionConfiguration.keys, settable: true,
            schema: Schema.ref("election"), help: "With `primary`, see {Sx election}.",
            writeIf: { $0.balance.policy == .primary })
        Key(
            "may-be-empty", \.mayBeEmpty, .flag, settable: true,
            help: "The group may have no channel, and get some later. The default is no.")
        Key(
            KeyInfo(
                "channels", "list", [Schema.ref("channels")],
                help: "Addresses, or maps, see {Sx A channel}."))
        Key("probe", \.ownProbes.probes, .probes, settable: true)
        Key("probes", \.ownProbes.need, .probeNeed, settable: true)
        Key("source", \.ownSource, .source, settable: true, help: "As in {Sx A service}.")
        Key(
            "socket", \.ownSocket, .socket(SocketOptions.channelKeys, "channel-socket"),
            settable: true, help: "For its channels, see {Sx A channel's socket}.")
        Key(
            "proxy-protocol", \.ownProxyProtocol, .proxyHeader, settable: true,
            help: """
                How its channels are told of clients: by the PROXY protocol `v1` or
                `v2`, the latter with any of `unique-id`, `sni`, `alpn`,
                `client-certificate` and `crc32c` behind it for what else is told where
                it is known.
                Checks tell that the proxy speaks for itself, unless they have a port or
                an address of their own.
                """)
        Key(
            "tls", \.ownTLS, .channelTLS,
            help: """
                Whether TLS is spoken with its channels, and how, see {Sx A channel's
                tls}.
                Another one takes {Ql reload}.
                """)
    }
}

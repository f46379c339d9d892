internal import Shared

/// How sessions are taken to a channel; its name and its address stand beside it.
struct ChannelSettings: Equatable, Sendable {
    /// Share of new sessions against its siblings; 0 gets none.
    var weight = 1
    /// Sessions at once; nil: no limit.
    var maxc: Int?
    /// A word for people.
    var label: String?
    /// Whether it takes sessions from the start.
    var isEnabled = true
    /// What was written for it alone; its group and its service say the rest.
    var ownSource: ConnectionSource?
    var ownSocket: SocketOptions?
    var ownProxyProtocol: ProxyProtocolChoice?
    var ownTLS: TLSChoice?
    var ownProbes = ProbeDraft()

    static let keys = KeyTable("a channel", ChannelSettings()) {
        Key(
            KeyInfo(
                "address", "address", [Schema.ref("endpoint")], settable: true, creatable: false))
        Key(
            KeyInfo("unix", "path", [Schema.ref("path")]))
        Key(
            KeyInfo("name", "name", [Schema.ref("name")], creatable: true))
        Key(
            "weight", \.weight, .number(ValueReader.weights), settable: true,
            help: """
                Share of new sessions against its siblings, 0 to 10000; 0 gets none.
                The default is 1.
                """)
        Key("maxc", \.maxc, .sessions, settable: true, help: "Sessions at once, exact to the one.")
        Key("label", \.label, .label, settable: true, help: "A word for people.")
        Key(
            "enabled", \.isEnabled, .flagOn, creatable: true,
            help: "Whether it takes sessions from the start. The default is yes.")
        Key("probe", \.ownProbes.probes, .probes, settable: true)
        Key("probes", \.ownProbes.need, .probeNeed, settable: true)
        Key("source", \.ownSource, .source, settable: true, help: "As in {Sx A service}.")
        Key(
            "socket", \.ownSocket, .socket(SocketOptions.channelKeys, "channel-socket"),
            settable: true, help: "Instead of its group's, see {Sx A channel's socket}.")
        Key(
            "proxy-protocol", \.ownProxyProtocol, .proxyHeader, settable: true,
            help: "Instead of its group's; `never` for no header.")
        Key(
            "tls", \.ownTLS, .channelTLS,
            help: "Instead of its group's, as a whole, see {Sx A channel's tls}.")
    }
}

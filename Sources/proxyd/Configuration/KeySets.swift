// Every map that the file can have.

extension KeySet {
    static let file = DaemonSettings.keys.set
    static let control = ControlConfiguration.keys.set
    static let privileges = PrivilegesConfiguration.keys.set
    static let service = ServiceSettings.keys.set
    static let timeouts = Timeouts.keys.set
    static let perSource = PerSource.keys.set
    static let queue = ServiceLimits.queueKeys.set
    static let onRemove = OnRemove.keys
    static let listener = ListenerSettings.keys.set
    static let whenEmpty = WhenEmpty.keys
    static let listenerSocket = SocketOptions.listenerKeys.set
    static let listenerTLS = TLSListenerConfiguration.keys.set
    static let group = GroupSettings.keys.set
    static let election = ElectionConfiguration.keys.set
    static let channel = ChannelSettings.keys.set
    static let channelSocket = SocketOptions.channelKeys.set
    static let channelTLS = TLSChannelConfiguration.keys.set

    /// In the order in which a misplaced key is looked for.
    static let all = [
        file, service, timeouts, listener, group, balance, election, channel, whenEmpty,
        perSource, queue, probe, probeStep, control, metrics, metricsListen,
        statsd, privileges, onRemove, log, accessLog, errorLog, accessRule, listenerSocket,
        channelSocket, proxyProtocol, routeRule, listenerTLS, certificate, channelTLS,
    ]
}

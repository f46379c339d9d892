/// The keys that a map of the file may have. The one place where they are listed: the loader takes no
/// other, and `docs/proxyd.schema.json` is tested against it.
struct KeySet: Sendable {
    /// What the map describes, for messages: `a service`.
    let noun: String
    let keys: [String]

    static let file = KeySet(
        noun: "the file",
        keys: [
            "control", "metrics", "privileges", "log", "state-file", "workers", "max-sessions",
            "services",
        ])
    static let privileges = KeySet(
        noun: "“privileges”", keys: ["user", "group", "chroot", "keep-bind"])
    static let control = KeySet(
        noun: "“control”",
        keys: ["socket", "mode", "group", "environment", "admins", "operators", "viewers", "idle"])
    static let metrics = KeySet(noun: "“metrics”", keys: ["listen", "statsd"])
    static let metricsListen = KeySet(noun: "“listen”", keys: ["address", "unix", "mode"])
    static let statsd = KeySet(noun: "“statsd”", keys: ["address", "interval", "prefix"])
    static let log = KeySet(noun: "“log”", keys: ["access", "format", "error"])
    static let accessLog = KeySet(
        noun: "“access”",
        keys: [
            "target", "format", "events", "every", "socket", "ident", "facility", "severity",
        ])
    static let errorLog = KeySet(
        noun: "“error”", keys: ["target", "level", "socket", "ident", "facility", "severity"])
    static let service = KeySet(
        noun: "a service",
        keys: [
            "name", "listen", "timeouts", "grace", "grace-max", "failures", "autodisable", "panic",
            "resolve", "when-empty", "on-remove", "max-sessions", "per-source",
            "overload", "queue", "access", "source", "groups", "channels", "probe", "probes",
        ])
    static let timeouts = KeySet(
        noun: "“timeouts”", keys: ["connect", "idle", "half-closed", "dead-peer", "client-hello"])
    static let listener = KeySet(
        noun: "a listener",
        keys: [
            "address", "unix", "name", "mode", "user", "group", "on-bind-failure", "when-empty",
            "backlog", "max-sessions", "rate", "burst", "access", "proxy-protocol",
            "wait-for-bytes", "route", "socket", "tls",
        ])
    static let group = KeySet(
        noun: "a group",
        keys: [
            "name", "balance", "max-sessions", "slow-start", "rebalance", "election",
            "may-be-empty", "channels", "probe", "probes", "source", "socket", "proxy-protocol",
            "tls",
        ])
    static let balance = KeySet(
        noun: "“balance”",
        keys: ["policy", "key", "function", "failover", "max-load", "seed"])
    static let election = KeySet(
        noun: "“election”",
        keys: [
            "check", "check-timeout", "triggers", "trigger-timeout", "max-backoff", "prefer",
            "failback", "failback-delay", "on-change", "while-electing",
        ])
    static let channel = KeySet(
        noun: "a channel",
        keys: [
            "address", "unix", "name", "weight", "maxc", "label", "enabled", "probe", "probes",
            "source", "socket", "proxy-protocol", "tls",
        ])
    static let listenerTLS = KeySet(
        noun: "a listener's tls",
        keys: certificate.keys + [
            "certificates", "min-version", "max-version", "ciphers", "ciphersuites", "curves",
            "alpn", "client-certificate", "client-ca", "crl", "tickets", "ticket-lifetime",
            "handshake-timeout", "max-handshakes", "unknown-name", "require-close-notify",
        ])
    static let certificate = KeySet(
        noun: "a certificate",
        keys: [
            "certificate", "key", "passphrase", "passphrase-file", "passphrase-env", "names",
            "staple",
        ])
    static let channelTLS = KeySet(
        noun: "a channel's tls",
        keys: [
            "verify", "ca", "crl", "name", "sni", "alpn", "certificate", "key", "passphrase",
            "passphrase-file", "passphrase-env", "min-version", "max-version", "ciphers",
            "ciphersuites", "curves", "require-close-notify",
        ])
    static let routeRule = KeySet(
        noun: "a rule of “route”",
        keys: ["sni", "alpn", "first-bytes", "group", "service", "default"])
    static let proxyProtocol = KeySet(noun: "“proxy-protocol”", keys: ["accept-from"])
    static let accessRule = KeySet(
        noun: "a rule of “access”", keys: ["allow", "deny", "allow-file", "deny-file", "action"])
    static let listenerSocket = KeySet(
        noun: "a listener's socket",
        keys: [
            "interface", "mark", "dscp", "mptcp", "congestion", "fast-open", "defer-accept",
            "keepalive-idle", "keepalive-interval", "keepalive-count",
        ])
    static let channelSocket = KeySet(
        noun: "a channel's socket",
        keys: [
            "interface", "mark", "dscp", "mptcp", "congestion", "keepalive-idle",
            "keepalive-interval", "keepalive-count",
        ])
    static let whenEmpty = KeySet(noun: "“when-empty”", keys: ["hold"])

    static let onRemove = KeySet(noun: "“on-remove”", keys: ["drain"])
    static let perSource = KeySet(
        noun: "“per-source”", keys: ["max", "rate", "burst", "prefix4", "prefix6"])
    static let queue = KeySet(noun: "“queue”", keys: ["size", "timeout"])

    static let probe = KeySet(
        noun: "a probe",
        keys: [
            "kind", "interval", "fast-interval", "timeout", "rise", "fall", "port", "address",
            "steps", "method", "path", "host", "status", "body", "command", "user", "tls",
        ])
    static let probeStep = KeySet(noun: "a step", keys: ["send", "expect"])

    static let all = [
        file, service, timeouts, listener, group, balance, election, channel, whenEmpty,
        perSource, queue, probe, probeStep, control, metrics, metricsListen,
        statsd, privileges, onRemove, log, accessLog, errorLog, accessRule, listenerSocket,
        channelSocket, proxyProtocol, routeRule, listenerTLS, certificate, channelTLS,
    ]

    /// Keys that the design names and this version lacks, wherever they stand.
    static let later: Set<String> = [
        "checks", "trigger",
    ]

    /// Policies that the design names and this version lacks.
    static let laterPolicies: Set<String> = []

    /// What to say about a key that is not in the set.
    func mistake(about key: String) -> ValueError {
        if Self.later.contains(key) {
            return ValueError("“\(key)” is not available in this version", "remove it")
        }
        let problem = "unknown key “\(key)” in \(noun)"
        if let near = NearestWord.nearest(to: key, among: keys) {
            return ValueError(problem, "did you mean “\(near)”?")
        }
        if let owner = Self.all.first(where: { $0.keys.contains(key) }) {
            return ValueError(problem, "it belongs in \(owner.noun)")
        }
        return ValueError(problem, "the keys here are \(keys.joined(separator: ", "))")
    }
}

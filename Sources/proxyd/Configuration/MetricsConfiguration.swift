internal import Shared

/// Who may have the figures, besides the control socket.
struct MetricsConfiguration: Equatable, Sendable {
    /// Where `GET /metrics` and `GET /healthz` are answered; nil: nowhere.
    var listen: Listen?
    var statsd: StatsdConfiguration?

    struct Listen: Equatable, Sendable {
        var endpoint: Endpoint
        /// Permission bits of a Unix socket.
        var mode: UInt32 = 0o666
    }
}

/// A statsd server that is sent what channels do.
struct StatsdConfiguration: Equatable, Sendable {
    var endpoint: Endpoint
    var interval = Duration.seconds(10)
    /// What every name begins with.
    var prefix = "proxyd"
}

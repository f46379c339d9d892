/// What is shown of a session: a column of `show sessions`, and a field that filters and sorts may name.
package enum SessionField: String, Sendable, CaseIterable {
    case id
    case client
    case listener
    case channel
    case phase
    case age = "age_ms"
    case idle = "idle_ms"
    case inBytes = "in_bytes"
    case outBytes = "out_bytes"
    case worker
    case inMode = "in_mode"
    case outMode = "out_mode"
    case retries
    case inIdle = "in_idle_ms"
    case outIdle = "out_idle_ms"
    case inRate = "in_rate_bytes"
    case outRate = "out_rate_bytes"
    case last
    case blame
    case stuck
    case channelPort = "channel_port"
    case clientRTT = "client_rtt_us"
    case channelRTT = "channel_rtt_us"
    case rtt = "rtt_us"
    case clientRetransmitted = "client_retrans"
    case channelRetransmitted = "channel_retrans"
    case clientUnacknowledged = "client_unacked"
    case channelUnacknowledged = "channel_unacked"
    case clientUnsent = "client_unsent_bytes"
    case channelUnsent = "channel_unsent_bytes"
    case clientWindowPercent = "client_window_pct"
    case channelWindowPercent = "channel_window_pct"

    /// In the order of the columns.
    package static let all = allCases
    package static let names = all.map(\.rawValue)

    /// What people call some of them.
    package static let aliases = [
        "age": "age_ms", "idle": "idle_ms", "in": "in_bytes", "out": "out_bytes", "rtt": "rtt_us",
        "in_idle": "in_idle_ms", "out_idle": "out_idle_ms", "in_rate": "in_rate_bytes",
        "out_rate": "out_rate_bytes",
    ]

    /// By the column's name or its alias.
    package init?(named name: String) {
        self.init(rawValue: Self.aliases[name] ?? name)
    }
}

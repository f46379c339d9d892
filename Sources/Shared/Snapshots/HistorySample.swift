/// What a channel or a service did in one step of time: a row of `show history`.
package struct HistorySample: Snapshot {
    /// When the step ended, since 1970.
    package var timeMilliseconds: UInt64
    /// When the step ended, of the daemon's monotonic clock.
    package var monotonicMilliseconds: UInt64
    /// A channel's state, or `usable` and `exhausted` of a service, at its end.
    package var state: String
    /// Sessions at its end; the most at the end of any of its seconds where a step has several.
    package var current: UInt64
    /// New sessions, bytes and failures within it. For a service a failure is a client that found no channel.
    package var sessions: UInt64
    package var inBytes: UInt64
    package var outBytes: UInt64
    package var failed: UInt64
    /// The mean of the connects that succeeded within it; nil when none did.
    package var connectMicroseconds: UInt64?

    package static let columns = [
        "time_ms", "mono_ms", "state", "current", "sessions", "in_bytes", "out_bytes", "failed",
        "connect_us",
    ]

    package var row: [String] {
        [
            String(timeMilliseconds), String(monotonicMilliseconds), state, String(current),
            String(sessions), String(inBytes), String(outBytes), String(failed),
            connectMicroseconds.cell,
        ]
    }

    package init?(_ fields: Fields) {
        guard let time = fields.number("time_ms"), let state = fields.text("state") else {
            return nil
        }
        self.init(
            timeMilliseconds: time, monotonicMilliseconds: fields.number("mono_ms") ?? 0,
            state: state, current: fields.number("current") ?? 0,
            sessions: fields.number("sessions") ?? 0, inBytes: fields.number("in_bytes") ?? 0,
            outBytes: fields.number("out_bytes") ?? 0, failed: fields.number("failed") ?? 0,
            connectMicroseconds: fields.number("connect_us"))
    }

    package init(
        timeMilliseconds: UInt64, monotonicMilliseconds: UInt64, state: String, current: UInt64,
        sessions: UInt64, inBytes: UInt64, outBytes: UInt64, failed: UInt64,
        connectMicroseconds: UInt64?
    ) {
        self.timeMilliseconds = timeMilliseconds
        self.monotonicMilliseconds = monotonicMilliseconds
        self.state = state
        self.current = current
        self.sessions = sessions
        self.inBytes = inBytes
        self.outBytes = outBytes
        self.failed = failed
        self.connectMicroseconds = connectMicroseconds
    }
}

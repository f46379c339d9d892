/// What a channel or a service did in one step of time: a row of `show history`.
package struct HistorySample: Snapshot {
    /// When the step ended, since 1970.
    package var timeMilliseconds: UInt64 = 0
    /// When the step ended, of the daemon's monotonic clock.
    package var monotonicMilliseconds: UInt64 = 0
    /// A channel's state, or `usable` and `exhausted` of a service, at its end.
    package var state = "?"
    /// Sessions at its end; the most at the end of any of its seconds where a step has several.
    package var current: UInt64 = 0
    /// New sessions, bytes and failures within it. For a service a failure is a client that found no channel.
    package var sessions: UInt64 = 0
    package var inBytes: UInt64 = 0
    package var outBytes: UInt64 = 0
    package var failed: UInt64 = 0
    /// The mean of the connects that succeeded within it; nil when none did.
    package var connectMicroseconds: UInt64?

    package static let fields: [Field<Self>] = [
        Field("time_ms", \.timeMilliseconds, isRequired: true),
        Field("mono_ms", \.monotonicMilliseconds),
        Field("state", \.state, isRequired: true),
        Field("current", \.current),
        Field("sessions", \.sessions),
        Field("in_bytes", \.inBytes),
        Field("out_bytes", \.outBytes),
        Field("failed", \.failed),
        Field("connect_us", \.connectMicroseconds),
    ]

    package init() {}

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

/// One channel at one instant: a row of `show channels`.
package struct ChannelSnapshot: Snapshot {
    package var path = "?"
    package var serial: UInt64 = 0
    package var state = ChannelState.up
    /// How long it has been in this state.
    package var sinceMilliseconds: UInt64 = 0
    package var why: String?
    package var address = "?"
    package var weight: UInt64 = 1
    /// nil: no limit.
    package var maxc: UInt64?
    package var current: UInt64 = 0
    /// Sessions placed here since start or reset.
    package var total: UInt64 = 0
    /// From the client to the channel.
    package var inBytes: UInt64 = 0
    /// From the channel to the client.
    package var outBytes: UInt64 = 0
    /// Connects that failed since start or reset.
    package var failed: UInt64 = 0
    /// Connect time over the last minute or two; nil when there was no connect.
    package var connectP50Microseconds: UInt64?
    package var connectP99Microseconds: UInt64?
    /// Until the grace time ends.
    package var retryMilliseconds: UInt64?
    package var label: String?
    /// Who changed the state last: `uid:program[pid]` or `proxyd`.
    package var by: String?
    /// Whether it is the primary; nil where there is no election.
    package var isElected: Bool?
    /// The last probe's result in words; nil when it is not probed.
    package var probe: String?
    package var probeMilliseconds: UInt64?

    package static let fields: [Field<Self>] = [
        Field("path", \.path, isRequired: true),
        Field("serial", \.serial, isRequired: true),
        Field("state", \.state, isRequired: true),
        Field("since_ms", \.sinceMilliseconds),
        Field("why", \.why),
        Field("address", \.address),
        Field("weight", \.weight),
        Field("maxc", \.maxc),
        Field("current", \.current),
        Field("total", \.total),
        Field("in_bytes", \.inBytes),
        Field("out_bytes", \.outBytes),
        Field("failed", \.failed),
        Field("connect_p50_us", \.connectP50Microseconds),
        Field("connect_p99_us", \.connectP99Microseconds),
        Field("retry_ms", \.retryMilliseconds),
        Field("label", \.label),
        Field("by", \.by),
        Field("elected", \.isElected),
        Field("probe", \.probe),
        Field("probe_ms", \.probeMilliseconds),
    ]

    package init() {}

    /// A channel that has done nothing yet.
    package init(path: String, serial: UInt64, state: ChannelState, address: String) {
        self.path = path
        self.serial = serial
        self.state = state
        self.address = address
    }
}

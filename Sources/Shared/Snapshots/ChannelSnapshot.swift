/// One channel at one instant: a row of `show channels`.
package struct ChannelSnapshot: Snapshot {
    package var path: String
    package var serial: UInt64
    package var state: ChannelState
    /// How long it has been in this state.
    package var sinceMilliseconds: UInt64
    package var why: String?
    package var address: String
    package var weight: UInt64
    /// nil: no limit.
    package var maxc: UInt64?
    package var current: UInt64
    /// Sessions placed here since start or reset.
    package var total: UInt64
    /// From the client to the channel.
    package var inBytes: UInt64
    /// From the channel to the client.
    package var outBytes: UInt64
    /// Connects that failed since start or reset.
    package var failed: UInt64
    /// Connect time over the last minute or two; nil when nobody connected.
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

    package static let columns = [
        "path", "serial", "state", "since_ms", "why", "address", "weight", "maxc", "current",
        "total", "in_bytes", "out_bytes", "failed", "connect_p50_us", "connect_p99_us", "retry_ms",
        "label", "by", "elected", "probe", "probe_ms",
    ]

    package var row: [String] {
        [
            path, String(serial), state.rawValue, String(sinceMilliseconds), why.cell, address,
            String(weight), maxc.cell, String(current), String(total), String(inBytes),
            String(outBytes), String(failed), connectP50Microseconds.cell,
            connectP99Microseconds.cell, retryMilliseconds.cell, label.cell, by.cell,
            isElected.map { $0 ? "yes" : "no" }.cell,
            probe.cell, probeMilliseconds.cell,
        ]
    }

    package init?(_ fields: Fields) {
        guard let path = fields.text("path"), let serial = fields.number("serial"),
            let state = fields.text("state").flatMap(ChannelState.init(rawValue:))
        else { return nil }
        self.init(path: path, serial: serial, state: state, address: fields.text("address") ?? "?")
        sinceMilliseconds = fields.number("since_ms") ?? 0
        why = fields.text("why")
        weight = fields.number("weight") ?? 1
        maxc = fields.number("maxc")
        current = fields.number("current") ?? 0
        total = fields.number("total") ?? 0
        inBytes = fields.number("in_bytes") ?? 0
        outBytes = fields.number("out_bytes") ?? 0
        failed = fields.number("failed") ?? 0
        connectP50Microseconds = fields.number("connect_p50_us")
        connectP99Microseconds = fields.number("connect_p99_us")
        retryMilliseconds = fields.number("retry_ms")
        label = fields.text("label")
        by = fields.text("by")
        isElected = fields.text("elected").map { $0 == "yes" }
        probe = fields.text("probe")
        probeMilliseconds = fields.number("probe_ms")
    }

    /// A channel that has done nothing yet.
    package init(path: String, serial: UInt64, state: ChannelState, address: String) {
        self.path = path
        self.serial = serial
        self.state = state
        self.address = address
        sinceMilliseconds = 0
        weight = 1
        current = 0
        total = 0
        inBytes = 0
        outBytes = 0
        failed = 0
    }
}

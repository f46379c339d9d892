/// One session at one instant: a row of `show sessions`.
package struct SessionSnapshot: Snapshot {
    package enum Phase: String, Sendable, CaseIterable {
        /// Waiting for a channel to become usable.
        case hold
        /// Connecting to a channel.
        case connect
        /// Bytes flow both ways.
        case relay
        /// One side has ended its writes.
        case half
    }

    package var id: UInt64
    package var client: String
    /// The listener's path.
    package var listener: String
    /// The channel's path; nil while none is chosen.
    package var channel: String?
    package var phase: Phase
    package var ageMilliseconds: UInt64
    package var idleMilliseconds: UInt64
    package var inBytes: UInt64
    package var outBytes: UInt64
    package var worker: UInt64
    /// How each direction moves its bytes: `copy` or `splice`, in before out.
    package var inMode: String
    package var outMode: String
    /// Connects that failed before this channel took the session.
    package var retries: UInt64

    package static let columns = [
        "id", "client", "listener", "channel", "phase", "age_ms", "idle_ms", "in_bytes",
        "out_bytes", "worker", "in_mode", "out_mode", "retries",
    ]

    package var row: [String] {
        [
            String(id), client, listener, channel.cell, phase.rawValue, String(ageMilliseconds),
            String(idleMilliseconds), String(inBytes), String(outBytes), String(worker), inMode,
            outMode, String(retries),
        ]
    }

    package init?(_ fields: Fields) {
        guard let id = fields.number("id"),
            let phase = fields.text("phase").flatMap(Phase.init(rawValue:))
        else { return nil }
        self.init(
            id: id, client: fields.text("client") ?? "?", listener: fields.text("listener") ?? "?",
            channel: fields.text("channel"), phase: phase,
            ageMilliseconds: fields.number("age_ms") ?? 0,
            idleMilliseconds: fields.number("idle_ms") ?? 0,
            inBytes: fields.number("in_bytes") ?? 0, outBytes: fields.number("out_bytes") ?? 0,
            worker: fields.number("worker") ?? 0, inMode: fields.text("in_mode") ?? "?",
            outMode: fields.text("out_mode") ?? "?", retries: fields.number("retries") ?? 0)
    }

    package init(
        id: UInt64, client: String, listener: String, channel: String?, phase: Phase,
        ageMilliseconds: UInt64, idleMilliseconds: UInt64, inBytes: UInt64, outBytes: UInt64,
        worker: UInt64, inMode: String, outMode: String, retries: UInt64
    ) {
        self.id = id
        self.client = client
        self.listener = listener
        self.channel = channel
        self.phase = phase
        self.ageMilliseconds = ageMilliseconds
        self.idleMilliseconds = idleMilliseconds
        self.inBytes = inBytes
        self.outBytes = outBytes
        self.worker = worker
        self.inMode = inMode
        self.outMode = outMode
        self.retries = retries
    }
}

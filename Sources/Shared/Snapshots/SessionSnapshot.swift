/// One session at one instant: a row of `show sessions`.
package struct SessionSnapshot: Snapshot {
    package enum Phase: String, Sendable, CaseIterable {
        /// The client has to send something before a channel is chosen.
        case preamble
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
    /// Since bytes moved in each direction last, or since the session began.
    package var inIdleMilliseconds: UInt64?
    package var outIdleMilliseconds: UInt64?
    /// Bytes per second, lately.
    package var inRate: UInt64?
    package var outRate: UInt64?
    /// The direction that moved last, `in` or `out`; nil: none yet.
    package var last: String?
    /// Whose fault it is that it is not faster: `client-slow`, `channel-slow`, `client-loss`, `channel-loss`,
    /// `idle`; nil: nobody's.
    package var blame: String?
    /// Why it may never end by itself: `connecting`, `half-closed`, `blocked`, `one-way`; nil: it may.
    package var stuck: String?
    /// Our port of the channel's connection.
    package var channelPort: UInt64?
    /// What the kernel tells of the client's connection and of the channel's (tcp(7), TCP_INFO).
    package var clientRTT: UInt64?
    package var channelRTT: UInt64?
    /// Of both together.
    package var rtt: UInt64?
    /// Packets sent again.
    package var clientRetransmitted: UInt64?
    package var channelRetransmitted: UInt64?
    /// Packets that are not acknowledged yet.
    package var clientUnacknowledged: UInt64?
    package var channelUnacknowledged: UInt64?
    /// What the kernel has of us and has not sent.
    package var clientUnsent: UInt64?
    package var channelUnsent: UInt64?
    /// How much of its busy time a connection has waited for the other end to read.
    package var clientWindowPercent: UInt64?
    package var channelWindowPercent: UInt64?

    package static let columns = SessionField.names

    package var row: [String] {
        [
            String(id), client, listener, channel.cell, phase.rawValue, String(ageMilliseconds),
            String(idleMilliseconds), String(inBytes), String(outBytes), String(worker), inMode,
            outMode, String(retries), inIdleMilliseconds.cell, outIdleMilliseconds.cell,
            inRate.cell, outRate.cell, last.cell, blame.cell, stuck.cell, channelPort.cell,
            clientRTT.cell, channelRTT.cell, rtt.cell, clientRetransmitted.cell,
            channelRetransmitted.cell, clientUnacknowledged.cell, channelUnacknowledged.cell,
            clientUnsent.cell, channelUnsent.cell, clientWindowPercent.cell,
            channelWindowPercent.cell,
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
        inIdleMilliseconds = fields.number("in_idle_ms")
        outIdleMilliseconds = fields.number("out_idle_ms")
        inRate = fields.number("in_rate_bytes")
        outRate = fields.number("out_rate_bytes")
        last = fields.text("last")
        blame = fields.text("blame")
        stuck = fields.text("stuck")
        channelPort = fields.number("channel_port")
        clientRTT = fields.number("client_rtt_us")
        channelRTT = fields.number("channel_rtt_us")
        rtt = fields.number("rtt_us")
        clientRetransmitted = fields.number("client_retrans")
        channelRetransmitted = fields.number("channel_retrans")
        clientUnacknowledged = fields.number("client_unacked")
        channelUnacknowledged = fields.number("channel_unacked")
        clientUnsent = fields.number("client_unsent_bytes")
        channelUnsent = fields.number("channel_unsent_bytes")
        clientWindowPercent = fields.number("client_window_pct")
        channelWindowPercent = fields.number("channel_window_pct")
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

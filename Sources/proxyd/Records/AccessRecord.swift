internal import Shared

/// What a line of the access log is made of: one value per session, put together by its worker without a
/// text, and written out elsewhere.
struct AccessRecord: Sendable {
    enum Event: UInt8, Sendable {
        /// A channel has accepted.
        case start
        /// It goes on.
        case running
        case end
    }

    var event: Event
    var at: Instant
    var id: UInt64
    var client: Endpoint
    var listener: Listener
    /// nil: none has it, or none accepted.
    var channel: Channel?
    /// Where it was connected to last, whether or not that came to anything.
    var address: Endpoint?
    /// nil while it goes on.
    var reason: EndReason?
    /// Bytes delivered to the channel, and to the client.
    var inBytes: UInt64 = 0
    var outBytes: UInt64 = 0
    var retries = 0
    /// A channel was chosen only once the client had spoken (`wait-for-bytes`).
    var isDelayed = false
    var times: SessionTimes
    /// Of the topology, when it began.
    var generation: UInt64 = 0
    /// What it asked for in its first words, or what a proxy's header has.
    var serverName: String?
    /// What was agreed on with it, here or by a proxy in front of us.
    var tls: ClientDetails.TLSDetails?
    /// What the kernel was asked for the formats that show it.
    var kernel: KernelFacts?

    struct KernelFacts: Equatable, Sendable {
        /// Our port of the channel's connection.
        var channelPort: UInt16?
        /// Microseconds.
        var clientRTT: UInt32?
        var channelRTT: UInt32?
    }
}

/// When things happened to a session; `zero` for what has not.
struct SessionTimes: Equatable, Sendable {
    var started: Instant
    /// Of the last attempt.
    var connecting = Instant.zero
    var connected = Instant.zero
    /// The channel's first byte was delivered.
    var firstByte = Instant.zero
}

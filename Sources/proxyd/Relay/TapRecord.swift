internal import Shared

/// What was seen of a session, as the one who dumps it gets it.
struct TapRecord: Sendable {
    /// The session's.
    var id: UInt64
    var seen: Instant
    var event: Event

    enum Event: Sendable {
        case began(TapFacts)
        /// Bytes that the other side has taken.
        case moved(Side, [UInt8])
        /// Bytes that were delivered and not kept, in so many moves.
        case gap(Side, byteCount: UInt64, moves: UInt64)
        /// That side has ended its writes.
        case ended(Side)
        case closed(EndReason, SessionLife.Resets)
    }
}

/// The two connections of a session that is dumped.
struct TapFacts: Equatable, Sendable {
    var client: Endpoint
    /// Where the client has connected to.
    var accepted: Endpoint?
    /// Our end of the channel's connection.
    var connecting: Endpoint?
    /// The channel's end.
    var channel: Endpoint?
    var channelPath: String
    /// Bytes that had been moved before the tap began.
    var inBytes: UInt64
    var outBytes: UInt64
    /// Nothing has been missed, not even the connects.
    var isFromStart: Bool
}

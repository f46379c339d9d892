internal import Shared

/// Something that happened to a session that is being traced.
struct TraceRecord: Sendable {
    /// The session's.
    var id: UInt64
    var client: Endpoint
    var at: Instant
    var event: Event

    enum Event: Sendable {
        /// It is debugged from its beginning, or from now on.
        case accepted(Listener), joined(SessionLife.Phase)
        case chose(Channel)
        /// What it said first leads to that service, and to a group of it alone.
        case routed(Service, Group?)
        /// A proxy's header has named the client, or was malformed.
        case proxyHeader(Endpoint), nonsense(String)
        /// No channel is usable, or none has room.
        case waits(forRoom: Bool)
        case connecting(Endpoint?)
        /// `errno` is 0 when the kernel gave no reason.
        case connectFailed(EndReason.Cause, errno: Int32)
        /// What was agreed on with that side, and whether it goes on with an earlier connection's keys.
        case handshakeDone(Side, String, Bool)
        /// That side and we cannot agree on TLS.
        case insecure(Side, String)
        /// After so many nanoseconds.
        case connected(UInt64)
        /// The first bytes from that side, so many.
        case spoke(Side, byteCount: UInt64)
        /// That side has ended its writes.
        case ended(Side)
        /// It took too long over what it did.
        case timedOut(SessionLife.Phase)
        case closed(EndReason, lived: UInt64, inBytes: UInt64, outBytes: UInt64)
    }
}

internal import Shared

/// Facts of one session, at one instant or at its end.
struct SessionRecord: Sendable {
    var id: UInt64
    /// Where its worker finds it.
    var slot: Int
    var worker: Int
    var client: Endpoint
    var listener: Listener
    var channel: Channel?
    var phase: SessionLife.Phase
    var retries: Int
    /// Nanoseconds.
    var age: UInt64
    var inward: FlowRecord
    var outward: FlowRecord
    /// The direction that moved last, by its source; nil: none yet.
    var lastMoved: Side?
    /// What the kernel knows, where that was asked for.
    var legs: ConnectionInfo?

    /// Nanoseconds since bytes moved last.
    var idle: UInt64 { min(inward.idle, outward.idle) }
}

/// Facts of one direction of a session.
struct FlowRecord: Sendable {
    var byteCount: UInt64
    /// Nanoseconds since bytes moved last, or since it began.
    var idle: UInt64
    var isSplicing: Bool
    /// Bytes wait for the sink.
    var isBlocked: Bool
    var isEnded: Bool
    /// Bytes per second, lately; nil: not estimated.
    var rate: UInt64?
}

/// What the kernel knows of a session's two connections.
struct ConnectionInfo: Sendable {
    /// nil: not a TCP connection, or not connected.
    var client: TCPInfo?
    var channel: TCPInfo?
    /// Our port of the channel's connection.
    var channelPort: UInt16?
}

extension Session {
    /// Its facts, for those that ask.
    func record(now: Instant, worker: Int) -> SessionRecord {
        SessionRecord(
            id: id, slot: slot, worker: worker, client: client, listener: listener,
            channel: channel, phase: life.phase, retries: life.failures,
            age: now.elapsed(since: started),
            inward: flows[from: .client].record(idleSince: flows.inMoved, now: now),
            outward: flows[from: .channel].record(idleSince: flows.outMoved, now: now),
            lastMoved: flows.hasMoved ? flows.lastSpeaker : nil)
    }

    /// Two or three system calls.
    var legs: ConnectionInfo {
        var legs = ConnectionInfo(client: TCPInfo(of: clientSocket))
        guard channelSocket.number >= 0 else { return legs }
        legs.channel = TCPInfo(of: channelSocket)
        if case .ip(_, let port) = Socket.localEndpoint(channelSocket) { legs.channelPort = port }
        return legs
    }
}

extension Flow {
    fileprivate func record(idleSince moved: Instant, now: Instant) -> FlowRecord {
        FlowRecord(
            byteCount: byteCount, idle: now.elapsed(since: moved), isSplicing: isSplicing,
            isBlocked: isWaitingForSink, isEnded: isEnded)
    }
}

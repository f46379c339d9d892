internal import Shared

/// Facts of one session, at one instant or at its end.
struct SessionRecord: Sendable {
    var id: UInt64
    var client: Endpoint
    var listener: Listener
    var channel: Channel?
    var phase: SessionLife.Phase
    var worker: Int
    var age: UInt64
    /// Nanoseconds since bytes moved last.
    var idle: UInt64
    var inBytes: UInt64
    var outBytes: UInt64
    var isInSplicing: Bool
    var isOutSplicing: Bool
    var retries: Int
}

extension Session {
    /// Its facts, for whoever asks.
    func record(now: Instant, worker: Int) -> SessionRecord {
        SessionRecord(
            id: id, client: client, listener: listener, channel: channel, phase: life.phase,
            worker: worker, age: now.elapsed(since: started),
            idle: now.elapsed(since: lastActivity), inBytes: inFlow.byteCount,
            outBytes: outFlow.byteCount, isInSplicing: inFlow.isSplicing,
            isOutSplicing: outFlow.isSplicing, retries: life.failures)
    }
}

/// Copies what one session moves for those who dump it; other sessions have no tap.
///
/// Bytes are copied once, however many dumps want them.
final class SessionTap {
    private let id: UInt64
    private var sinks: [TapSink] = []
    /// The flow that is being pumped, by its source.
    private var side = Side.client
    private var now = Instant.zero

    init(of id: UInt64) { self.id = id }

    /// A dump still wants it.
    var isWanted: Bool { sinks.contains(where: \.isOpen) }

    func add(_ sink: TapSink) {
        sinks.removeAll { !$0.isOpen }
        sinks.append(sink)
    }

    func serves(_ sink: TapSink) -> Bool { sinks.contains { $0 === sink } }

    /// What comes next is from that side.
    func turn(to side: Side, at now: Instant) {
        self.side = side
        self.now = now
    }

    /// The last `count` bytes that were drained out of the buffer have been taken by the sink.
    func record(_ count: Int, of buffer: CopyBuffer) {
        var bytes: [UInt8]?
        for sink in sinks where sink.isOpen {
            guard sink.hasRoom(for: count) else {
                sink.recordGap(of: count, from: side, of: id, at: now)
                continue
            }
            let copy = bytes ?? buffer.drained(count)
            bytes = copy
            sink.put(copy, from: side, of: id, at: now)
        }
    }

    /// Bytes went by within the kernel: they were in a pipe when the dump began.
    func recordGap(of count: Int) {
        record(.gap(side, byteCount: UInt64(count), moves: 1), at: now)
    }

    func record(_ event: TapRecord.Event, at now: Instant) {
        for sink in sinks { sink.record(event, of: id, at: now) }
    }
}

/// Looks on at one session for those who dump it; a session that nobody dumps has none.
///
/// Bytes are copied once, however many look.
final class SessionTap {
    private let id: UInt64
    private var taps: [TapSink] = []
    /// The flow that is being pumped, by its source.
    private var side = Side.client
    private var now = Instant.zero

    init(of id: UInt64) { self.id = id }

    /// Somebody still wants to know.
    var isWanted: Bool { taps.contains(where: \.isOpen) }

    func add(_ tap: TapSink) {
        taps.removeAll { !$0.isOpen }
        taps.append(tap)
    }

    func serves(_ tap: TapSink) -> Bool { taps.contains { $0 === tap } }

    /// What comes next is from that side.
    func turn(to side: Side, at now: Instant) {
        self.side = side
        self.now = now
    }

    /// The last `count` bytes that were drained out of the buffer have been taken by the sink.
    func saw(_ count: Int, of buffer: CopyBuffer) {
        var bytes: [UInt8]?
        for tap in taps where tap.isOpen {
            guard tap.hasRoom(for: count) else {
                tap.miss(count, from: side, of: id, at: now)
                continue
            }
            let copy = bytes ?? buffer.drained(count)
            bytes = copy
            tap.put(copy, from: side, of: id, at: now)
        }
    }

    /// Bytes went by within the kernel: they were in a pipe when the dump began.
    func missed(_ count: Int) {
        tell(.missed(side, byteCount: UInt64(count), moves: 1), at: now)
    }

    func tell(_ event: TapRecord.Event, at now: Instant) {
        for tap in taps { tap.tell(event, of: id, at: now) }
    }
}

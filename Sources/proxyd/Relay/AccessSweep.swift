/// Finds the sessions that have run for a whole interval more, a few at a time and without keeping anything
/// for any of them.
struct AccessSweep {
    /// When the next look begins.
    private(set) var due = Instant.zero
    /// Where the present one goes on.
    private var slot: Int?
    private var previous = Instant.zero
    private var present = Instant.zero

    /// Looked at in one turn.
    static let slotsAtOnce = 1024
    /// Between two looks at most: so much later than asked for a line may be.
    static let longestPause: UInt64 = 1_000_000_000

    var isUnderWay: Bool { slot != nil }

    /// The slots to be looked at now.
    mutating func next(of slotCount: Int, every: UInt64, now: Instant) -> Range<Int> {
        if slot == nil {
            guard due <= now else { return 0..<0 }
            due = Instant(nanoseconds: now.nanoseconds + min(every, Self.longestPause))
            // The first look reports nothing: what has been going on for long is not news.
            previous = present == .zero ? now : present
            present = now
            slot = 0
        }
        let first = min(slot ?? 0, slotCount)
        let end = min(first + Self.slotsAtOnce, slotCount)
        slot = end < slotCount ? end : nil
        return first..<end
    }

    /// Whether a session has come to another multiple of the interval since the look before.
    func isDue(_ started: Instant, every: UInt64) -> Bool {
        present.elapsed(since: started) / every > previous.elapsed(since: started) / every
    }
}

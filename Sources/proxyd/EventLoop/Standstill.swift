/// A time in which the process did not run: it was stopped, frozen, or its machine slept.
///
/// What came in that time waits in the sockets, and deadlines seem to have passed. So loops look at their events once more
/// before they judge deadlines; that the process stood still is an event of its own.
enum Standstill {
    /// Nanoseconds: a loop that is less late than this has not stood still.
    private static let shortest: UInt64 = 1_000_000_000

    /// How long it was, in a turn that began at `start` and meant to wait for so many milliseconds; nil: it ran.
    static func duration(
        from start: Instant, waiting milliseconds: CInt, to now: Instant
    ) -> Duration? {
        guard milliseconds >= 0 else { return nil }
        // In whole numbers, as every turn of a loop asks: arithmetic of `Duration` is far slower.
        let wanted = UInt64(milliseconds) * 1_000_000
        let passed = now.elapsed(since: start)
        guard passed >= wanted + shortest else { return nil }
        return .nanoseconds(Int(clamping: passed - wanted))
    }
}

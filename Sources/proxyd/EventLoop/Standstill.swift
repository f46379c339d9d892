/// A time in which the process did not run: it was stopped, frozen, or its machine slept.
///
/// What came in that time waits in the sockets, and deadlines seem to have passed. So loops look at their events once more
/// before they judge deadlines; that the process stood still is an event of its own.
enum Standstill {
    /// A loop that is merely late is no news.
    private static let shortest = Duration.seconds(1)

    /// How long it was, in a turn that began at `start` and meant to wait for so many milliseconds; nil: it ran.
    static func duration(
        from start: Instant, waiting milliseconds: CInt, to now: Instant
    ) -> Duration? {
        guard milliseconds >= 0 else { return nil }
        let due = start.advanced(by: .milliseconds(Int(milliseconds)))
        guard now >= due.advanced(by: shortest) else { return nil }
        return .nanoseconds(Int(clamping: now.elapsed(since: due)))
    }
}

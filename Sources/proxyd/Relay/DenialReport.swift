internal import Shared

/// What is logged of clients that were denied: a few of them at once, and how many others there were.
struct DenialReport: Sendable {
    private var windowEnd = Instant.zero
    private var told = 0
    private var untold = 0

    static let window = Duration.seconds(10)
    static let mostPerWindow = 5

    /// Whether one more is to be logged, and how many were not since the last that was; nil: it is not.
    mutating func admit(now: Instant) -> Int? {
        if now >= windowEnd {
            windowEnd = now.advanced(by: Self.window)
            told = 0
        }
        guard told < Self.mostPerWindow else {
            untold += 1
            return nil
        }
        told += 1
        defer { untold = 0 }
        return untold
    }
}

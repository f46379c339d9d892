/// Notices text that was typed or pasted into the wrong window.
struct TypingGuard: Equatable, Sendable {
    /// More keys than this within the span are pasted, not typed.
    static let mostKeys = 6
    static let spanMilliseconds: UInt64 = 80

    private var times: [UInt64] = []

    init() {}

    /// Whether such a burst is going on.
    func isBursting(at now: UInt64) -> Bool {
        times.count { $0 + Self.spanMilliseconds >= now } > Self.mostKeys
    }

    /// Whether this key is part of such a burst. Harmless keys do not make one: moving keys repeat, and a
    /// slow line delivers them together.
    mutating func isBurst(at now: UInt64, isHarmless: Bool) -> Bool {
        times.removeAll { $0 + Self.spanMilliseconds < now }
        if !isHarmless { times.append(now) }
        return times.count > Self.mostKeys
    }
}

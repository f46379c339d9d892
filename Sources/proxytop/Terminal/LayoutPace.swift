/// A window that is dragged changes its size many times a second: one layout in a while is enough, and the last one
/// counts.
struct LayoutPace: Equatable, Sendable {
    static let milliseconds: UInt64 = 50

    private var lastAt: UInt64?
    /// When the change that waits is due; nil: none does.
    private(set) var dueAt: UInt64?

    /// The size has changed. True: lay out now; otherwise it waits for its time.
    mutating func change(at now: UInt64) -> Bool {
        guard dueAt == nil else { return false }
        guard let lastAt, now < lastAt + Self.milliseconds else {
            lastAt = now
            return true
        }
        dueAt = lastAt + Self.milliseconds
        return false
    }

    /// Whether a change has waited long enough.
    mutating func takeDue(at now: UInt64) -> Bool {
        guard let due = dueAt, now >= due else { return false }
        dueAt = nil
        lastAt = now
        return true
    }
}

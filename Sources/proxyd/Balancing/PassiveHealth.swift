/// What failed connects do to a channel: decisions only.
///
/// A channel that fails is left alone for its grace time. One that flaps, that is: connects again and soon
/// fails again, is left alone for twice as long each time. One that is simply dead is tried at the same
/// interval for as long as it takes.
struct PassiveHealth: Equatable, Sendable {
    enum Verdict: Equatable, Sendable {
        /// It may go on.
        case none
        case grace(Duration)
        /// It waits for a person.
        case auto
    }

    private var failuresInARow = 0
    private var doublings = 0
    /// It has connected since its last grace time began.
    private var hasConnected = false
    /// When the last grace time ended or will end, and how long it was.
    private var lastGrace: (end: Instant, length: Duration)?

    /// Everything that it remembers.
    struct Memory: Equatable, Sendable {
        var failuresInARow = 0
        var doublings = 0
        var hasConnected = false
        var lastGraceEnd = Instant.zero
        var lastGraceLength = Duration.zero
    }

    init() {}

    init(_ memory: Memory) {
        failuresInARow = memory.failuresInARow
        doublings = min(max(0, memory.doublings), Self.mostDoublings)
        hasConnected = memory.hasConnected
        if memory.lastGraceEnd > .zero {
            lastGrace = (memory.lastGraceEnd, memory.lastGraceLength)
        }
    }

    var memory: Memory {
        Memory(
            failuresInARow: failuresInARow, doublings: doublings, hasConnected: hasConnected,
            lastGraceEnd: lastGrace?.end ?? .zero, lastGraceLength: lastGrace?.length ?? .zero)
    }

    /// So many times its length after a grace time, a failure no longer counts as flapping.
    private static let memory = 8
    private static let mostDoublings = 20

    static func == (left: PassiveHealth, right: PassiveHealth) -> Bool {
        left.failuresInARow == right.failuresInARow && left.doublings == right.doublings
            && left.hasConnected == right.hasConnected
    }

    /// A connect has failed. `isLast` says that no other channel of the service is usable.
    mutating func failed(
        _ rules: PassiveHealthRules, grace: Duration, isLast: Bool, now: Instant
    ) -> Verdict {
        failuresInARow += 1
        guard failuresInARow >= rules.failures else { return .none }
        if rules.autodisable, !isLast || rules.panic { return .auto }
        guard grace > .zero else { return .none }
        if hasConnected {
            doublings = isFlapping(now: now) ? min(doublings + 1, Self.mostDoublings) : 0
        }
        hasConnected = false
        let length = min(max(grace, rules.graceMax), grace * (1 << doublings))
        lastGrace = (now.advanced(by: length), length)
        return .grace(length)
    }

    mutating func connected() {
        failuresInARow = 0
        hasConnected = true
    }

    private func isFlapping(now: Instant) -> Bool {
        guard let lastGrace else { return false }
        return now < lastGrace.end.advanced(by: lastGrace.length * Self.memory)
    }
}

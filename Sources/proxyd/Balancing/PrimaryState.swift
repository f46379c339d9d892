internal import Synchronization

/// Which channel takes a group's sessions, where an election decides that; seen by all workers.
///
/// The supervisor names the primary. A worker whose connect to it fails takes the name back, so that of
/// many that fail at once one has news, and no further session goes there.
final class PrimaryState: Sendable {
    private let settingsNow: CountedMutex<ElectionConfiguration>
    /// The holder in the lower half, and how often it has changed in the upper one.
    private let state: Atomic<UInt64>
    /// The serial of the channel of which a check or a trigger is running; 0: none.
    private let candidate = Atomic<UInt64>(0)

    /// Whose turn it was when a session chose, so that what it meets later is reported of that one only.
    struct Term: Equatable, Sendable {
        fileprivate let word: UInt64

        fileprivate var holder: UInt64 { word & 0xFFFF_FFFF }
        fileprivate func next(_ holder: UInt64) -> UInt64 {
            (word >> 32 &+ 1) << 32 | holder
        }
    }

    private static let vacant: UInt64 = 0
    private static let sought: UInt64 = 1
    /// No election is held in this group.
    private static let unused: UInt64 = 2
    /// Serials begin at 1, so that a channel's number is never one of the three.
    private static func number(of serial: UInt64) -> UInt64 { (serial + 2) & 0xFFFF_FFFF }

    init(_ settings: ElectionConfiguration, isUsed: Bool = true) {
        settingsNow = CountedMutex(settings)
        state = Atomic(isUsed ? Self.sought : Self.unused)
    }

    var settings: ElectionConfiguration { settingsNow.withLock { $0 } }

    /// Whether an election says who takes the sessions.
    var isUsed: Bool { term.holder != Self.unused }

    var term: Term { Term(word: state.load(ordering: .relaxed)) }

    /// Another number after every change.
    var revision: UInt64 { state.load(ordering: .acquiring) }

    /// An election is running: sessions that wait will soon know.
    var isSought: Bool { term.holder == Self.sought }

    func isHeld(by serial: UInt64) -> Bool { term.holder == Self.number(of: serial) }

    func isCandidate(_ serial: UInt64) -> Bool { candidate.load(ordering: .relaxed) == serial }

    // MARK: The supervisor's

    /// Other rules, or the group is not to have a primary any more, or from now on.
    func apply(_ settings: ElectionConfiguration, isUsed: Bool) {
        settingsNow.withLock { $0 = settings }
        if isUsed != self.isUsed { store(isUsed ? Self.sought : Self.unused) }
    }

    func set(_ serial: UInt64) { store(Self.number(of: serial)) }

    /// A selection begins.
    func beginElection() { store(Self.sought) }

    /// An election has found no primary.
    func clear() { store(Self.vacant) }

    private func store(_ holder: UInt64) {
        state.store(term.next(holder), ordering: .relaxed)
    }

    func setCandidate(_ serial: UInt64?) { candidate.store(serial ?? 0, ordering: .relaxed) }

    // MARK: The workers'

    /// The channel could not be connected to by a session that had chosen it in `term`.
    ///
    /// - Returns: whether that is news for the supervisor.
    func lose(_ serial: UInt64, in term: Term) -> Bool {
        guard term.holder == Self.number(of: serial) else { return false }
        return state.compareExchange(
            expected: term.word, desired: term.next(Self.sought), ordering: .relaxed
        ).exchanged
    }
}

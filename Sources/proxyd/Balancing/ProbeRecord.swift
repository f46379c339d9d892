internal import Synchronization

/// What a channel's probes have found, for the choice of a channel and for snapshots.
final class ProbeRecord: Sendable {
    private let isDownNow = Atomic<Bool>(false)
    private let latest = CountedMutex(Latest())

    /// The last results in words, and how long the slowest probe took.
    struct Latest: Sendable {
        var words: String?
        var nanoseconds: UInt64?
        var results: UInt64 = 0
        /// Since when and why it is down.
        var down: Channel.Note?
    }

    var isDown: Bool { isDownNow.load(ordering: .relaxed) }

    /// Results so far.
    var count: UInt64 { last.results }

    var last: Latest { latest.withLock { $0 } }

    func note(_ words: String?, nanoseconds: UInt64?) {
        latest.withLock { latest in
            (latest.words, latest.nanoseconds) = (words, nanoseconds)
            latest.results += 1
        }
    }

    /// More is known of the last result.
    func revise(_ words: String?) { latest.withLock { $0.words = words } }

    /// There were results in another process already, so the next one is not the first.
    private let isRestored = Atomic<Bool>(false)

    func restore(_ latest: Latest) {
        isDownNow.store(latest.down != nil, ordering: .relaxed)
        self.latest.withLock { $0 = latest }
        isRestored.store(latest.results > 0, ordering: .relaxed)
    }

    /// Asked once, as probing begins.
    func consumeRestored() -> Bool { isRestored.exchange(false, ordering: .relaxed) }

    /// - Returns: whether that is news.
    func setDown(_ note: Channel.Note) -> Bool {
        latest.withLock { latest in
            // Why it is down now is worth more than why it went down.
            let since = latest.down?.since ?? note.since
            latest.down = Channel.Note(since: since, why: note.why, by: note.by)
        }
        return !isDownNow.exchange(true, ordering: .relaxed)
    }

    /// - Returns: whether that is news.
    func clearDown() -> Bool {
        latest.withLock { $0.down = nil }
        return isDownNow.exchange(false, ordering: .relaxed)
    }
}

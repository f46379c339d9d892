internal import Synchronization

/// What a channel's probes have told, for those who choose and those who look.
final class ProbeRecord: Sendable {
    private let isDownNow = Atomic<Bool>(false)
    private let told = CountedMutex(Told())

    /// The last results in words, and how long the slowest probe took.
    struct Told: Sendable {
        var words: String?
        var nanoseconds: UInt64?
        var results: UInt64 = 0
        /// Since when and why it is down.
        var down: Channel.Note?
    }

    var isDown: Bool { isDownNow.load(ordering: .relaxed) }

    /// Results so far.
    var count: UInt64 { last.results }

    var last: Told { told.withLock { $0 } }

    func note(_ words: String?, nanoseconds: UInt64?) {
        told.withLock { told in
            (told.words, told.nanoseconds) = (words, nanoseconds)
            told.results += 1
        }
    }

    /// Its probes have told so much already in another process that the next result is none of a first time.
    private let isResumed = Atomic<Bool>(false)

    func resume(_ told: Told) {
        isDownNow.store(told.down != nil, ordering: .relaxed)
        self.told.withLock { $0 = told }
        isResumed.store(told.results > 0, ordering: .relaxed)
    }

    /// Asked once, by whoever begins to probe.
    func takeResumed() -> Bool { isResumed.exchange(false, ordering: .relaxed) }

    /// - Returns: whether that is news.
    func setDown(_ note: Channel.Note) -> Bool {
        told.withLock { told in
            // Why it is down now is worth more than why it went down.
            let since = told.down?.since ?? note.since
            told.down = Channel.Note(since: since, why: note.why, by: note.by)
        }
        return !isDownNow.exchange(true, ordering: .relaxed)
    }

    /// - Returns: whether that is news.
    func clearDown() -> Bool {
        told.withLock { $0.down = nil }
        return isDownNow.exchange(false, ordering: .relaxed)
    }
}

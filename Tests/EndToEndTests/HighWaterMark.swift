import Synchronization

/// How many were inside at once, at most.
final class HighWaterMark: Sendable {
    private let counts = Mutex((now: 0, most: 0))

    func enter() {
        counts.withLock { counts in
            counts.now += 1
            counts.most = max(counts.most, counts.now)
        }
    }

    func leave() { counts.withLock { $0.now -= 1 } }

    var value: Int { counts.withLock { $0.most } }
}

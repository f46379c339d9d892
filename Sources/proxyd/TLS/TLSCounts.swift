internal import Synchronization

/// What has become of one listener's, or one channel's, handshakes. Goes on when certificates change.
final class TLSCounts: Sendable {
    private let full = Atomic<UInt64>(0)
    private let resumed = Atomic<UInt64>(0)
    private let failed = Atomic<UInt64>(0)

    func add(isResumed: Bool) {
        if isResumed {
            resumed.wrappingAdd(1, ordering: .relaxed)
        } else {
            full.wrappingAdd(1, ordering: .relaxed)
        }
    }

    func addFailure() { failed.wrappingAdd(1, ordering: .relaxed) }

    /// Handshakes from the beginning.
    var fullCount: UInt64 { full.load(ordering: .relaxed) }
    /// Those that went on with an earlier connection's keys.
    var resumedCount: UInt64 { resumed.load(ordering: .relaxed) }
    /// Those in which one side found fault with the other.
    var failedCount: UInt64 { failed.load(ordering: .relaxed) }
}

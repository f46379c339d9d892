internal import Shared
internal import Synchronization

/// Which of a channel's addresses is next: they take turns, and one that has failed is passed over while others work. So a
/// machine that does not answer costs one client its connect timeout now and then, and not all that come.
final class AddressTurns: Sendable {
    private let turn = Atomic<Int>(0)
    private let failures = CountedMutex<[Endpoint: Failure]>([:])
    /// So that nothing is locked while all is well.
    private let hasFailures = Atomic<Bool>(false)

    private struct Failure {
        var until: Instant
        var length: Duration
    }

    /// How long an address is passed over at first; twice as long each time that it fails again.
    private static let shortest = Duration.seconds(30)
    private static let longest = Duration.seconds(600)

    /// The address to connect to: one that has not failed, if there is one; nil for an empty book. `tried` are those
    /// that have failed this session already.
    func next(of book: AddressBook, excluding tried: [Endpoint] = [], now: Instant)
        -> SocketAddress?
    {
        guard book.count > 1 else { return book[turn: 0] }
        let turn = turn.wrappingAdd(1, ordering: .relaxed).newValue
        let failed = hasFailures.load(ordering: .relaxed) ? failedAddresses(now: now) : []
        if tried.isEmpty, failed.isEmpty { return book[turn: turn] }
        var second: SocketAddress?
        for step in 0..<book.count {
            guard let address = book[turn: turn &+ step] else { continue }
            let endpoint = address.endpoint
            if endpoint.map({ tried.contains($0) }) ?? false { continue }
            if endpoint.map({ !failed.contains($0) }) ?? true { return address }
            second = second ?? address
        }
        return second ?? book[turn: turn]
    }

    /// A connect to that address has succeeded or failed.
    func note(_ address: Endpoint, isGood: Bool, now: Instant) {
        if isGood {
            guard hasFailures.load(ordering: .relaxed) else { return }
            failures.withLock { failures in
                failures[address] = nil
                hasFailures.store(!failures.isEmpty, ordering: .relaxed)
            }
            return
        }
        failures.withLock { failures in
            // Failures that were under way when it began are the same one.
            if let last = failures[address], last.until > now { return }
            let length = failures[address].map { min($0.length * 2, Self.longest) }
            let failure = Failure(
                until: now.advanced(by: length ?? Self.shortest), length: length ?? Self.shortest)
            failures[address] = failure
            hasFailures.store(true, ordering: .relaxed)
        }
    }

    /// They are other addresses now.
    func forget() {
        failures.withLock { $0 = [:] }
        hasFailures.store(false, ordering: .relaxed)
    }

    private func failedAddresses(now: Instant) -> [Endpoint] {
        failures.withLock { failures in
            failures.compactMap { $0.value.until > now ? $0.key : nil }
        }
    }
}

internal import Shared
internal import Synchronization

/// What each source of clients has running, and how fast it comes: for `per-source`.
///
/// One limiter per service, for all workers, behind a lock that is taken twice per session and only
/// where such a limit is configured.
final class PerSourceLimiter: Sendable {
    let limits: PerSource
    private let table = CountedMutex(SourceTable())

    /// The leading bits of an address. Clients of Unix sockets are one source.
    struct Source: Hashable, Sendable {
        var high: UInt64
        var low: UInt64
        var isV4: Bool
    }

    enum Verdict: Equatable, Sendable {
        case admitted, tooMany, tooFast
    }

    init(_ limits: PerSource) { self.limits = limits }

    /// Counts a client in; one that is admitted has to be released.
    func admit(_ source: Source, now: Instant) -> Verdict {
        table.withLock { table in
            var entry = table[source] ?? SourceTable.Entry()
            if let max = limits.max, entry.sessions >= max { return .tooMany }
            if let rate = limits.rate {
                var bucket = entry.bucket ?? TokenBucket(full: rate, now: now)
                let isIn = bucket.take(rate, now: now)
                entry.bucket = bucket
                if !isIn {
                    table.put(entry, for: source, rate: limits.rate, now: now)
                    return .tooFast
                }
            }
            entry.sessions += 1
            table.put(entry, for: source, rate: limits.rate, now: now)
            return .admitted
        }
    }

    /// Counts a client in that was admitted before.
    func adoptSlot(of source: Source) {
        table.withLock { table in
            var entry = table[source] ?? SourceTable.Entry()
            entry.sessions += 1
            table.put(entry, for: source, rate: nil, now: .zero)
        }
    }

    func release(_ source: Source) {
        table.withLock { table in
            guard var entry = table[source] else { return }
            entry.sessions = max(0, entry.sessions - 1)
            // With a rate the bucket has to be remembered until it is full again.
            if entry.sessions == 0, entry.bucket == nil {
                table.remove(source)
            } else {
                table.put(entry, for: source, rate: nil, now: .zero)
            }
        }
    }

    /// Sources remembered.
    var count: Int { table.withLock { $0.count } }

    /// Which source a client belongs to.
    func source(of client: Endpoint) -> Source {
        guard case .ip(let address, _) = client else {
            return Source(high: 0, low: 0, isV4: false)
        }
        switch address.unmapped {
        case .v4(let address):
            return v4(address)
        case .v6(let high, let low, _):
            let highBits = min(limits.prefix6, 64)
            let lowBits = max(0, limits.prefix6 - 64)
            return Source(
                high: high & Self.mask(highBits), low: low & Self.mask(lowBits), isV4: false)
        }
    }

    private func v4(_ address: UInt32) -> Source {
        let bits = UInt64(address) << 32 & Self.mask(limits.prefix4)
        return Source(high: bits, low: 0, isV4: true)
    }

    /// So many leading ones.
    private static func mask(_ bits: Int) -> UInt64 { bits == 0 ? 0 : ~0 << UInt64(64 - bits) }
}

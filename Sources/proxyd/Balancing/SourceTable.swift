/// What is known of each source, with a bound on how many there are and a bound on the work for each new one.
///
/// When the table is full, a new source makes it look at a few of those it has, each time the next ones, and forget one of which
/// nothing would be lost. If none of these can be forgotten, the new one is not remembered and so not counted: a limit must
/// not become a way to lock others out.
struct SourceTable {
    struct Entry {
        var sessions = 0
        var bucket: TokenBucket?
        fileprivate var place = -1
    }

    static let mostSources = 100_000
    /// Sources that are looked at for a new one.
    private static let looks = 8

    private var entries: [PerSourceLimiter.Source: Entry] = [:]
    /// Every source, in no order; an entry knows its place.
    private var sources: [PerSourceLimiter.Source] = []
    /// Where it is looked next.
    private var hand = 0

    var count: Int { sources.count }

    subscript(source: PerSourceLimiter.Source) -> Entry? { entries[source] }

    mutating func put(
        _ entry: Entry, for source: PerSourceLimiter.Source, rate: ConnectionRate?, now: Instant
    ) {
        if entry.place < 0 {
            if sources.count >= Self.mostSources, !forgetOne(rate, now: now) { return }
            var entry = entry
            entry.place = sources.count
            sources.append(source)
            entries[source] = entry
        } else {
            entries[source] = entry
        }
    }

    mutating func remove(_ source: PerSourceLimiter.Source) {
        guard let entry = entries.removeValue(forKey: source) else { return }
        let last = sources.removeLast()
        guard last != source else { return }
        sources[entry.place] = last
        entries[last]?.place = entry.place
    }

    private mutating func forgetOne(_ rate: ConnectionRate?, now: Instant) -> Bool {
        guard let rate else { return false }
        for _ in 0..<Self.looks {
            hand = hand + 1 < sources.count ? hand + 1 : 0
            guard var entry = entries[sources[hand]], entry.sessions == 0,
                entry.bucket?.isFull(rate, now: now) ?? true
            else { continue }
            remove(sources[hand])
            return true
        }
        return false
    }
}

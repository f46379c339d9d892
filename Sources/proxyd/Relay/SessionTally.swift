internal import Shared

/// Sorts out the sessions that a scan means while they are shown to it one by one, and keeps no more of them
/// than it has to.
struct SessionTally {
    let scan: SessionScan
    private var slice = SessionSlice()
    private var kept: [(key: FieldValue, record: SessionRecord)] = []

    init(_ scan: SessionScan) { self.scan = scan }

    /// Another session would only be counted.
    var onlyCounts: Bool {
        scan.filter == nil && scan.channels == nil && kept.count >= scan.limit
            && (scan.order == nil || scan.limit == 0)
    }

    mutating func count() {
        slice.total += 1
        slice.matched += 1
    }

    /// Whether the session is meant.
    mutating func note(_ record: SessionRecord) -> Bool {
        slice.total += 1
        if let channels = scan.channels {
            guard let channel = record.channel, channels.contains(channel.serial) else {
                return false
            }
        }
        if let filter = scan.filter, !filter.matches(record) { return false }
        slice.matched += 1
        keep(record)
        return true
    }

    private mutating func keep(_ record: SessionRecord) {
        guard scan.limit > 0 else { return }
        guard let order = scan.order else {
            if kept.count < scan.limit { kept.append((.absent, record)) }
            return
        }
        kept.append((record.value(of: order.field), record))
        // Twice as many as are wanted are sorted at a time, rather than each into its place.
        let (most, overflows) = scan.limit.multipliedReportingOverflow(by: 2)
        if !overflows, kept.count >= max(most, 64) { trim(order) }
    }

    private mutating func trim(_ order: SessionScan.Order) {
        kept.sort { left, right in
            if left.key.precedes(right.key, isDescending: order.isDescending) { return true }
            if right.key.precedes(left.key, isDescending: order.isDescending) { return false }
            return left.record.id < right.record.id
        }
        kept.removeLast(max(0, kept.count - scan.limit))
    }

    /// What was found in many slices, or by all workers together.
    struct Found {
        var records: [SessionRecord] = []
        var matched = 0
        var total = 0

        mutating func add(_ slice: SessionSlice) {
            records += slice.records
            matched += slice.matched
            total += slice.total
        }
    }

    static func merge(_ parts: [Found], for scan: SessionScan) -> Found {
        var tally = SessionTally(scan)
        var all = Found()
        for part in parts {
            all.matched += part.matched
            all.total += part.total
            for record in part.records { tally.keep(record) }
        }
        all.records = tally.finish().records
        return all
    }

    /// What was found, in order; the worker goes on with `next`.
    mutating func finish(next: Int? = nil) -> SessionSlice {
        if let order = scan.order { trim(order) }
        slice.records = kept.map(\.record)
        slice.next = next
        return slice
    }
}

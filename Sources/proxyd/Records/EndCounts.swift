/// How many sessions have ended for each reason.
///
/// There are few reasons, and most sessions end for the first of them: looking through them is faster than a hash,
/// which every end would pay for.
struct EndCounts {
    private var rows: [(reason: EndReason, count: UInt64)] = []

    mutating func add(_ count: UInt64 = 1, of reason: EndReason) {
        for index in rows.indices where rows[index].reason == reason {
            rows[index].count &+= count
            return
        }
        rows.append((reason, count))
    }

    var byReason: [EndReason: UInt64] {
        Dictionary(uniqueKeysWithValues: rows.map { ($0.reason, $0.count) })
    }
}

internal import Shared

/// `connect_histogram` of `show channel`, as bars: how many connects took how long.
struct ConnectHistogram: Equatable {
    /// The most microseconds of each bucket; nil: more than the one before.
    let buckets: [(most: UInt64?, count: UInt64)]

    static let mostBuckets = 32

    /// From `100=0 250=5 … more=0`; nil for anything else.
    init?(_ text: String) {
        let words = text.split(separator: " ").prefix(Self.mostBuckets)
        var buckets: [(most: UInt64?, count: UInt64)] = []
        for word in words {
            let halves = word.split(separator: "=", maxSplits: 1)
            guard halves.count == 2, let count = UInt64(halves[1]) else { return nil }
            guard halves[0] != "more" else {
                buckets.append((nil, count))
                continue
            }
            guard let most = UInt64(halves[0]) else { return nil }
            buckets.append((most, count))
        }
        guard buckets.contains(where: { $0.count > 0 }) else { return nil }
        self.buckets = buckets
    }

    /// From the first bucket that has something to the last, as far as those in between are worth a line.
    func lines(_ glyphs: Glyphs) -> [StyledText] {
        guard let first = buckets.firstIndex(where: { $0.count > 0 }),
            let last = buckets.lastIndex(where: { $0.count > 0 })
        else { return [] }
        let total = buckets.reduce(0.0) { $0 + Double($1.count) }
        return (first...last).map { index in
            let bucket = buckets[index]
            let name = bucket.most.map { "to \(Self.time($0))" } ?? "longer"
            let part = Double(bucket.count) / total
            let percent = Quantity.fixed(part * 100, decimals: 1) + "%"
            var spans = StyledText(name + Self.blank(name, 11), .faint)
            spans.add(glyphs.bar(part, cells: 24))
            spans.add(Self.blank(percent, 7) + percent + "  \(bucket.count)")
            return spans
        }
    }

    private static func blank(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(1, width - text.utf8.count))
    }

    private static func time(_ microseconds: UInt64) -> String {
        switch microseconds {
        case ..<1000: "\(microseconds) us"
        case ..<1_000_000: "\(short(microseconds, of: 1000)) ms"
        default: "\(short(microseconds, of: 1_000_000)) s"
        }
    }

    /// `2.5`, and `10` without a fraction.
    private static func short(_ number: UInt64, of unit: UInt64) -> String {
        Quantity.fixed(Double(number) / Double(unit), decimals: number % unit == 0 ? 0 : 1)
    }

    static func == (left: Self, right: Self) -> Bool {
        left.buckets.elementsEqual(right.buckets) { $0.most == $1.most && $0.count == $1.count }
    }
}

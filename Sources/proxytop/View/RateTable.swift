internal import Shared

/// Rates over several times side by side, as lines: what is now, and whether it was so before.
struct RateTable {
    let lines: [StyledText]

    init(_ track: Track?, isBits: Bool) {
        let columns: [(title: String, rates: Track.Rates)] = [
            ("now", track?.latestRates), ("10 s", track?.rates),
            ("60 s", track?.rates(over: 60_000)), ("15 min", track?.rates(over: 900_000)),
        ].map { ($0, $1 ?? Track.Rates()) }
        let unit = isBits ? "b/s" : "B/s"
        let rows: [(name: String, text: (Track.Rates) -> String)] = [
            ("new/s", { NumberText.perSecond($0.total) }),
            ("in \(unit)", { NumberText.bytes($0.inBytes, asBits: isBits) }),
            ("out \(unit)", { NumberText.bytes($0.outBytes, asBits: isBits) }),
            ("failed/s", { NumberText.brief($0.failed) }),
        ]
        func right(_ text: String) -> String {
            String(repeating: " ", count: max(1, 9 - CellWidth.of(text))) + text
        }
        let head = columns.map { right($0.title) }.joined()
        lines =
            [StyledText("rates      " + head, .heading)]
            + rows.map { name, text in
                let label = name + String(repeating: " ", count: max(1, 11 - name.utf8.count))
                return StyledText(label + columns.map { right(text($0.rates)) }.joined())
            }
    }
}

/// Values over time as columns of characters, some rows high.
struct Chart {
    let values: [Double?]
    let height: Int
    /// What the highest row stands for.
    let top: Double

    init(_ values: [Double?], height: Int) {
        self.values = values
        self.height = height
        top = OverviewPage.scale(values.compactMap(\.self).max() ?? 0)
    }

    /// Whether anything is known at all.
    var isKnown: Bool { values.contains { $0 != nil } }

    /// Whether anything is above nothing.
    var hasAny: Bool { values.contains { ($0 ?? 0) > 0 } }

    /// The highest row first; a blank stands for nothing and for what is not known.
    func lines(_ glyphs: Glyphs) -> [StyledText] {
        let ramp = glyphs.ramp
        let steps = ramp.count - 1
        return (0..<height).reversed().map { row in
            var text = String.UnicodeScalarView()
            for value in values {
                let part = (value ?? 0) / top * Double(height) - Double(row)
                var level = Int((min(1, max(0, part)) * Double(steps)).rounded())
                // Whatever is not nothing can be seen.
                if row == 0, level == 0, let value, value > 0 { level = 1 }
                text.append(ramp[level])
            }
            return StyledText(String(text))
        }
    }
}

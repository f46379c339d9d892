internal import Shared

/// The answer to “why”: a timeline in sentences.
enum WhyPage {
    /// `columns`: the room for it; nil: the screen's.
    static func lines(
        _ why: Why, _ model: Model, _ glyphs: Glyphs, columns: Int? = nil
    ) -> [StyledText] {
        var lines: [StyledText] = []
        if let fault = why.fault { lines.append(StyledText("the daemon says: \(fault)", .slow)) }
        if why.samples == nil, why.fault == nil, why.request(model.snapshot) != nil,
            model.time.mode == .present
        {
            lines.append(StyledText("asking the daemon for its history …", .faint))
        }
        let indent = 10
        let width = max(20, (columns ?? model.size.columns) - indent - 2)
        for line in why.lines(model) {
            let time = line.time.map { time in
                CalendarTime(
                    seconds: Int64(min(time, Bounds.milliseconds) / 1000) + model.now.offsetSeconds
                ).clock
            }
            for (index, part) in Cutting.wrapped(line.text, width: width).enumerated() {
                let head = index == 0 ? (time ?? "now") + (line.isMoment ? ">" : "") : ""
                let blank = String(repeating: " ", count: indent - CellWidth.of(head))
                var spans = StyledText(head, line.isMoment ? .strong : .faint)
                spans.add(blank)
                spans.add(part, line.isMoment ? .chosen : line.isBad ? .strong : .plain)
                lines.append(spans)
            }
        }
        return lines
    }
}

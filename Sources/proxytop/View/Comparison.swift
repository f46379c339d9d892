internal import Shared

/// A name and two numbers, under `now` and `after`, in exactly the width there is.
struct Comparison {
    let width: Int
    let glyphs: Glyphs

    var isNarrow: Bool { width < 60 }
    private var field: Int { isNarrow ? 12 : 16 }

    func line(_ name: String, _ now: String, _ after: String, _ style: Style = .plain) -> StyledText
    {
        let nameWidth = max(0, width - 2 * field)
        let text = Cutting.end(name, width: nameWidth, glyphs)
        let nameStyle: Style = style == .heading ? .heading : .plain
        var spans = StyledText(text + blanks(nameWidth - CellWidth.of(text)), nameStyle)
        spans.add(right(now), nameStyle)
        spans.add(right(after), style)
        return spans
    }

    /// `61/400`, `800/800 FULL`, `139k/400k` where there is no room for all digits.
    func slots(_ slots: Slots, usable: Int) -> String {
        if usable == 0 { return "none" }
        let mark = slots.isFull && !isNarrow ? " FULL" : ""
        let exact = slots.description + mark
        guard exact.utf8.count >= field else { return exact }
        let total = slots.total.map { NumberText.count($0, width: 5) } ?? NumberText.notApplicable
        return "\(NumberText.count(slots.used, width: 5))/\(total)\(isNarrow ? "" : mark)"
    }

    private func right(_ text: String) -> String { blanks(field - CellWidth.of(text)) + text }

    private func blanks(_ count: Int) -> String { String(repeating: " ", count: max(0, count)) }
}

internal import Shared

/// What can be pressed, written from the table of bindings.
struct HelpPage {
    /// Rows that the help itself leaves to the title and the bottom lines.
    static let frame = 3

    static func lines(role: String?, mayAct: Bool, _ glyphs: Glyphs) -> [Spans] {
        var lines: [Spans] = []
        for section in Binding.Section.allCases {
            lines.append(Spans(section.rawValue, .heading))
            if section == .act, !mayAct {
                lines.append(Spans("  not now, or not for role “\(role ?? "?")”", .slow))
            }
            for binding in Binding.all where binding.section == section {
                let names = binding.keys.map(\.name).joined(separator: " ")
                let padding = String(repeating: " ", count: max(1, 12 - CellWidth.of(names)))
                var line = Spans("  ")
                line.add(names, .strong)
                line.add(padding + binding.help)
                lines.append(line)
            }
            lines.append(Spans())
        }
        lines.append(Spans("States", .heading))
        for (state, meaning) in meanings {
            let face = StateFace(state, glyphs)
            var line = Spans("  ")
            line.add(face.text(width: 6), face.style)
            line.add(String(repeating: " ", count: max(1, 12 - CellWidth.of(face.text(width: 6)))))
            line.add(meaning)
            lines.append(line)
        }
        lines.append(Spans())
        lines.append(
            Spans(
                "Rates are averages over 10 s. “-” does not apply, “?” is not known, “0” is measured."
            ))
        return lines
    }

    private static let meanings: [(ChannelState, String)] = [
        (.up, "usable, with room left"), (.full, "usable, but at its limit"),
        (.drain, "no new sessions, running ones finish"),
        (.grace, "failed, returns by itself"), (.down, "a probe says that it fails"),
        (.auto, "switched off by autodisable, waits for a person"),
        (.off, "switched off by a person"), (.check, "a check or a trigger is running"),
    ]

    /// Where the help begins after a moving key.
    static func top(after command: Binding.Command, from top: Int, size: Size) -> Int {
        let page = max(1, size.rows - frame)
        let count = lines(role: nil, mayAct: false, .ascii).count
        let target =
            switch command {
            case .up: top - 1
            case .down: top + 1
            case .first: 0
            case .last: count
            case .pageUp: top - page
            case .pageDown: top + page
            case .halfUp: top - page / 2
            case .halfDown: top + page / 2
            default: top
            }
        return min(max(0, target), max(0, count - page))
    }

    static func draw(_ model: Model, top: Int, into grid: inout Grid, _ glyphs: Glyphs) {
        grid.put("proxytop: keys", row: 0, column: 1, style: .strong)
        let all = lines(
            role: model.greeting?.role, mayAct: model.greeting?.maySwitch ?? false, glyphs)
        for (offset, line) in all.dropFirst(top).prefix(max(0, grid.size.rows - frame)).enumerated()
        {
            grid.put(line, row: offset + 1, column: 1)
        }
    }
}

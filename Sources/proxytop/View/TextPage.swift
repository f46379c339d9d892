internal import Shared

/// Lines that lie over the page and scroll: the help, and what the daemon answered.
struct TextPage {
    /// Rows that it leaves to the title and the bottom lines.
    static let frame = 3

    let title: String
    let lines: [Spans]

    init(overlay: Overlay, model: Model, _ glyphs: Glyphs = .ascii) {
        switch overlay {
        case .help:
            title = "proxytop: keys"
            lines = HelpPage.lines(model, glyphs)
        case .answer(let title, let lines, _):
            self.title = title
            self.lines = lines.isEmpty ? [Spans("(no lines)", .faint)] : lines.map { Spans($0) }
        case .why:
            title = model.why.map { "why: \($0.title)" } ?? ""
            lines = model.why.map { WhyPage.lines($0, model, glyphs) } ?? []
        case .undo:
            title = "what this screen has changed, the latest first"
            lines = Self.undoLines(model)
        case .menu(let chosen):
            title = "what can be done here: Enter does it, q closes"
            lines = Self.menuLines(
                ActionMenu(model), chosen: chosen, width: model.size.columns - 2)
        }
    }

    private static func undoLines(_ model: Model) -> [Spans] {
        guard let picture = model.picture, !model.undo.entries.isEmpty else {
            return [Spans("nothing that can be taken back", .faint)]
        }
        var lines: [Spans] = []
        for (index, entry) in model.undo.entries.reversed().enumerated() {
            let age = Age(milliseconds: model.now.elapsed(since: entry.at))
            lines.append(Spans("\(entry.command)  \(age) ago", index == 0 ? .strong : .plain))
            for change in entry.changes {
                var line = Spans(
                    "  \(change.path) \(change.field) \(change.from) -> \(change.to)", .faint)
                if let objection = UndoList.objection(to: change, in: picture) {
                    line.add("  not any more: \(objection)", .slow)
                }
                lines.append(line)
            }
        }
        return lines + [Spans(), Spans("u takes the first of them back, and asks before")]
    }

    private static func menuLines(_ menu: ActionMenu, chosen: Int, width: Int) -> [Spans] {
        menu.items.enumerated().map { index, item in
            var line = Spans(index == chosen ? "> " : "  ", .strong)
            let isPossible = item.obstacle == nil
            line.add(item.key, isPossible ? .strong : .faint)
            line.add(String(repeating: " ", count: max(1, 8 - CellWidth.of(item.key))))
            line.add(item.help, isPossible ? .plain : .faint)
            guard let obstacle = item.obstacle else { return line }
            let room = width - line.width - 4
            // Where both do not fit, the key itself says why.
            line.add(CellWidth.of(obstacle) <= room ? "  (\(obstacle))" : "  (not now)", .slow)
            return line
        }
    }

    func draw(top: Int, into grid: inout Grid) {
        grid.put(title, row: 0, column: 1, style: .strong)
        let room = max(0, grid.size.rows - Self.frame)
        for (offset, line) in lines.dropFirst(top).prefix(room).enumerated() {
            grid.put(line, row: offset + 1, column: 1)
        }
    }

    /// Where it begins after a moving key.
    static func top(
        after command: Binding.Command, from top: Int, lines: Int, size: Size
    ) -> Int {
        let page = max(1, size.rows - frame)
        let target =
            switch command {
            case .up: top - 1
            case .down: top + 1
            case .first: 0
            case .last: lines
            case .pageUp: top - page
            case .pageDown: top + page
            case .halfUp: top - page / 2
            case .halfDown: top + page / 2
            default: top
            }
        return min(max(0, target), max(0, lines - page))
    }
}

internal import Shared

/// Lines that lie over the page and scroll: the help, and what the daemon answered.
struct TextPage {
    /// Rows that it leaves to the title and the bottom lines.
    static let frame = 3

    let title: String
    let lines: [StyledText]
    /// The line that Enter takes; nil: the text only scrolls.
    private var chosen: Int?
    private var sought = ""
    private let glyphs: Glyphs

    init(overlay: Overlay, model: Model, _ glyphs: Glyphs = .ascii) {
        self.glyphs = glyphs
        switch overlay {
        case .help:
            title = "proxytop: keys"
            lines = HelpPage.lines(model, glyphs)
        case .answer(let title, let lines, _):
            self.title = title
            self.lines =
                lines.isEmpty ? [StyledText("(no lines)", .faint)] : lines.map { StyledText($0) }
        case .why:
            title = model.data.why.map { "why: \($0.title)" } ?? ""
            lines = model.data.why.map { WhyPage.lines($0, model, glyphs) } ?? []
        case .undo:
            title = "what this screen has changed, the latest first"
            lines = Self.undoLines(model)
        case .menu:
            title = "what can be done here: Enter does it, q closes"
            lines = Self.menuLines(ActionMenu(model), width: model.size.columns - 2, glyphs)
        case .columns:
            title = "columns of this view: Space shows or hides, q closes"
            lines = ColumnMenu(model).items.map(Self.line)
        case .sorting:
            title = "columns to sort by: Enter sorts, on the present one it turns the order round"
            lines = Self.sortLines(SortMenu(model))
        case .views:
            title = "views that were kept: Enter shows one, q closes"
            lines = Self.viewLines(model.preferences.savedViews)
        case .rehearsal(let serial, _):
            let rehearsal = RollingRestartPlan(serial, model)
            title =
                "restarting \(rehearsal?.title ?? "?") channel by channel: what it would be like"
            lines = rehearsal?.lines ?? [StyledText("the group is not there any more", .faint)]
        }
        chosen = overlay.choice?.chosen
        sought = model.navigation.searchedText
    }

    private static func line(_ item: ColumnMenu.Item) -> StyledText {
        var line = StyledText("  [\(item.isShown ? "x" : " ")] ", item.isShown ? .strong : .faint)
        line.add(item.title + blank(item.title, 10), item.isFixed ? .faint : .strong)
        line.add(
            item.meaning + (item.isFixed ? " (always there)" : ""), item.isFixed ? .faint : .plain)
        return line
    }

    private static func sortLines(_ menu: SortMenu) -> [StyledText] {
        menu.items.map { item in
            let mark = item.isPresent ? (menu.isDescending ? "-" : "+") : " "
            var line = StyledText("  [\(mark)] ", item.isPresent ? .strong : .faint)
            line.add(item.title + blank(item.title, 10), .strong)
            line.add(item.meaning)
            guard item.isPresent else { return line }
            let isOwn = item.key == .channels(nil)
            line.add(
                isOwn ? "  now" : menu.isDescending ? "  now, falling" : "  now, rising", .strong)
            return line
        }
    }

    private static func viewLines(_ views: [SavedView]) -> [StyledText] {
        guard !views.isEmpty else {
            return [StyledText("  none yet: s keeps the view that is on the screen", .faint)]
        }
        return views.map { view in
            var line = StyledText("  " + view.name + blank(view.name, 16), .strong)
            line.add(view.description)
            return line
        }
    }

    private static func blank(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(1, width - CellWidth.of(text)))
    }

    private static func undoLines(_ model: Model) -> [StyledText] {
        guard let snapshot = model.snapshot, !model.actions.undo.entries.isEmpty else {
            return [StyledText("nothing that can be taken back", .faint)]
        }
        var lines: [StyledText] = []
        for (index, entry) in model.actions.undo.entries.reversed().enumerated() {
            let age = Age(milliseconds: model.now.elapsed(since: entry.at))
            lines.append(StyledText("\(entry.command)  \(age) ago", index == 0 ? .strong : .plain))
            for change in entry.changes {
                var line = StyledText(
                    "  \(change.path) \(change.field) \(change.from) -> \(change.to)", .faint)
                if let objection = UndoList.objection(to: change, in: snapshot) {
                    line.add("  not any more: \(objection)", .slow)
                }
                lines.append(line)
            }
        }
        return lines + [
            StyledText(), StyledText("u takes the first of them back, and asks before"),
        ]
    }

    private static func menuLines(_ menu: ActionMenu, width: Int, _ glyphs: Glyphs) -> [StyledText]
    {
        menu.items.map { item in
            var line = StyledText("  ")
            let isPossible = item.obstacle == nil
            line.add(item.key, isPossible ? .strong : .faint)
            line.add(String(repeating: " ", count: max(1, 8 - CellWidth.of(item.key))))
            guard let obstacle = item.obstacle else {
                line.add(item.help)
                return line
            }
            let room = width - line.width
            let whole = "  (\(obstacle))"
            // Where both do not fit, the key itself says why.
            let remark =
                CellWidth.of(item.help) + CellWidth.of(whole) <= room ? whole : "  (not now)"
            line.add(
                Cutting.end(item.help, width: max(0, room - CellWidth.of(remark)), glyphs), .faint)
            line.add(remark, .slow)
            return line
        }
    }

    func draw(top: Int, into grid: inout Grid) {
        grid.put(
            Cutting.end(title, width: grid.size.columns - 1, glyphs), row: 0, column: 1,
            style: .strong)
        let room = max(0, grid.size.rows - Self.frame)
        for (offset, line) in lines.dropFirst(top).prefix(room).enumerated() {
            let row = offset + 1
            grid.put(line, row: row, column: 1, end: grid.size.columns, cut: glyphs.cut)
            showMatch(line.text, into: &grid, row: row)
            guard chosen == top + offset else { continue }
            // Over a blank, never over a letter.
            let column = line.text.hasPrefix(" ") ? 1 : 0
            grid.put(">", row: row, column: column, style: .strong)
            grid.restyle(row: row) { $0.underCursor }
            grid.cursor = Grid.Spot(row: row, column: column)
        }
    }

    /// Marks the words that were looked for.
    private func showMatch(_ text: String, into grid: inout Grid, row: Int) {
        guard !sought.isEmpty,
            let found = Self.range(of: Array(sought.lowercased()), in: Array(text.lowercased()))
        else { return }
        let start = 1 + CellWidth.of(String(text.prefix(found.lowerBound)))
        let end = 1 + CellWidth.of(String(text.prefix(found.upperBound)))
        grid.restyle(row: row, from: start, to: end) { _ in .chosen }
    }

    private static func range(of words: [Character], in text: [Character]) -> Range<Int>? {
        guard !words.isEmpty, text.count >= words.count else { return nil }
        for start in 0...text.count - words.count
        where text[start..<start + words.count].elementsEqual(words) {
            return start..<start + words.count
        }
        return nil
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

internal import Shared

/// Several daemons, a line each: which one is in trouble, and how much room each has.
struct FleetPage {
    let models: [Model]
    let names: [String]
    let fleet: Fleet
    let glyphs: Glyphs

    func draw(_ size: Size, isASCII: Bool) -> Grid {
        var grid = Grid(size: size, isASCII: isASCII)
        let troubled = models.count {
            !$0.connection.link.isLive || $0.problems.contains { $0.severity != .note }
        }
        let left = StyledText("\(models.count) daemons", .strong)
        let right =
            troubled == 0
            ? StyledText("no problems", .good) : StyledText("\(troubled) in trouble", .danger)
        grid.put(left: left, right: right, row: 0, cut: glyphs.cut)
        guard !fleet.isHelpShown else {
            drawHelp(into: &grid)
            return grid
        }
        let title = columns(size.columns).reduce("  ") {
            $0 + Self.fit($1.title, $1.width, $1.isRight, glyphs) + " "
        }
        grid.put(title + "PROBLEM", row: 1, column: 0, style: .heading)
        let room = max(0, size.rows - Fleet.firstRow - 2)
        let top = max(0, min(fleet.chosen - room + 1, models.count - room))
        for (offset, index) in models.indices.dropFirst(top).prefix(room).enumerated() {
            draw(index, into: &grid, row: Fleet.firstRow + offset)
        }
        // The whole of what the list has cut.
        let line =
            fleet.warning.map { StyledText($0, .danger) }
            ?? StyledText(trouble(of: models[fleet.chosen])?.text ?? "")
        grid.put(line, row: size.rows - 2, column: 1, end: size.columns - 1, cut: glyphs.cut)
        grid.put(
            "j k move  Enter opens  r ask now  ? help  q quit", row: size.rows - 1, column: 1,
            style: .faint)
        return grid
    }

    private struct Column {
        var place: Int
        var title: String
        var width: Int
        var isRight = true
        /// Lower goes first where what is wrong would have no room; 0 stays.
        var drop = 0
    }

    private static let allColumns = [
        Column(place: 0, title: "DAEMON", width: 22, isRight: false),
        Column(place: 1, title: "ENV", width: 6, isRight: false, drop: 4),
        Column(place: 2, title: "LINK", width: 10, isRight: false),
        Column(place: 3, title: "USABLE", width: 7),
        Column(place: 4, title: "SLOTS", width: 12, drop: 3),
        Column(place: 5, title: "CONN", width: 7, drop: 5),
        Column(place: 6, title: "NEW/s", width: 7, drop: 2),
        Column(place: 7, title: "OUT/s", width: 7, drop: 1),
    ]
    /// What is wrong gets so many cells before a number does.
    private static let problemWidth = 30

    private func columns(_ width: Int) -> [Column] {
        // Where no environment is named, that says nothing.
        let isNamed = models.contains { $0.connection.hello?.environment.isEmpty == false }
        var kept = Self.allColumns.filter { isNamed || $0.place != 1 }
        while kept.reduce(2 + Self.problemWidth, { $0 + $1.width + 1 }) > width,
            let next = kept.filter({ $0.drop > 0 }).min(by: { $0.drop < $1.drop })
        {
            kept.removeAll { $0.place == next.place }
        }
        return kept
    }

    private static func fit(_ text: String, _ width: Int, _ isRight: Bool, _ glyphs: Glyphs)
        -> String
    {
        let cut = Cutting.end(text, width: width, glyphs)
        let blank = String(repeating: " ", count: max(0, width - CellWidth.of(cut)))
        return isRight ? blank + cut : cut + blank
    }

    private func draw(_ index: Int, into grid: inout Grid, row: Int) {
        let model = models[index]
        let link = LinkText(model)
        let channels = model.snapshot?.channels ?? []
        let rates = model.data.history.sum
        let host = model.connection.hello?.host
        let texts = [
            host.map { host in
                model.connection.isElsewhere ? host : "\(host) \(Self.last(names[index]))"
            }
                ?? names[index],
            model.connection.hello?.environment ?? "", link.short,
            model.snapshot == nil
                ? "?" : "\(channels.count { $0.state.isUsable })/\(channels.count)",
            model.snapshot == nil ? "?" : Slots(channels).description,
            NumberText.count(channels.reduce(0) { $0 + $1.current }, width: 7),
            NumberText.perSecond(rates.total),
            NumberText.bytes(rates.outBytes, asBits: model.preferences.showsBits),
        ]
        var spans = StyledText("  ")
        for column in columns(grid.size.columns) {
            let text = Self.fit(texts[column.place], column.width, column.isRight, glyphs)
            spans.add(text + " ", column.place == 2 ? link.style : .plain)
        }
        let start = grid.put(spans, row: row, column: 0)
        if let trouble = trouble(of: model) {
            grid.put(
                trouble, row: row, column: start, end: grid.size.columns, cut: glyphs.cut)
        }
        if model.isStale { grid.restyle(row: row, to: Self.allColumns[0].width) { $0.stale } }
        guard index == fleet.chosen else { return }
        grid.cursor = Grid.Spot(row: row, column: 0)
        grid.put(">", row: row, column: 0, style: .strong)
        grid.restyle(row: row) { $0.underCursor }
    }

    /// Why its link is lost, or the worst that is wrong there.
    private func trouble(of model: Model) -> StyledText? {
        if case .lost(_, let reason) = model.connection.link.phase {
            return StyledText(reason, .alert)
        }
        guard let worst = model.problems.first(where: { $0.severity != .note }) else { return nil }
        let face = StateBadge(worst.state, glyphs)
        var spans = StyledText(face.glyph + " ", face.style)
        spans.add(worst.text)
        return spans
    }

    /// The socket's own name, which tells the daemons of one machine apart.
    private static func last(_ name: String) -> String {
        name.split(separator: "/").last.map(String.init) ?? name
    }

    private func drawHelp(into grid: inout Grid) {
        let lines = [
            "j k, arrows   move",
            "Enter         this daemon: everything that proxytop can; q there comes back",
            "r             ask every daemon now, try lost links now", "q Q           quit",
            "", "A daemon is in trouble when its link is lost or its overview has a problem.",
        ]
        for (offset, line) in lines.enumerated() { grid.put(line, row: 2 + offset, column: 2) }
    }
}

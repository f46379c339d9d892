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

    /// A column: its row in `all` is everything there is to know about it.
    private struct Column: Sendable {
        var title: String
        var width: Int
        var isRight = true
        /// Lower goes first where what is wrong would have no room; nil stays.
        var drop: Int?
        /// Whether it says anything about these daemons.
        var isUseful: @Sendable ([Model]) -> Bool = { _ in true }
        var cell: @Sendable (Row) -> Cell

        static let all = [
            Column(title: "DAEMON", width: 22, isRight: false) { Cell(text: $0.title) },
            Column(
                title: "ENV", width: 6, isRight: false, drop: 4,
                isUseful: { $0.contains { $0.connection.hello?.environment.isEmpty == false } },
                cell: { Cell(text: $0.model.connection.hello?.environment ?? "") }),
            Column(title: "LINK", width: 10, isRight: false) {
                let link = LinkText($0.model)
                return Cell(text: link.short, style: link.style)
            },
            Column(title: "USABLE", width: 7) {
                Cell(
                    text: $0.known(
                        "\($0.channels.count { $0.state.isUsable })/\($0.channels.count)"))
            },
            Column(title: "SLOTS", width: 12, drop: 3) {
                Cell(text: $0.known(Slots($0.channels).description))
            },
            Column(title: "CONN", width: 7, drop: 5) {
                Cell(text: NumberText.count($0.channels.reduce(0) { $0 + $1.current }, width: 7))
            },
            Column(title: "NEW/s", width: 7, drop: 2) {
                Cell(text: NumberText.perSecond($0.model.data.history.sum.total))
            },
            Column(title: "OUT/s", width: 7, drop: 1) {
                let rate = $0.model.data.history.sum.outBytes
                return Cell(
                    text: NumberText.bytes(rate, asBits: $0.model.preferences.showsBits))
            },
        ]
    }

    private struct Cell {
        var text: String
        var style = Style.plain
    }

    /// What the cells of a daemon are made of.
    private struct Row {
        let model: Model
        let name: String
        let channels: [ChannelSnapshot]

        init(_ model: Model, name: String) {
            (self.model, self.name) = (model, name)
            channels = model.snapshot?.channels ?? []
        }

        /// The machine, and the socket's own name, which tells the daemons of one machine apart.
        var title: String {
            guard let host = model.connection.hello?.host else { return name }
            guard !model.connection.isElsewhere else { return host }
            return "\(host) \(name.split(separator: "/").last.map(String.init) ?? name)"
        }

        /// A text about channels, once they are known.
        func known(_ text: String) -> String { model.snapshot == nil ? "?" : text }
    }

    /// What is wrong gets so many cells before a number does.
    private static let problemWidth = 30

    private func columns(_ width: Int) -> [Column] {
        var kept = Column.all.filter { $0.isUseful(models) }
        while kept.reduce(2 + Self.problemWidth, { $0 + $1.width + 1 }) > width,
            let next = kept.compactMap(\.drop).min()
        {
            kept.removeAll { $0.drop == next }
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
        let cells = Row(model, name: names[index])
        var spans = StyledText("  ")
        for column in columns(grid.size.columns) {
            let cell = column.cell(cells)
            let text = Self.fit(cell.text, column.width, column.isRight, glyphs)
            spans.add(text + " ", cell.style)
        }
        let start = grid.put(spans, row: row, column: 0)
        if let trouble = trouble(of: model) {
            grid.put(
                trouble, row: row, column: start, end: grid.size.columns, cut: glyphs.cut)
        }
        if model.isStale { grid.restyle(row: row, to: Column.all[0].width) { $0.stale } }
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

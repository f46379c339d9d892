internal import Shared

/// Several daemons, a line each: which one is in trouble, and how much room each has.
struct FleetPage {
    static let firstRow = 2

    let models: [Model]
    let names: [String]
    let fleet: Fleet
    let glyphs: Glyphs

    func draw(_ size: Size, isASCII: Bool) -> Grid {
        var grid = Grid(size: size, isASCII: isASCII)
        let troubled = models.count {
            !$0.link.isLive || $0.problems.contains { $0.severity != .note }
        }
        let left = Spans("\(models.count) daemons", .strong)
        let right =
            troubled == 0 ? Spans("no problems", .good) : Spans("\(troubled) in trouble", .danger)
        grid.put(left: left, right: right, row: 0, cut: glyphs.cut)
        guard !fleet.isHelpShown else {
            drawHelp(into: &grid)
            return grid
        }
        let title = Self.columns.reduce("  ") {
            $0 + Self.fit($1.title, $1.width, $1.isRight, glyphs) + " "
        }
        grid.put(title + "PROBLEM", row: 1, column: 0, style: .heading)
        let room = max(0, size.rows - Self.firstRow - 1)
        let top = max(0, min(fleet.chosen - room + 1, models.count - room))
        for (offset, index) in models.indices.dropFirst(top).prefix(room).enumerated() {
            draw(index, into: &grid, row: Self.firstRow + offset)
        }
        grid.put(
            "j k move  Enter opens  r ask now  ? help  q quit", row: size.rows - 1, column: 1,
            style: .faint)
        return grid
    }

    private static let columns: [(title: String, width: Int, isRight: Bool)] = [
        ("DAEMON", 22, false), ("ENV", 6, false), ("LINK", 10, false), ("USABLE", 7, true),
        ("SLOTS", 12, true), ("CONN", 7, true), ("NEW/s", 7, true), ("OUT/s", 7, true),
    ]

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
        let channels = model.picture?.channels ?? []
        let rates = model.history.sum
        let host = model.greeting?.host
        let texts = [
            host.map { host in model.isElsewhere ? host : "\(host) \(Self.last(names[index]))" }
                ?? names[index],
            model.greeting?.environment ?? "", link.short,
            model.picture == nil
                ? "?" : "\(channels.count { $0.state.isUsable })/\(channels.count)",
            model.picture == nil ? "?" : Slots(channels).description,
            NumberText.count(channels.reduce(0) { $0 + $1.current }, width: 7),
            NumberText.perSecond(rates.total),
            NumberText.bytes(rates.outBytes, asBits: model.showsBits),
        ]
        var spans = Spans("  ")
        for (place, column) in Self.columns.enumerated() {
            let text = Self.fit(texts[place], column.width, column.isRight, glyphs)
            spans.add(text + " ", place == 2 ? link.style : .plain)
        }
        if case .lost(_, let reason) = model.link.phase {
            spans.add(reason, .alert)
        } else if let worst = model.problems.first(where: { $0.severity != .note }) {
            let face = StateFace(worst.state, glyphs)
            spans.add(face.glyph + " ", face.style)
            spans.add(worst.text)
        }
        grid.put(spans, row: row, column: 0)
        if model.isStale { grid.restyle(row: row, to: Self.columns[0].width) { $0.stale } }
        guard index == fleet.chosen else { return }
        grid.cursor = Grid.Spot(row: row, column: 0)
        grid.put(">", row: row, column: 0, style: .strong)
        grid.restyle(row: row) { $0.underCursor }
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

internal import Shared

/// Is anything wrong, how much room is left, and what happened last.
struct OverviewPage {
    let model: Model
    let glyphs: Glyphs

    func draw(into grid: inout Grid, rows: Range<Int>) {
        guard model.snapshot != nil else {
            grid.put("waiting for the daemon", row: rows.lowerBound, column: 1, style: .faint)
            return
        }
        let layout = OverviewLayout(model)
        var row = rows.lowerBound
        drawProblems(into: &grid, rows: row..<row + layout.problemHeight)
        row += layout.problemHeight
        drawGroups(into: &grid, rows: row..<row + layout.groupHeight)
        row += layout.groupHeight
        if layout.stripHeight > 0 {
            for line in stripLines(columns: grid.size.columns, height: layout.stripRows) {
                grid.put(line, row: row, column: 0)
                if model.isStale { grid.restyle(row: row) { $0.stale } }
                row += 1
            }
        }
        if layout.eventHeight > 0 { drawEvents(into: &grid, rows: row..<row + layout.eventHeight) }
    }

    private func heading(
        _ left: String, _ right: String, columns: Int, for pane: Focus? = nil
    ) -> StyledText {
        let isHere = pane != nil && pane == model.navigation.focus && pane != .table
        return .heading(isHere ? "[\(left)]" : left, right, columns: columns, glyphs)
    }

    // MARK: Problems

    private func drawProblems(into grid: inout Grid, rows: Range<Int>) {
        let problems = model.problems
        grid.put(
            heading("PROBLEMS (worst first)", "Enter opens", columns: grid.size.columns),
            row: rows.lowerBound, column: 0)
        guard !problems.isEmpty else {
            let row = rows.lowerBound + 1
            if rows.contains(row) { grid.put("none", row: row, column: 2, style: .good) }
            return
        }
        let visible = rows.count - 1
        // The cursor counts the height of the whole table; the list here is shorter.
        let index = model.selection.problemCursor.index
        let top = max(0, min(index - visible + 1, problems.count - visible))
        for (offset, problem) in problems.dropFirst(top).prefix(max(0, visible)).enumerated() {
            let row = rows.lowerBound + 1 + offset
            let face = StateBadge(problem.state, glyphs, isStale: false)
            var spans = StyledText(face.glyph + " ", face.style)
            spans.add(problem.text)
            if case .channel(let serial) = problem.subject,
                let channel = model.snapshot?.channel(serial: serial)
            {
                spans.add("  \(channel.address)", .faint)
            }
            grid.put(spans, row: row, column: 2)
            if model.isStale { grid.restyle(row: row) { $0.stale } }
            RowMark(model, problem.subject).draw(into: &grid, row: row)
        }
        let rest = problems.count - top - max(0, visible)
        if rest > 0, visible > 0 {
            grid.putRight(" \(rest) more ", row: rows.upperBound - 1, end: grid.size.columns)
        }
    }

    // MARK: Groups

    private func drawGroups(into grid: inout Grid, rows: Range<Int>) {
        guard let snapshot = model.snapshot, !rows.isEmpty else { return }
        let table = GroupTable(snapshot, model.data.history, glyphs, columns: grid.size.columns)
            .lines
        let top = model.navigation.focus == .groups ? model.selection.groupCursor.top : 0
        let lines =
            [heading("GROUPS", "in failover order", columns: grid.size.columns, for: .groups)]
            + table.prefix(1) + table.dropFirst(1 + top)
        for (row, line) in zip(rows, lines) {
            grid.put(line, row: row, column: 0)
            if model.isStale { grid.restyle(row: row) { $0.stale } }
            let index = row - rows.lowerBound - 2 + top
            guard model.navigation.focus == .groups, row >= rows.lowerBound + 2,
                let subject = model.groupList.subject(at: index)
            else { continue }
            RowMark(model, subject).draw(into: &grid, row: row)
        }
    }

    // MARK: The last fifteen minutes

    private func stripLines(columns: Int, height: Int) -> [StyledText] {
        let label = OverviewLayout.stripLabel
        let cells = OverviewLayout.cells(columns: columns)
        guard let now = model.snapshot?.nowMilliseconds else { return [] }
        let known = UInt64(model.data.rates.beats.count)
        let age = Age(milliseconds: known * DaemonRates.beatMilliseconds)
        let span = known < DaemonRates.mostBeats ? "\(age) are known; " : ""
        var lines = [
            heading(
                "LAST \(cells * Int(DaemonRates.beatMilliseconds) / 60_000) MIN",
                "\(span)a column is 12 s, spikes kept", columns: columns)
        ]
        let strips: [(String, (DaemonRates.Beat) -> Double?)] = [
            ("new/s", { $0.new }), ("fail/s", { $0.failed }), ("refus/s", { $0.refused }),
            ("out B/s", { $0.outBytes }),
        ]
        for (name, value) in strips {
            let values = model.data.rates.values(value, now: now).suffix(cells)
            let top = Self.scale(values.compactMap(\.self).max() ?? 0)
            guard glyphs != .words else {
                // A screen reader cannot read a picture.
                let now = NumberText.bytes(values.last.flatMap(\.self), asBits: false)
                let most = NumberText.bytes(values.compactMap(\.self).max(), asBits: false)
                lines.append(StyledText(" " + field(name, label - 2) + "now \(now)   most \(most)"))
                lines += Array(repeating: StyledText(), count: height - 1)
                continue
            }
            for row in (0..<height).reversed() {
                let isTop = row == height - 1
                var spans = StyledText(" " + field(isTop ? name : "", label - 2) + "|")
                for value in values { add(value, top, row, of: height, to: &spans) }
                let scale = NumberText.bytes(top, asBits: false)
                spans.add(isTop ? "| 0..\(scale)" : "|", .faint)
                lines.append(spans)
            }
        }
        return lines
    }

    /// One cell of a strip's row: a part of the height, the ground for nothing, or a blank for what is not known.
    private func add(
        _ value: Double?, _ top: Double, _ row: Int, of height: Int, to spans: inout StyledText
    ) {
        guard let value else { return spans.add(" ") }
        guard value > 0 else {
            return spans.add(glyphs == .words || row > 0 ? " " : "_", .faint)
        }
        let ramp = glyphs.ramp
        let part = min(1, max(0, value / top * Double(height) - Double(row)))
        let level = Int(part * Double(ramp.count - 1) + 0.5)
        // Whatever is not nothing can be seen.
        spans.add(String(ramp[row == 0 ? max(1, level) : level]))
    }

    /// The next 1, 2 or 5 above: a scale that does not breathe with every value.
    static func scale(_ most: Double) -> Double {
        guard most.isFinite else { return 1 }
        var step = 1.0
        while step < most, step < 1e18 {
            for factor in [1.0, 2, 5] where step * factor >= most { return step * factor }
            step *= 10
        }
        return step
    }

    private func drawEvents(into grid: inout Grid, rows: Range<Int>) {
        grid.put(
            heading("EVENTS (key 4)", "newest first", columns: grid.size.columns, for: .events),
            row: rows.lowerBound, column: 0)
        let table = EventTable(model: model, glyphs: glyphs)
        let top = model.navigation.focus == .events ? model.selection.latestCursor.top : 0
        for (row, event) in zip(rows.dropFirst(), model.latestEvents.dropFirst(top)) {
            grid.put(table.line(event), row: row, column: 1)
            if model.navigation.focus == .events {
                RowMark(model, .event(id: event.id)).draw(into: &grid, row: row)
            }
        }
    }

    private func field(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - CellWidth.of(text)))
    }
}

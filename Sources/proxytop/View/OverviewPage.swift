internal import Shared

/// Is anything wrong, how much room is left, and what happened last.
struct OverviewPage {
    let model: Model
    let glyphs: Glyphs

    private static let fewestProblems = 3

    func draw(into grid: inout Grid, rows: Range<Int>) {
        guard model.picture != nil else {
            grid.put("waiting for the daemon", row: rows.lowerBound, column: 1, style: .faint)
            return
        }
        let groups = groupLines(columns: grid.size.columns)
        let strips = model.isLean ? [] : stripLines(columns: grid.size.columns)
        var room = rows.count
        // What is wrong comes first, then what is left, then the past.
        let problems = model.problems.count
        let wanted = max(1, problems) + 1
        let shownGroups = min(groups.count, max(0, room - min(wanted, Self.fewestProblems + 1)))
        room -= shownGroups
        let hasStrips =
            !strips.isEmpty && room - min(wanted, Self.fewestProblems + 1) >= strips.count
        if hasStrips { room -= strips.count }
        let height = min(wanted, room)
        drawProblems(into: &grid, rows: rows.lowerBound..<rows.lowerBound + height)
        var row = rows.lowerBound + height
        for line in groups.prefix(shownGroups) + (hasStrips ? strips : []) {
            grid.put(line, row: row, column: 0)
            if model.isStale { grid.restyle(row: row) { $0.stale } }
            row += 1
        }
        drawEvents(into: &grid, rows: row..<max(row, rows.upperBound))
    }

    private func heading(_ left: String, _ right: String, columns: Int) -> Spans {
        .heading(left, right, columns: columns, glyphs)
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
        let index = model.problemCursor.index
        let top = max(0, min(index - visible + 1, problems.count - visible))
        for (offset, problem) in problems.dropFirst(top).prefix(max(0, visible)).enumerated() {
            let row = rows.lowerBound + 1 + offset
            let face = StateFace(problem.state, glyphs, isStale: false)
            var spans = Spans(face.glyph + " ", face.style)
            spans.add(problem.text)
            if case .channel(let serial) = problem.subject,
                let channel = model.picture?.channel(serial: serial)
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

    private func groupLines(columns: Int) -> [Spans] {
        guard let picture = model.picture else { return [] }
        return [heading("GROUPS", "in failover order", columns: columns)]
            + GroupTable(picture, model.history, glyphs, columns: columns).lines
    }

    // MARK: The last fifteen minutes

    private func stripLines(columns: Int) -> [Spans] {
        let label = 10
        let cells = min(Pulse.mostBeats, columns - label - 10)
        guard cells >= 20, let now = model.picture?.nowMilliseconds else { return [] }
        let known = UInt64(model.pulse.beats.count)
        let age = Age(milliseconds: known * Pulse.beatMilliseconds)
        let span = known < Pulse.mostBeats ? "\(age) are known; " : ""
        var lines = [
            heading("LAST 15 MIN", "\(span)a column is 12 s, spikes kept", columns: columns)
        ]
        let strips: [(String, (Pulse.Beat) -> Double?)] = [
            ("new/s", { $0.new }), ("fail/s", { $0.failed }), ("refus/s", { $0.refused }),
            ("out B/s", { $0.outBytes }),
        ]
        for (name, value) in strips {
            let values = model.pulse.values(value, now: now).suffix(cells)
            let top = Self.scale(values.compactMap(\.self).max() ?? 0)
            var spans = Spans(" " + field(name, label - 2) + "|")
            for value in values { add(value, top, to: &spans) }
            let scale = NumberText.bytes(top, asBits: false)
            spans.add("| 0..\(scale)", .faint)
            lines.append(spans)
        }
        return lines
    }

    /// One cell: a height, the ground for nothing, or a blank for what is not known.
    private func add(_ value: Double?, _ top: Double, to spans: inout Spans) {
        guard let value else { return spans.add(" ") }
        guard value > 0 else { return spans.add(glyphs == .words ? " " : "_", .faint) }
        let ramp = glyphs.ramp
        let level = Int(value / top * Double(ramp.count - 1) + 0.5)
        spans.add(String(ramp[min(max(1, level), ramp.count - 1)]))
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
        guard rows.count > 1, model.catalog.has("show events") else { return }
        grid.put(
            heading("EVENTS (4)", "newest first", columns: grid.size.columns),
            row: rows.lowerBound, column: 0)
        let table = EventTable(model: model, glyphs: glyphs)
        for (offset, event) in model.log.newest(nil).prefix(rows.count - 1).enumerated() {
            grid.put(table.line(event), row: rows.lowerBound + 1 + offset, column: 1)
        }
    }

    private func field(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - CellWidth.of(text)))
    }
}

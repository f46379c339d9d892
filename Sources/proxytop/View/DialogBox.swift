internal import Shared

/// The preview of an act: what it does, what is sent, and what must be typed.
struct DialogBox {
    let confirmation: Confirmation
    let picture: Picture?
    let glyphs: Glyphs

    private static let widest = 72

    /// A line, and how early it goes when there is no room; 0 stays.
    private struct Line {
        var spans: Spans
        var drop = 0
    }

    func draw(into grid: inout Grid) {
        let width = min(Self.widest, grid.size.columns)
        var lines = content(width: width - 4)
        let room = max(1, grid.size.rows - 2)
        while lines.count > room,
            let last = lines.indices.max(by: { lines[$0].drop < lines[$1].drop }),
            lines[last].drop > 0
        {
            lines.remove(at: last)
        }
        let left = (grid.size.columns - width) / 2
        let top = max(0, (grid.size.rows - lines.count - 2) / 2)
        frame(into: &grid, left: left, top: top, width: width, height: lines.count)
        for (index, line) in lines.prefix(room).enumerated() {
            grid.put(line.spans, row: top + 1 + index, column: left + 2, end: left + width - 2)
        }
    }

    private var borderStyle: Style { confirmation.needsTyping ? .danger : .strong }

    private func frame(into grid: inout Grid, left: Int, top: Int, width: Int, height: Int) {
        let (corners, feet) = (glyphs.corners, glyphs.feet)
        let right = left + width - 1
        func cell(_ scalar: Unicode.Scalar, _ row: Int, _ column: Int) {
            grid.fill(scalar, row: row, from: column, to: column + 1, style: borderStyle)
        }
        for row in top...top + height + 1 {
            let isEdge = row == top || row == top + height + 1
            grid.fill(
                isEdge ? glyphs.rule : " ", row: row, from: left, to: right + 1,
                style: isEdge ? borderStyle : .plain)
            cell(corners.side, row, left)
            cell(corners.side, row, right)
        }
        cell(corners.topLeft, top, left)
        cell(corners.topRight, top, right)
        cell(feet.left, top + height + 1, left)
        cell(feet.right, top + height + 1, right)
        grid.put(" \(title) ", row: top, column: left + 2, style: borderStyle, end: right)
    }

    private var title: String {
        let target = confirmation.act.target
        return confirmation.act.verb == .cut
            ? "disable \(target.name), cut its connections  (X)" : "drain \(target.name)  (D)"
    }

    private func content(width: Int) -> [Line] {
        let consequence = confirmation.consequence
        var lines = [Line(spans: Spans(subjectLine)), Line(spans: Spans(), drop: 9)]
        let compare = Comparison(width: width)
        lines.append(Line(spans: compare.line("IF YOU DO THIS", "now", "after", .heading), drop: 2))
        for group in consequence.groups where group.isTouched {
            lines.append(
                Line(
                    spans: compare.line(
                        "  \(group.title) usable channels", "\(group.usableNow)/\(group.channels)",
                        "\(group.usableAfter)/\(group.channels)",
                        group.usableAfter == 0 && group.usableNow > 0 ? .danger : .plain), drop: 1))
        }
        for group in consequence.groups {
            lines.append(
                Line(
                    spans: compare.line(
                        "  slots \(group.title)", slots(group.now, group.usableNow),
                        slots(group.after, group.usableAfter)), drop: group.isTouched ? 3 : 4))
        }
        let noSlot = consequence.stranded > 0 ? "\(consequence.stranded) NOW" : "0"
        lines.append(
            Line(
                spans: compare.line(
                    "  clients that find no slot", "0", noSlot,
                    consequence.stranded > 0 ? .danger : .plain)))
        lines.append(
            Line(
                spans: compare.line(
                    "  connections cut at once", "-", "\(consequence.cut)",
                    consequence.cut > 0 ? .danger : .plain)))
        lines.append(Line(spans: Spans(), drop: 8))
        lines += remarks
        lines.append(Line(spans: Spans("Sends:  \(confirmation.act.command)")))
        if let warning = confirmation.warning {
            lines.append(Line(spans: Spans(warning, .slow)))
        }
        lines.append(Line(spans: prompt))
        return lines
    }

    private func slots(_ slots: Slots, _ usable: Int) -> String {
        if usable == 0 { return "none" }
        return slots.description + (slots.isFull ? " FULL" : "")
    }

    private var subjectLine: String {
        let target = confirmation.act.target
        guard case .channel(let serial) = target.subject,
            let channel = picture?.channel(serial: serial)
        else { return "\(target.path): \(target.serials.count) channels" }
        let limit = channel.maxc.map(String.init) ?? NumberText.notApplicable
        return "channel \(target.path)  \(channel.address)  \(channel.state.rawValue)  "
            + "\(channel.current)/\(limit) conn  weight \(channel.weight)"
    }

    private var remarks: [Line] {
        let consequence = confirmation.consequence
        var lines: [Line] = []
        if !consequence.emptied.isEmpty {
            let names = consequence.emptied.joined(separator: ", ")
            lines.append(
                Line(spans: Spans("\(names) loses its last usable channel.", .danger), drop: 1))
        }
        if consequence.closesLastRoom {
            lines.append(
                Line(spans: Spans("After this nobody new finds a slot.", .danger), drop: 1))
        }
        if confirmation.act.verb == .cut, consequence.cut > 0 {
            let name = confirmation.act.target.name
            lines.append(
                Line(spans: Spans("Softer: D = drain \(name) (cuts nobody)."), drop: 6))
            lines.append(
                Line(
                    spans: Spans(
                        "NOT undoable: the \(consequence.cut) cut connections. Undoable: the state."
                    ), drop: 5))
        }
        if !lines.isEmpty { lines.append(Line(spans: Spans(), drop: 7)) }
        return lines
    }

    private var prompt: Spans {
        guard confirmation.needsTyping else {
            var spans = Spans("y", .strong)
            spans.add(" sends it, ")
            spans.add("Esc", .strong)
            spans.add(" cancels")
            return spans
        }
        var spans = Spans("Type ")
        for (index, answer) in confirmation.answers.prefix(2).enumerated() {
            if index > 0 { spans.add(" or ") }
            spans.add(answer, .strong)
        }
        spans.add(" and Enter, Esc cancels: ")
        spans.add(confirmation.typed.isEmpty ? "___" : confirmation.typed + "_", .chosen)
        return spans
    }

    /// A name and two numbers under `now` and `after`.
    private struct Comparison {
        let width: Int

        func line(_ name: String, _ now: String, _ after: String, _ style: Style = .plain) -> Spans
        {
            let field = width >= 60 ? 16 : 11
            let first = max(CellWidth.of(name) + 1, width - 2 * field)
            func right(_ text: String, _ width: Int) -> String {
                String(repeating: " ", count: max(1, width - CellWidth.of(text))) + text
            }
            let gap = String(repeating: " ", count: first - CellWidth.of(name))
            var spans = Spans(name, style == .heading ? .heading : .plain)
            spans.add(gap + right(now, field), style == .heading ? .heading : .plain)
            spans.add(right(after, field), style)
            return spans
        }
    }
}

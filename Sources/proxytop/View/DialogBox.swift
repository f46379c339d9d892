internal import Shared

/// The preview of an act in a frame in the middle of the screen.
struct DialogBox {
    let confirmation: Confirmation
    let snapshot: DaemonSnapshot?
    let glyphs: Glyphs
    let now: Moment
    /// Who else is about to change the same.
    var rival: String?
    /// The command that an undo takes back.
    var undone: String?
    /// How long the daemon's last answer took, when that was long.
    var slowness: Age?

    private static let widest = 72

    func draw(into grid: inout Grid) {
        let width = min(Self.widest, grid.size.columns)
        let room = max(1, grid.size.rows - 2)
        let lines = fitting(room: room, width: width - 4)
        let left = (grid.size.columns - width) / 2
        let top = max(0, (grid.size.rows - lines.count - 2) / 2)
        frame(into: &grid, left: left, top: top, width: width, height: lines.count)
        for (index, line) in lines.enumerated() {
            grid.put(
                line.spans, row: top + 1 + index, column: left + 2, end: left + width - 2,
                cut: glyphs.cut)
        }
    }

    /// As many lines as there is room for; the ones that matter least go first.
    private func fitting(room: Int, width: Int) -> [DialogText.Line] {
        var lines = DialogText(
            confirmation, snapshot, width: width, glyphs, now: now, rival: rival,
            slowness: slowness
        ).lines
        while lines.count > room,
            let last = lines.indices.max(by: { lines[$0].drop < lines[$1].drop }),
            lines[last].drop > 0
        {
            lines.remove(at: last)
        }
        return Array(lines.suffix(room))
    }

    private var style: Style { confirmation.needsTyping ? .danger : .strong }

    private func frame(into grid: inout Grid, left: Int, top: Int, width: Int, height: Int) {
        let (corners, feet) = (glyphs.corners, glyphs.feet)
        let (right, bottom) = (left + width - 1, top + height + 1)
        func cell(_ scalar: Unicode.Scalar, _ row: Int, _ column: Int) {
            grid.fill(scalar, row: row, from: column, to: column + 1, style: style)
        }
        for row in top...bottom {
            let isEdge = row == top || row == bottom
            grid.fill(
                isEdge ? glyphs.rule : " ", row: row, from: left, to: right + 1,
                style: isEdge ? style : .plain)
            guard !isEdge else { continue }
            cell(corners.side, row, left)
            cell(corners.side, row, right)
        }
        cell(corners.topLeft, top, left)
        cell(corners.topRight, top, right)
        cell(feet.left, bottom, left)
        cell(feet.right, bottom, right)
        grid.put(" \(title) ", row: top, column: left + 2, style: style, end: right)
    }

    private var title: String {
        let act = confirmation.act
        switch act.verb {
        case .enable: return "enable \(act.name)  (E)"
        case .clear: return "clear \(act.name)  (A)"
        case .drain: return "drain \(act.name)  (D)"
        case .off: return "disable \(act.name)"
        case .cut: return "disable \(act.name), cut its connections  (X)"
        case .weight(let weight): return "weight of \(act.name): \(weight)  (W)"
        case .maxc(let maxc): return "maxc of \(act.name): \(maxc.cell)  (M)"
        case .kill: return "cut connections: \(act.name)  (K)"
        case .reset: return "reset counters of \(act.name)  (R)"
        case .undo: return "undo: \(undone ?? act.name)  (u)"
        case .typed: return "\(act.name)  (:)"
        }
    }
}

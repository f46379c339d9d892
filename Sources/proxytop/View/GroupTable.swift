internal import Shared

/// A row for each group: how much of it is left, and what happens when it loses one channel more.
struct GroupTable {
    /// A column, and when it has to go; nil: never.
    private struct Column {
        var title: String
        var width: Int
        var isRight = false
        var drop: Int?
    }

    private struct Cell {
        var text: String
        var style = Style.plain
    }

    let lines: [StyledText]

    /// Columns take what their texts need; numbers keep their width, so that they do not jitter.
    init(_ snapshot: DaemonSnapshot, _ history: History, _ glyphs: Glyphs, columns: Int) {
        var all = [
            Column(title: "ID", width: 3),
            Column(title: "TYPE", width: 4, drop: 2),
            Column(title: "STATE", width: 9),
            Column(title: "USABLE", width: 6, isRight: true),
            Column(title: "SLOTS", width: 10, isRight: true),
            Column(title: "HEADROOM", width: 13, drop: 4),
            Column(title: "NEW/s", width: 6, isRight: true, drop: 1),
            Column(title: "SKEW", width: 4, isRight: true, drop: 3),
            Column(title: "IF ONE MORE LOST", width: 16),
        ]
        var rows: [[Cell]] = []
        for service in snapshot.services {
            for group in service.groups {
                let name =
                    snapshot.services.count > 1 ? "\(service.name)/\(group.title)" : group.title
                rows.append(Self.cells(group, service, name, history, glyphs))
            }
        }
        let widest = columns >= 100 ? 30 : 14
        for index in all.indices {
            let longest = rows.map { CellWidth.of($0[index].text) }.max() ?? 0
            let limit =
                index == all.count - 1
                ? max(all[index].width, longest) : max(all[index].width, widest)
            all[index].width = min(limit, max(all[index].width, longest))
        }
        var kept = Array(all.indices)
        func needed() -> Int { kept.reduce(1) { $0 + all[$1].width + 1 } }
        while needed() > columns {
            let next = kept.filter { all[$0].drop != nil }
                .min { (all[$0].drop ?? 0) < (all[$1].drop ?? 0) }
            guard let next else { break }
            kept.removeAll { $0 == next }
        }
        // Where there is room, the columns stand apart.
        let gap = columns - needed() >= 2 * kept.count ? 3 : 1
        func line(_ cells: [Cell]) -> StyledText {
            var spans = StyledText("  ")
            for (place, index) in kept.enumerated() {
                let column = all[index]
                let text = Cutting.end(cells[index].text, width: column.width, glyphs)
                let blank = String(
                    repeating: " ", count: max(0, column.width - CellWidth.of(text)))
                if place > 0 { spans.add(String(repeating: " ", count: gap)) }
                spans.add(column.isRight ? blank + text : text + blank, cells[index].style)
            }
            return spans
        }
        lines = [line(all.map { Cell(text: $0.title, style: .heading) })] + rows.map(line)
    }

    private static func cells(
        _ group: DaemonSnapshot.Group, _ service: DaemonSnapshot.Service, _ name: String,
        _ history: History,
        _ glyphs: Glyphs
    ) -> [Cell] {
        let slots = Slots(group.channels)
        var room = "no limit"
        if let total = slots.total, let free = slots.free {
            let part = total == 0 ? 0 : Double(free) / Double(total)
            let percent = NumberText.percent(free, of: total)
            let blank = String(repeating: " ", count: max(0, 4 - percent.utf8.count))
            room = "\(glyphs.bar(part, cells: 6)) \(blank)\(percent)"
        }
        let fresh = group.channels.compactMap { history.channels[$0.serial]?.rates.total }
        let imbalance = Imbalance.of(group, history)
        let reserve = LossImpact.of(group, in: service)
        return [
            Cell(text: name), Cell(text: PolicyName.short(group.snapshot.balance)),
            Cell(text: group.snapshot.role.word, style: group.snapshot.role.style),
            Cell(text: "\(group.usable.count)/\(group.channels.count)"),
            Cell(text: slots.description),
            Cell(text: room, style: slots.isFull ? Style(.full) : .plain),
            Cell(
                text: NumberText.perSecond(fresh.isEmpty ? nil : fresh.reduce(0, +))),
            Cell(
                text: imbalance?.short ?? NumberText.notApplicable,
                style: imbalance?.cause == nil ? .plain : Style(.slow)),
            Cell(text: reserve.text, style: reserve.style),
        ]
    }
}

internal import Shared

/// A row for each group: how much of it is left, and what happens when it loses one channel more.
struct GroupTable {
    /// A column: its row in `all` is everything there is to know about it.
    private struct Column: Sendable {
        var title: String
        var width: Int
        var isRight = false
        /// When it has to go; nil: never.
        var drop: Int?
        var cell: @Sendable (Row) -> Cell

        static let all = [
            Column(title: "ID", width: 3) { Cell(text: $0.name) },
            Column(title: "TYPE", width: 4, drop: 2) {
                Cell(text: PolicyName.short($0.group.snapshot.balance))
            },
            Column(title: "STATE", width: 9) {
                Cell(text: $0.group.snapshot.role.word, style: $0.group.snapshot.role.style)
            },
            Column(title: "USABLE", width: 6, isRight: true) {
                Cell(text: "\($0.group.usable.count)/\($0.group.channels.count)")
            },
            Column(title: "SLOTS", width: 10, isRight: true) { Cell(text: $0.slots.description) },
            Column(title: "HEADROOM", width: 13, drop: 4) {
                Cell(text: $0.headroom, style: $0.slots.isFull ? Style(.full) : .plain)
            },
            Column(title: "NEW/s", width: 6, isRight: true, drop: 1) {
                Cell(text: NumberText.perSecond($0.newRate))
            },
            Column(title: "SKEW", width: 4, isRight: true, drop: 3) {
                let imbalance = Imbalance.of($0.group, $0.history)
                return Cell(
                    text: imbalance?.short ?? NumberText.notApplicable,
                    style: imbalance?.cause == nil ? .plain : Style(.slow))
            },
            Column(title: "IF ONE MORE LOST", width: 16) {
                let impact = LossImpact.of($0.group, in: $0.service)
                return Cell(text: impact.text, style: impact.style)
            },
        ]
    }

    private struct Cell {
        var text: String
        var style = Style.plain
    }

    /// What the cells of a group are made of.
    private struct Row {
        let group: DaemonSnapshot.Group
        let service: DaemonSnapshot.Service
        let name: String
        let history: History
        let glyphs: Glyphs
        let slots: Slots

        /// A bar and a number of what is free.
        var headroom: String {
            guard let total = slots.total, let free = slots.free else { return "no limit" }
            let part = total == 0 ? 0 : Double(free) / Double(total)
            let percent = NumberText.percent(free, of: total)
            let blank = String(repeating: " ", count: max(0, 4 - percent.utf8.count))
            return "\(glyphs.bar(part, cells: 6)) \(blank)\(percent)"
        }

        var newRate: Double? {
            let rates = group.channels.compactMap { history.channels[$0.serial]?.rates.total }
            return rates.isEmpty ? nil : rates.reduce(0, +)
        }
    }

    let lines: [StyledText]

    /// Columns take what their texts need; numbers keep their width, so that they do not jitter.
    init(_ snapshot: DaemonSnapshot, _ history: History, _ glyphs: Glyphs, columns: Int) {
        var all = Column.all
        var rows: [[Cell]] = []
        for service in snapshot.services {
            for group in service.groups {
                let name =
                    snapshot.services.count > 1 ? "\(service.name)/\(group.title)" : group.title
                let row = Row(
                    group: group, service: service, name: name, history: history, glyphs: glyphs,
                    slots: Slots(group.channels))
                rows.append(all.map { $0.cell(row) })
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
}

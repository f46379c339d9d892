internal import Shared

// The mouse: it moves, chooses and sorts, and never acts.
extension Model {
    /// Rows of a turn of the wheel.
    private static let wheelRows = 3

    mutating func turnWheel(_ command: Binding.Command) {
        for _ in 0..<Self.wheelRows { move(command) }
    }

    mutating func click(row: Int, column: Int) {
        guard actions.confirmation == nil, actions.prompt == nil, navigation.overlay == nil,
            arrangement.kind == .table
        else {
            return
        }
        let lines = arrangement
        if row == lines.tabRow {
            clickTab(column)
        } else if row == lines.columnRow {
            clickTitle(column)
        } else if (lines.tableTop..<lines.tableTop + lines.tableHeight).contains(row) {
            choose(line: row - lines.tableTop)
        }
    }

    private mutating func clickTab(_ column: Int) {
        var start = 0
        for page in Page.allCases {
            // As the line of tabs writes them: a blank or a bracket, number, blank, title, and again.
            let end = start + "\(page.rawValue) \(page.title)".utf8.count + 2
            if (start..<end).contains(column) { return show(page) }
            start = end
        }
    }

    private mutating func clickTitle(_ column: Int) {
        guard time.mode == .present else { return }
        switch navigation.page {
        case .connections:
            let slots = SessionTable(self, .ascii).slots
            guard let slot = slots.first(where: { ($0.start..<$0.end + 1).contains(column) }) else {
                return
            }
            order(by: slot.column.field)
        case .channels:
            let columns = arrangement.sideColumn ?? size.columns
            let slots = ChannelTable(self, .ascii, columns: columns).layout.slots
            guard let slot = slots.first(where: { ($0.start..<$0.end + 1).contains(column) }) else {
                return
            }
            order(by: slot.column.sort)
        default: break
        }
    }

    private mutating func choose(line: Int) {
        let height = arrangement.tableHeight
        navigation.movedAt = now.milliseconds
        switch navigation.page {
        case .channels:
            selection.cursor.move(to: selection.cursor.top + line, in: outline, height: height)
        case .connections:
            selection.sessionCursor.move(
                to: selection.sessionCursor.top + line, in: data.window.list, height: height)
        case .events:
            selection.eventCursor.move(
                to: selection.eventCursor.top + line, in: eventList, height: height)
        // The first line of the overview's table is the first problem.
        case .overview:
            guard line < problems.count else { return }
            selection.problemCursor.move(
                to: selection.problemCursor.top + line, in: problemList, height: height)
        case .detail: break
        }
    }
}

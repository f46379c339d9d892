internal import Shared

/// The views, with the present one in brackets, and how it is filtered and sorted.
struct TabLine {
    let model: Model
    let glyphs: Glyphs

    /// From here on what is usual is said, too.
    private static let wordyFrom = 120

    init(_ model: Model, _ glyphs: Glyphs) {
        self.model = model
        self.glyphs = glyphs
    }

    func draw(into grid: inout Grid, row: Int) {
        var left = StyledText()
        for page in Page.allCases {
            let isHere = page == model.navigation.page
            let name = "\(page.rawValue) \(page.title)"
            left.add(isHere ? "[\(name)]" : " \(name) ", isHere ? .strong : .plain)
        }
        let end = grid.put(left, row: row, column: 0)
        let room = grid.size.columns - end - 1
        var parts = setting
        // That there is no filter matters less than that there are no groups.
        if model.isFlat, CellWidth.of(parts.joined(separator: "  ")) > room {
            parts.removeAll { $0 == "filter:-" }
        }
        // What is set matters more than how often is asked.
        while parts.count > 1, CellWidth.of(parts.joined(separator: "  ")) > room {
            parts.removeLast()
        }
        let text = Cutting.end(parts.joined(separator: "  "), width: max(0, room), glyphs)
        grid.putRight(
            text, row: row, end: grid.size.columns,
            style: model.filterText(of: model.navigation.page).isEmpty ? .plain : .strong)
    }

    private var setting: [String] {
        var parts: [String] = []
        let filter = model.filterText(of: model.navigation.page)
        if model.navigation.page != .overview, model.navigation.page != .detail {
            parts.append("filter:\(filter.isEmpty ? "-" : filter)")
        }
        switch model.navigation.page {
        case .connections:
            let order = model.data.window.order
            let column = SessionColumn.all.first { $0.field == order.field }
            let name = column?.title ?? order.field.rawValue
            parts.append("sort:\(name)\(order.isDescending ? "-" : "+")")
        case .channels:
            let count = model.outline.rows.count
            // Of one long list it matters what is at its top, too.
            if model.isFlat { parts += [sorting, "group:off"] }
            let place = rows(count, model.selection.cursor.top)
            if !model.isFlat || place != sorting { parts.append(place) }
            if !model.isFlat, model.size.columns >= Self.wordyFrom { parts.append("group:on") }
        case .events:
            let above = model.selection.eventCursor.top
            if above > 0 { parts.append("\(above) newer above") }
        default: break
        }
        if model.size.columns >= Self.wordyFrom {
            parts.append("frozen:\(model.time.isFrozen ? "yes" : "no")")
        }
        if model.size.columns >= Arrangement.widestHeaderFrom {
            parts.append("time:\(model.time.mode == .present ? "live" : LinkText(model).short)")
        }
        parts.append(NumberText.interval(model.connection.intervalMilliseconds))
        return parts
    }

    private var sorting: String { "sort:\(model.selection.channelOrder?.text ?? "id")" }

    private func rows(_ count: Int, _ top: Int) -> String {
        let height = model.arrangement.tableHeight
        guard count > height else { return sorting }
        return "rows \(top + 1)-\(min(count, top + height)) of \(count)"
    }
}

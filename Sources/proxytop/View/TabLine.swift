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
        var left = Spans()
        for page in Page.allCases {
            let isHere = page == model.page
            let name = "\(page.rawValue) \(page.title)"
            left.add(isHere ? "[\(name)]" : " \(name) ", isHere ? .strong : .plain)
        }
        let end = grid.put(left, row: row, column: 0)
        let room = grid.size.columns - end - 1
        var parts = setting
        // What is set matters more than how often is asked.
        while parts.count > 1, CellWidth.of(parts.joined(separator: "  ")) > room {
            parts.removeLast()
        }
        let text = Cutting.end(parts.joined(separator: "  "), width: max(0, room), glyphs)
        grid.putRight(
            text, row: row, end: grid.size.columns,
            style: model.filterText(of: model.page).isEmpty ? .plain : .strong)
    }

    private var setting: [String] {
        var parts: [String] = []
        let filter = model.filterText(of: model.page)
        if model.page != .overview, model.page != .detail {
            parts.append("filter:\(filter.isEmpty ? "-" : filter)")
        }
        switch model.page {
        case .connections:
            let order = model.window.order
            let column = SessionColumn.all.first { $0.field == order.field }
            let name = column?.title ?? order.field.rawValue
            parts.append("sort:\(name)\(order.isDescending ? "-" : "+")")
        case .channels: parts.append(rows(model.outline.rows.count, model.cursor.top))
        default: break
        }
        if model.size.columns >= Self.wordyFrom {
            parts.append("frozen:\(model.isFrozen ? "yes" : "no")")
        }
        if model.size.columns >= HeaderStrip.widestFrom {
            parts.append("time:\(model.tense == .present ? "live" : LinkText(model).short)")
        }
        parts.append(NumberText.interval(model.intervalMilliseconds))
        return parts
    }

    private func rows(_ count: Int, _ top: Int) -> String {
        let height = model.arrangement.tableHeight
        guard count > height else { return "sort:\(model.channelOrder?.text ?? "id")" }
        return "rows \(top + 1)-\(min(count, top + height)) of \(count)"
    }
}

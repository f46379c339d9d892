internal import Shared

/// What is left of the screen when there is hardly any room.
enum PackedView {
    private static let cellWidth = 10

    /// One line, two when they fit: never nothing, and never the end of the program.
    static func drawLine(_ model: Model, into grid: inout Grid) {
        let size = grid.size
        let counts = StateCount.bad(in: model.snapshot)
            .map { "\($0.number) \($0.state.rawValue.uppercased())" }
        let words =
            counts.isEmpty
            ? (model.snapshot == nil ? "no data" : "all up") : counts.joined(separator: " ")
        let state = model.connection.link.isLive ? words : "LOST " + words
        if size.rows > 1 {
            grid.put("too small \(size.columns)x\(size.rows)", row: 0, column: 0)
            grid.put(state, row: 1, column: 0, style: .strong)
        } else {
            grid.put(state, row: 0, column: 0, style: .strong)
        }
    }

    /// A line of counts, then cells of identity and connections, worst state first.
    static func draw(_ model: Model, into grid: inout Grid, _ glyphs: Glyphs) {
        var line = StyledText(model.connection.hello?.host ?? "proxytop", .strong)
        let link = LinkText(model)
        line.add(" ")
        line.add(String(link.short.prefix { $0 != " " }), link.style)
        for count in StateCount.bad(in: model.snapshot) {
            line.add("  ")
            line.add(
                "\(count.number) \(count.state.rawValue)", StateBadge(count.state, glyphs).style)
        }
        line.add("  \(model.snapshot?.channels.reduce(0) { $0 + $1.current } ?? 0) conn")
        grid.put(line, row: 0, column: 0)
        let perRow = max(1, grid.size.columns / cellWidth)
        for (index, channel) in sorted(model.snapshot).enumerated() {
            let row = 1 + index / perRow
            guard row < grid.size.rows else { return }
            let start = index % perRow * cellWidth
            let face = StateBadge(channel.state, glyphs, isStale: model.isStale)
            let name = Place(channelPath: channel.path).shortName
            grid.put(
                face.glyph + Cutting.end(name, width: 4, glyphs), row: row, column: start,
                style: face.style)
            let count = NumberText.count(channel.current, width: 4)
            grid.putRight(count, row: row, end: start + cellWidth - 1)
        }
    }

    private static func sorted(_ snapshot: DaemonSnapshot?) -> [ChannelSnapshot] {
        let worst: [ChannelState] = [.down, .auto, .full, .grace, .drain, .check, .up, .off]
        func rank(_ state: ChannelState) -> Int { worst.firstIndex(of: state) ?? worst.count }
        // Stable, so that channels of one state keep the daemon's order.
        return (snapshot?.channels ?? []).enumerated()
            .sorted { (rank($0.element.state), $0.offset) < (rank($1.element.state), $1.offset) }
            .map(\.element)
    }
}

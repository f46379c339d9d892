internal import Shared

// Which parts a view has, and how many rows each of them gets.
extension Model {
    /// The parts of this view that exist at this size, in the order of Tab.
    var panes: [Focus] {
        guard arrangement.kind == .table else { return [.table] }
        switch navigation.page {
        case .overview: return OverviewLayout(self).panes
        case .channels: return [.table] + ChannelsPage.parts(self).compactMap(\.pane.focus)
        case .connections, .events, .detail: return [.table]
        }
    }

    /// Whether Tab has somewhere to go in this view, found without working out what is in its parts.
    var mayHaveParts: Bool {
        switch navigation.page {
        case .overview: snapshot != nil
        case .channels:
            arrangement.paneHeight > 0
                && (arrangement.sideColumn != nil || !data.log.events.isEmpty || troubled != nil
                    || !data.sidePanel.sessions.isEmpty)
        case .connections, .events, .detail: false
        }
    }

    /// Rows that a part has for its lines.
    func height(of pane: Focus) -> Int {
        switch (navigation.page, pane) {
        case (_, .table): arrangement.tableHeight
        case (.overview, .groups): OverviewLayout(self).groupRows
        case (.overview, .events): OverviewLayout(self).eventRows
        default:
            ChannelsPage.parts(self).first { $0.pane.focus == pane }
                .map { $0.rows.count - $0.pane.titles } ?? 0
        }
    }
}

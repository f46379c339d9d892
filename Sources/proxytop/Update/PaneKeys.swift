internal import Shared

// Keys in the parts of a view: moving between them, scrolling, opening what is there.
extension Model {
    /// Tab: the next part of the view; where there is only one, the next view.
    mutating func turn(by step: Int) {
        let parts = panes
        guard navigation.overlay == nil, parts.count > 1 else { return turnPage(by: step) }
        let place = parts.firstIndex(of: navigation.focus) ?? 0
        navigation.focus = parts[(place + step + parts.count) % parts.count]
        navigation.movedAt = now.milliseconds
        settlePanes()
    }

    /// A moving key while a part has it; false: it is for the view's own list.
    mutating func moveInPane(_ command: Binding.Command) -> Bool {
        guard navigation.focus != .table, panes.contains(navigation.focus) else { return false }
        let height = height(of: navigation.focus)
        navigation.movedAt = now.milliseconds
        switch navigation.focus {
        case .groups: Self.move(&selection.groupCursor, command, in: groupList, height)
        case .connections: Self.move(&selection.nearbyCursor, command, in: nearbyList, height)
        case .events: Self.move(&selection.latestCursor, command, in: latestList, height)
        case .why, .detail, .balance, .draining: scroll(navigation.focus, command, height)
        case .table: return false
        }
        return true
    }

    private mutating func scroll(_ pane: Focus, _ command: Binding.Command, _ height: Int) {
        let part = ChannelsPage.parts(self).first { $0.pane.focus == pane }?.pane
        guard let part else { return }
        let end = max(0, part.count - height)
        navigation.paneTops[pane] = TextPage.top(
            after: command, from: navigation.paneTops[pane] ?? (part.keepsEnd ? end : 0),
            lines: part.count,
            size: Size(columns: size.columns, rows: height + TextPage.frame))
    }

    /// `e` in a part: all of what it is the beginning of; false: the table has the keys.
    mutating func openWhole() -> [Effect]? {
        switch navigation.focus {
        case .table, .groups: return nil
        case .why: return askWhy()
        case .connections: showConnections(of: sidePanelChannels)
        case .events: show(.events)
        case .detail, .balance, .draining: show(.detail)
        }
        return []
    }

    /// Enter in a part; false: nothing to open there.
    mutating func openFromPane() -> Bool {
        guard navigation.focus == .groups, case .group(let serial) = selection.groupCursor.subject
        else { return false }
        show(.channels)
        selection.cursor.subject = .group(serial: serial)
        selection.folded.remove(.group(serial: serial))
        settle()
        return true
    }
}

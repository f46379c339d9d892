internal import Shared

// Keys in the parts of a view: moving between them, scrolling, opening what is there.
extension Model {
    /// Tab: the next part of the view; where there is only one, the next view.
    mutating func turn(by step: Int) {
        let parts = panes
        guard overlay == nil, parts.count > 1 else { return turnPage(by: step) }
        let place = parts.firstIndex(of: focus) ?? 0
        focus = parts[(place + step + parts.count) % parts.count]
        movedAt = now.milliseconds
        settlePanes()
    }

    /// A moving key while a part has it; false: it is for the view's own list.
    mutating func moveInPane(_ command: Binding.Command) -> Bool {
        guard focus != .table, panes.contains(focus) else { return false }
        let height = height(of: focus)
        movedAt = now.milliseconds
        switch focus {
        case .groups: Self.move(&groupCursor, command, in: groupList, height)
        case .connections: Self.move(&nearbyCursor, command, in: nearbyList, height)
        case .events: Self.move(&latestCursor, command, in: latestList, height)
        case .why, .detail, .balance, .draining: scroll(focus, command, height)
        case .table: return false
        }
        return true
    }

    private mutating func scroll(_ pane: Focus, _ command: Binding.Command, _ height: Int) {
        let part = ChannelsPage.parts(self).first { $0.pane.focus == pane }?.pane
        guard let part else { return }
        let end = max(0, part.count - height)
        paneTops[pane] = TextPage.top(
            after: command, from: paneTops[pane] ?? (part.keepsEnd ? end : 0), lines: part.count,
            size: Size(columns: size.columns, rows: height + TextPage.frame))
    }

    /// `e` in a part: all of what it is the beginning of; false: the table has the keys.
    mutating func openWhole() -> [Effect]? {
        switch focus {
        case .table, .groups: return nil
        case .why: return askWhy()
        case .connections: showConnections(of: asideChannels)
        case .events: show(.events)
        case .detail, .balance, .draining: show(.detail)
        }
        return []
    }

    /// Enter in a part; false: nothing to open there.
    mutating func openFromPane() -> Bool {
        guard focus == .groups, case .group(let serial) = groupCursor.subject else { return false }
        show(.channels)
        cursor.subject = .group(serial: serial)
        folded.remove(.group(serial: serial))
        settle()
        return true
    }
}

internal import Shared

// Keeping cursors and marks on their things after rows have moved.
extension Model {
    /// After anything that moves rows or lines.
    mutating func settle() {
        let height = arrangement.tableHeight
        selection.cursor.settle(in: outline, height: height)
        if data.window.isKnown {
            selection.sessionCursor.settle(in: data.window.list, height: height)
        }
        selection.eventCursor.settle(in: eventList, height: height)
        selection.problemCursor.settle(in: problemList, height: height)
        settlePanes()
        dropGoneMarks()
    }

    /// Keeps the cursors of the parts on their things; a part that is not there any more gives its place up.
    mutating func settlePanes() {
        guard navigation.focus != .table else { return }
        guard panes.contains(navigation.focus) else { return navigation.focus = .table }
        let height = height(of: navigation.focus)
        switch navigation.focus {
        case .groups: selection.groupCursor.settle(in: groupList, height: height)
        case .connections: selection.nearbyCursor.settle(in: nearbyList, height: height)
        case .events: selection.latestCursor.settle(in: latestList, height: height)
        case .table, .why, .detail, .balance, .draining: break
        }
    }

    /// A mark on what is not there any more is gone with it. Whether a connection outside the window still
    /// is, only the daemon knows, and says before anything is done to it.
    private mutating func dropGoneMarks() {
        guard !selection.marks.isEmpty, let snapshot else { return }
        selection.marks = selection.marks.filter { mark in
            switch mark {
            case .channel(let serial): snapshot.channel(serial: serial) != nil
            case .group(let serial): snapshot.group(serial: serial) != nil
            case .service(let name): snapshot.services.contains { $0.name == name }
            default: true
            }
        }
    }
}

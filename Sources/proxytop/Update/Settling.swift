internal import Shared

// Keeping cursors and marks on their things after rows have moved.
extension Model {
    /// After anything that moves rows or lines.
    mutating func settle() {
        let height = arrangement.tableHeight
        cursor.settle(in: outline, height: height)
        if window.isKnown { sessionCursor.settle(in: window.list, height: height) }
        eventCursor.settle(in: eventList, height: height)
        problemCursor.settle(in: problemList, height: height)
        settlePanes()
        dropGoneMarks()
    }

    /// Keeps the cursors of the parts on their things; a part that is not there any more gives its place up.
    mutating func settlePanes() {
        guard focus != .table else { return }
        guard panes.contains(focus) else { return focus = .table }
        let height = height(of: focus)
        switch focus {
        case .groups: groupCursor.settle(in: groupList, height: height)
        case .connections: nearbyCursor.settle(in: nearbyList, height: height)
        case .events: latestCursor.settle(in: latestList, height: height)
        case .table, .why, .detail, .balance, .draining: break
        }
    }

    /// A mark on what is not there any more is gone with it. Whether a connection outside the window still
    /// is, only the daemon knows, and says before anything is done to it.
    private mutating func dropGoneMarks() {
        guard !marks.isEmpty, let picture else { return }
        marks = marks.filter { mark in
            switch mark {
            case .channel(let serial): picture.channel(serial: serial) != nil
            case .group(let serial): picture.group(serial: serial) != nil
            case .service(let name): picture.services.contains { $0.name == name }
            default: true
            }
        }
    }
}

internal import Shared

// Looking for a connection beyond the rows that were fetched.
extension Model {
    /// The next one that matches; what is here is looked at first, then the daemon is asked for the rest.
    mutating func goToSession(_ wanted: Filter, _ step: Int) {
        guard data.window.isKnown else {
            return notify("the rows are being fetched: once more, please")
        }
        let rows = data.window.rows
        let here = selection.sessionCursor.index - data.window.first
        let isWhole = data.window.matched <= rows.count
        let found = Self.next(
            rows.count, from: here, step, wraps: isWhole, { wanted.matches(rows[$0].row) })
        if let found, found != here {
            return selection.sessionCursor.move(
                to: found + data.window.first, in: data.window.list, height: arrangement.tableHeight
            )
        }
        guard !isWhole else { return notify("no further match in \(rows.count) connections") }
        if let obstacle = obstacleToSearch { return notify(obstacle, isError: true) }
        data.searches += 1
        data.search = SessionSearch(
            wanted, step: step, id: data.searches, from: selection.sessionCursor.index,
            rows: data.window.first..<data.window.first + rows.count, of: data.window.matched)
        guard data.search != nil else {
            return notify("the rows are being fetched: once more, please")
        }
        notifyProgress()
    }

    /// Why no more rows can be asked for.
    private var obstacleToSearch: String? {
        let known = "no further match in the \(data.window.rows.count) here"
        if time.mode != .present { return known + ", and no others were recorded" }
        if !connection.link.isLive { return known + "; the link to the others is lost" }
        if time.isFrozen { return known + "; f thaws the screen for the others" }
        return nil
    }

    private mutating func notifyProgress() {
        guard let search = data.search else { return }
        notify("looking: \(search.seen) of \(search.count) connections; any key ends it")
    }

    /// A key while it goes on ends it. True: and that is all it does.
    mutating func endSearch(by key: Key) -> Bool {
        guard let open = data.search else { return false }
        let command = preferences.keys.command(for: key, on: navigation.page)
        // The key that began it has nothing to add.
        if command == (open.step > 0 ? .nextMatch : .matchBefore) {
            notifyProgress()
            return true
        }
        data.search = nil
        notify("no longer looking; \(open.seen) connections were looked at")
        return [.close, .back, .interrupt].contains(command)
    }

    /// The next question, when it is time for it and nothing else is on its way.
    mutating func continueSearch() -> [Effect] {
        guard let next = data.search?.nextAt, now.milliseconds >= next, let part = data.search?.part
        else {
            return []
        }
        data.search?.ask()
        connection.link.ask(.search(id: data.searches), at: now.milliseconds)
        return [.send([data.window.request(part)])]
    }

    mutating func handleSearch(_ lines: [String], _ matched: Int, after milliseconds: UInt64) {
        guard var open = data.search else { return }
        let sessions = Table(lines: lines).map(SessionSnapshot.all) ?? []
        let first = open.part.lowerBound
        let found = open.receive(
            sessions, matched: matched, after: milliseconds, at: now.milliseconds)
        data.search = open
        if let found {
            data.search = nil
            let height = arrangement.tableHeight
            // The rows round it are here, and become what is on the screen.
            let kept =
                max(
                    0, found - first - 2 * height)..<min(
                    sessions.count, found - first + 2 * height)
            data.window.receive(
                Array(sessions[kept]), first: first + kept.lowerBound, matched: matched,
                total: data.window.total, isHeld: false)
            navigation.movedAt = now.milliseconds
            selection.sessionCursor.move(to: found, in: data.window.list, height: height)
            actions.notice = nil
            if !data.window.covers(selection.sessionCursor.top, height: height) { hurry() }
        } else if open.isOver {
            data.search = nil
            notify("no further match in \(matched) connections")
        } else {
            notifyProgress()
        }
    }
}

internal import Shared

// Looking for a connection beyond the rows that were fetched.
extension Model {
    /// The next one that matches; what is here is looked at first, then the daemon is asked for the rest.
    mutating func goToSession(_ wanted: Filter, _ step: Int) {
        guard window.isKnown else { return tell("the rows are being fetched: once more, please") }
        let rows = window.rows
        let here = sessionCursor.index - window.first
        let isWhole = window.matched <= rows.count
        let found = Self.next(
            rows.count, from: here, step, wraps: isWhole, { wanted.matches(rows[$0].row) })
        if let found, found != here {
            return sessionCursor.move(
                to: found + window.first, in: window.list, height: arrangement.tableHeight)
        }
        guard !isWhole else { return tell("no further match in \(rows.count) connections") }
        if let obstacle = obstacleToSearch { return tell(obstacle, isError: true) }
        searches += 1
        search = SessionSearch(
            wanted, step: step, id: searches, from: sessionCursor.index,
            rows: window.first..<window.first + rows.count, of: window.matched)
        guard search != nil else { return tell("the rows are being fetched: once more, please") }
        tellProgress()
    }

    /// Why nobody can be asked for more rows.
    private var obstacleToSearch: String? {
        let known = "no further match in the \(window.rows.count) here"
        if tense != .present { return known + ", and no others were recorded" }
        if !link.isLive { return known + "; the link to the others is lost" }
        if isFrozen { return known + "; f thaws the screen for the others" }
        return nil
    }

    private mutating func tellProgress() {
        guard let search else { return }
        tell("looking: \(search.seen) of \(search.count) connections; any key ends it")
    }

    /// A key while it goes on ends it. True: and that is all it does.
    mutating func endSearch(by key: Key) -> Bool {
        guard let open = search else { return false }
        let command = keys.command(for: key, on: page)
        // The key that began it has nothing to add.
        if command == (open.step > 0 ? .nextMatch : .matchBefore) {
            tellProgress()
            return true
        }
        search = nil
        tell("no longer looking; \(open.seen) connections were looked at")
        return [.close, .back, .interrupt].contains(command)
    }

    /// The next question, when it is time for it and nothing else is on its way.
    mutating func continueSearch() -> [Effect] {
        guard let next = search?.nextAt, now.milliseconds >= next, let part = search?.part else {
            return []
        }
        search?.ask()
        link.ask(.search(id: searches), at: now.milliseconds)
        return [.send([window.request(part)])]
    }

    mutating func takeSearch(_ lines: [String], _ matched: Int, after milliseconds: UInt64) {
        guard var open = search else { return }
        let sessions = Table(lines: lines).map(SessionSnapshot.all) ?? []
        let first = open.part.lowerBound
        let found = open.take(
            sessions, matched: matched, after: milliseconds, at: now.milliseconds)
        search = open
        if let found {
            search = nil
            let height = arrangement.tableHeight
            // The rows round it are here, and become what is on the screen.
            let kept =
                max(
                    0, found - first - 2 * height)..<min(
                    sessions.count, found - first + 2 * height)
            window.take(
                Array(sessions[kept]), first: first + kept.lowerBound, matched: matched,
                total: window.total, isHeld: false)
            movedAt = now.milliseconds
            sessionCursor.move(to: found, in: window.list, height: height)
            notice = nil
            if !window.covers(sessionCursor.top, height: height) { hurry() }
        } else if open.isOver {
            search = nil
            tell("no further match in \(matched) connections")
        } else {
            tellProgress()
        }
    }
}

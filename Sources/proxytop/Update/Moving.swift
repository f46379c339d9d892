internal import Shared

// Moving within a view: the cursor, folding, scrolling, marking.
extension Model {
    mutating func move(_ command: Binding.Command) {
        if let open = navigation.overlay {
            let count = TextPage(overlay: open, model: self).lines.count
            if navigation.overlay?.choice != nil {
                navigation.overlay?.choice?.move(
                    command, lines: count, room: max(1, size.rows - TextPage.frame))
            } else {
                navigation.overlay?.top = TextPage.top(
                    after: command, from: open.top, lines: count, size: size)
            }
            return
        }
        if moveInPane(command) { return }
        if command == .fold || command == .unfold {
            return command == .fold ? fold() : unfold()
        }
        let height = arrangement.tableHeight
        navigation.movedAt = now.milliseconds
        switch navigation.page {
        case .channels: Self.move(&selection.cursor, command, in: outline, height)
        case .events: Self.move(&selection.eventCursor, command, in: eventList, height)
        case .overview: Self.move(&selection.problemCursor, command, in: problemList, height)
        case .connections:
            Self.move(&selection.sessionCursor, command, in: data.window.list, height)
            if !data.window.covers(selection.sessionCursor.top, height: height) { hurry() }
        case .detail:
            let count = DetailPage(self, .ascii).lines.count
            navigation.detailTop = TextPage.top(
                after: command, from: navigation.detailTop, lines: count,
                size: Size(columns: size.columns, rows: height + TextPage.frame))
        }
    }

    static func move(
        _ cursor: inout Cursor, _ command: Binding.Command, in rows: some CursorRows, _ height: Int
    ) {
        switch command {
        case .up: cursor.move(by: -1, in: rows, height: height)
        case .down: cursor.move(by: 1, in: rows, height: height)
        case .first: cursor.move(to: 0, in: rows, height: height)
        case .last: cursor.move(to: rows.count - 1, in: rows, height: height)
        case .pageUp: cursor.move(by: -max(1, height - 1), in: rows, height: height)
        case .pageDown: cursor.move(by: max(1, height - 1), in: rows, height: height)
        case .halfUp: cursor.move(by: -max(1, height / 2), in: rows, height: height)
        case .halfDown: cursor.move(by: max(1, height / 2), in: rows, height: height)
        default: break
        }
    }

    /// `z`: all channels in one list, or by group again.
    ///
    /// What stood on a heading goes on to its channels: only what is on the screen is meant.
    mutating func toggleFlat() {
        navigation.focus = .table
        if !isFlat {
            if let first = selection.cursor.subject.flatMap({ channels(below: $0).first }) {
                selection.cursor.subject = .channel(serial: first)
            }
            for mark in selection.marks {
                let below = channels(below: mark)
                guard !below.isEmpty else { continue }
                selection.marks.remove(mark)
                // The line for the quiet ones stands for nothing that could be done.
                if case .quiet = mark { continue }
                selection.marks.formUnion(below.map { .channel(serial: $0) })
            }
        }
        isFlat.toggle()
        notify(isFlat ? "all channels in one list; z brings the groups back" : "by group again")
        settle()
    }

    /// The channels that a heading stands for, or a line of quiet ones; none of anything else.
    private func channels(below subject: Subject) -> [UInt64] {
        guard let snapshot else { return [] }
        switch subject {
        case .group(let serial), .quiet(let serial):
            return snapshot.group(serial: serial)?.channels.map(\.serial) ?? []
        case .service(let name):
            let service = snapshot.services.first { $0.name == name }
            return service?.groups.flatMap { $0.channels.map(\.serial) } ?? []
        default: return []
        }
    }

    private mutating func fold() {
        guard !isFlat else { return notify("there are no headings here; z brings them back") }
        let rows = outline
        guard rows.rows.indices.contains(selection.cursor.index) else { return }
        switch rows.rows[selection.cursor.index] {
        case .service(let service, false): selection.folded.insert(.service(service.name))
        case .group(let group, _, false):
            selection.folded.insert(.group(serial: group.snapshot.serial))
        case .channel where unshow(rows.rows, selection.cursor.index): break
        default:
            guard let heading = rows.heading(above: selection.cursor.index) else { return }
            selection.folded.insert(rows.rows[heading].subject)
            selection.cursor.move(to: heading, in: rows, height: arrangement.tableHeight)
        }
        settle()
    }

    /// Of a long list first the quiet channels go again, then the group folds.
    private mutating func unshow(_ rows: [Outline.Row], _ index: Int) -> Bool {
        let above = rows[..<index].last { row in if case .group = row { true } else { false } }
        guard case .group(let group, _, _) = above else { return false }
        return selection.wholeGroups.remove(group.snapshot.serial) != nil
    }

    /// True: the cursor stood on the line for the quiet channels, and they are shown now.
    mutating func showQuiet() -> Bool {
        guard navigation.page == .channels, case .quiet(let group) = selection.cursor.subject else {
            return false
        }
        selection.wholeGroups.insert(group)
        settle()
        return true
    }

    private mutating func unfold() {
        guard !isFlat else { return notify("there are no headings here; z brings them back") }
        if showQuiet() { return }
        guard let subject = selection.cursor.subject else { return }
        selection.folded.remove(subject)
        settle()
    }

    // MARK: Marks

    mutating func mark(_ command: Binding.Command) {
        let isHere = { (mark: Subject, page: Page) in
            if case .session = mark { page == .connections } else { page == .channels }
        }
        switch command {
        case .mark:
            guard let subject else { return }
            if selection.marks.remove(subject) == nil { selection.marks.insert(subject) }
            selection.lastMarked = subject
            move(.down)
        case .markAll:
            if navigation.page == .connections {
                let ids = data.window.rows.filter { !data.window.old.contains($0.id) }.map(\.id)
                selection.marks.formUnion(ids.map { .session(id: $0) })
                let others = data.window.matched - ids.count
                notify(
                    others > 0
                        ? "\(ids.count) marked; \(others) more match and are not fetched: "
                            + "“:kill sessions where …” takes all" : "\(ids.count) marked")
            } else {
                // A heading stands for its channels, which are marked themselves.
                for case .channel(let channel) in outline.rows {
                    selection.marks.insert(.channel(serial: channel.serial))
                }
            }
        case .markRange: markRange()
        default:
            let page = navigation.page
            selection.marks = selection.marks.filter { !isHere($0, page) }
        }
    }

    private mutating func markRange() {
        let rows: [Subject] =
            navigation.page == .connections
            ? data.window.rows.map { .session(id: $0.id) } : outline.rows.map(\.subject)
        guard let from = selection.lastMarked.flatMap(rows.firstIndex), let subject,
            let to = rows.firstIndex(of: subject)
        else {
            notify("mark a row with Space first; v marks from there to here")
            return
        }
        for row in rows[min(from, to)...max(from, to)] {
            switch row {
            case .channel, .session: selection.marks.insert(row)
            default: break
            }
        }
    }

    mutating func toggleStuck() {
        let condition = "stuck != -"
        apply(filter: data.window.filter?.text == condition ? "" : condition, to: .connections)
    }
}

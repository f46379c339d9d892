internal import Shared

// Moving within a view: the cursor, folding, scrolling, marking, sorting.
extension Model {
    mutating func move(_ command: Binding.Command) {
        if let open = overlay {
            let count = TextPage(overlay: open, model: self).lines.count
            if overlay?.choice != nil {
                overlay?.choice?.move(
                    command, lines: count, room: max(1, size.rows - TextPage.frame))
            } else {
                overlay?.top = TextPage.top(
                    after: command, from: open.top, lines: count, size: size)
            }
            return
        }
        if moveInPane(command) { return }
        if command == .fold || command == .unfold {
            return command == .fold ? fold() : unfold()
        }
        let height = arrangement.tableHeight
        movedAt = now.milliseconds
        switch page {
        case .channels: Self.move(&cursor, command, in: outline, height)
        case .events: Self.move(&eventCursor, command, in: eventList, height)
        case .overview: Self.move(&problemCursor, command, in: problemList, height)
        case .connections:
            Self.move(&sessionCursor, command, in: window.list, height)
            if !window.covers(sessionCursor.top, height: height) { hurry() }
        case .detail:
            let count = DetailPage(self, .ascii).lines.count
            detailTop = TextPage.top(
                after: command, from: detailTop, lines: count,
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

    private mutating func fold() {
        let rows = outline
        guard rows.rows.indices.contains(cursor.index) else { return }
        switch rows.rows[cursor.index] {
        case .service(let service, false): folded.insert(.service(service.name))
        case .group(let group, _, false): folded.insert(.group(serial: group.snapshot.serial))
        case .channel where unshow(rows.rows, cursor.index): break
        default:
            guard let heading = rows.heading(above: cursor.index) else { return }
            folded.insert(rows.rows[heading].subject)
            cursor.move(to: heading, in: rows, height: arrangement.tableHeight)
        }
        settle()
    }

    /// Of a long list first the quiet channels go again, then the group folds.
    private mutating func unshow(_ rows: [Outline.Row], _ index: Int) -> Bool {
        let above = rows[..<index].last { row in if case .group = row { true } else { false } }
        guard case .group(let group, _, _) = above else { return false }
        return wholeGroups.remove(group.snapshot.serial) != nil
    }

    /// True: the cursor stood on the line for the quiet channels, and they are shown now.
    mutating func showQuiet() -> Bool {
        guard page == .channels, case .quiet(let group) = cursor.subject else { return false }
        wholeGroups.insert(group)
        settle()
        return true
    }

    private mutating func unfold() {
        if showQuiet() { return }
        guard let subject = cursor.subject else { return }
        folded.remove(subject)
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
            if marks.remove(subject) == nil { marks.insert(subject) }
            lastMarked = subject
            move(.down)
        case .markAll:
            if page == .connections {
                let ids = window.rows.filter { !window.old.contains($0.id) }.map(\.id)
                marks.formUnion(ids.map { .session(id: $0) })
                let others = window.matched - ids.count
                tell(
                    others > 0
                        ? "\(ids.count) marked; \(others) more match and are not fetched: "
                            + "“:kill sessions where …” takes all" : "\(ids.count) marked")
            } else {
                // A heading stands for its channels, which are marked themselves.
                for case .channel(let channel) in outline.rows {
                    marks.insert(.channel(serial: channel.serial))
                }
            }
        case .markRange: markRange()
        default:
            let page = page
            marks = marks.filter { !isHere($0, page) }
        }
    }

    private mutating func markRange() {
        let rows: [Subject] =
            page == .connections
            ? window.rows.map { .session(id: $0.id) } : outline.rows.map(\.subject)
        guard let from = lastMarked.flatMap(rows.firstIndex), let subject,
            let to = rows.firstIndex(of: subject)
        else {
            tell("mark a row with Space first; v marks from there to here")
            return
        }
        for row in rows[min(from, to)...max(from, to)] {
            switch row {
            case .channel, .session: marks.insert(row)
            default: break
            }
        }
    }

    // MARK: The order of rows

    private mutating func sortChannels(_ command: Binding.Command) {
        let fields = ChannelOrder.Field.allCases
        if command == .invert {
            guard channelOrder != nil else { return tell("the order is the daemon's; > sorts") }
            channelOrder?.isDescending.toggle()
        } else {
            // One place in the round is the daemon's own order.
            let present = channelOrder.flatMap { fields.firstIndex(of: $0.field) } ?? fields.count
            let step = command == .sortRight ? 1 : fields.count
            let next = (present + step) % (fields.count + 1)
            channelOrder = fields.indices.contains(next) ? ChannelOrder(fields[next]) : nil
        }
        if let picture { channelOrder?.settle(picture, history) }
        settle()
    }

    mutating func sort(_ command: Binding.Command) {
        if page == .channels { return sortChannels(command) }
        guard tense == .present else {
            tell("these are the rows that were asked for then; their order stays")
            return
        }
        if command == .invert {
            window.order.isDescending.toggle()
        } else {
            let fields = SessionColumn.shown(columns: size.columns, sessionColumns).map(\.field)
            guard !fields.isEmpty else { return }
            let present = fields.firstIndex(of: window.order.field) ?? 0
            let step = command == .sortRight ? 1 : fields.count - 1
            window.order.field = fields[(present + step) % fields.count]
        }
        requery()
    }

    /// Another question about the connections; the rows come with the next answer.
    mutating func requery() {
        window.forget()
        movedAt = nil
        sessionCursor = Cursor()
        hurry()
    }

    mutating func toggleStuck() {
        let condition = "stuck != -"
        apply(filter: window.filter?.text == condition ? "" : condition, to: .connections)
    }
}

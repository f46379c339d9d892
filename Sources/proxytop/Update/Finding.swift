internal import Shared

// Going to rows that match, with the others left where they are.
extension Model {
    /// What `n` looks for: what F3 was given last, or else the filter.
    private var wanted: Filter? {
        if let sought = navigation.findFilters[navigation.page] { return sought.filter }
        switch navigation.page {
        case .channels: return channelFilter?.filter
        case .connections: return data.window.filter?.filter
        case .events: return selection.eventFilter?.filter
        case .overview, .detail: return nil
        }
    }

    /// The line behind F3 is the language of the filter.
    mutating func find(_ text: String, on page: Page) {
        guard let fields = Self.fields(of: page) else { return }
        do throws(FilterText.ParseError) {
            navigation.findFilters[page] =
                text.allSatisfy { $0 == " " }
                ? nil : try FilterText(text, fields, names: channelNames)
        } catch {
            actions.prompt = Prompt(.find(page), text: text)
            actions.prompt?.remark = error.message
            return
        }
        if navigation.findFilters[page] != nil { goToMatch(1) }
    }

    /// The next row that matches, or the one before; round the end.
    mutating func goToMatch(_ step: Int) {
        guard let wanted else {
            return notify("F3 looks for rows, / shows only those that match; then n goes on")
        }
        navigation.focus = .table
        let height = arrangement.tableHeight
        navigation.movedAt = now.milliseconds
        switch navigation.page {
        case .channels: goToChannel(wanted, step, height)
        case .connections: goToSession(wanted, step)
        case .events:
            let rows = events
            let found = Self.next(rows.count, from: selection.eventCursor.index, step) {
                wanted.matches(rows[$0].row)
            }
            guard let found else { return notify("no event matches") }
            selection.eventCursor.move(to: found, in: eventList, height: height)
        case .overview, .detail: break
        }
    }

    private mutating func goToChannel(_ wanted: Filter, _ step: Int, _ height: Int) {
        let rows = outline.rows
        func matches(_ row: Outline.Row) -> Bool {
            if case .channel(let channel) = row {
                wanted.matches(self.row(of: channel))
            } else {
                false
            }
        }
        if let found = Self.next(
            rows.count, from: selection.cursor.index, step, { matches(rows[$0]) })
        {
            return selection.cursor.move(to: found, in: outline, height: height)
        }
        // It may lie in a group that is folded, or among those that are up and quiet.
        guard let snapshot, channelFilter == nil,
            let group = snapshot.groups.first(where: {
                $0.channels.contains { wanted.matches(row(of: $0)) }
            }),
            let channel = group.channels.first(where: { wanted.matches(row(of: $0)) })
        else { return notify("no channel here matches") }
        selection.folded.remove(.group(serial: group.snapshot.serial))
        selection.folded.remove(.service(group.place.service))
        selection.wholeGroups.insert(group.snapshot.serial)
        selection.cursor.subject = .channel(serial: channel.serial)
        settle()
    }

    /// The next index from here on that fits, round the end; the present one only if there is no other.
    static func next(
        _ count: Int, from here: Int, _ step: Int, wraps: Bool = true, _ fits: (Int) -> Bool
    ) -> Int? {
        guard count > 0 else { return nil }
        for distance in 1...count {
            let place = here + step * distance
            if !wraps, !(0..<count).contains(place) { return nil }
            let index = (place % count + count) % count
            if fits(index) { return index }
        }
        return nil
    }
}

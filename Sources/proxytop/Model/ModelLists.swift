internal import Shared

// The lists of the views, and where things stand in them.
extension Model {
    /// What the table calls a channel: without headings the service is part of its name, where there are several.
    func name(of channel: ChannelSnapshot) -> String {
        isFlat && snapshot?.services.count ?? 0 > 1
            ? channel.path : Place(channelPath: channel.path).shortName
    }

    /// What a filter knows of a channel besides what the daemon reports: per second, and the column ERR.
    static let rateNames = ["new_rate", "in_rate_bytes", "out_rate_bytes", "failed_5m"]
    /// A channel as a filter sees it.
    func row(of channel: ChannelSnapshot) -> [String] {
        let track = data.history.channels[channel.serial]
        let rates = track?.rates ?? Track.Rates()
        return channel.row
            + [
                rates.total.map { Quantity.fixed($0, decimals: 1) }.cell,
                rates.inBytes.map { Quantity.fixed($0, decimals: 0) }.cell,
                rates.outBytes.map { Quantity.fixed($0, decimals: 0) }.cell,
                (track?.recentFailures).cell,
            ]
    }

    var outline: Outline {
        Outline(
            snapshot, folded: selection.folded, matching: data.matching,
            order: selection.channelOrder,
            quiet: isListLong ? .init(kept: keptRows, whole: selection.wholeGroups) : nil,
            isFlat: isFlat)
    }
    /// What the operator looks at does not go away, whatever its state: the cursor would stand on something else.
    private var keptRows: Set<Subject> {
        selection.cursor.subject.map { selection.marks.union([$0]) } ?? selection.marks
    }
    /// Whether the channels are more than the screen has room for, with nothing beside or below them.
    private var isListLong: Bool {
        guard channelFilter == nil, selection.channelOrder == nil, !isFlat,
            !preferences.countsAllFailures
        else {
            return false
        }
        return rowsOfAll > Arrangement(size, isHeaderFolded: navigation.isHeaderFolded).tableHeight
    }
    private var rowsOfAll: Int {
        guard let snapshot else { return 0 }
        if isFlat { return snapshot.channels.count }
        let services = snapshot.services.count
        return snapshot.channels.count + snapshot.groups.count + (services > 1 ? services : 0)
    }
    var arrangement: Arrangement {
        Arrangement(
            size, isHeaderFolded: navigation.isHeaderFolded,
            tableRows: navigation.page == .channels && !navigation.isTableAlone && snapshot != nil
                ? outlineCount : nil)
    }
    /// Rows of the channel table, without making them where that is not needed.
    private var outlineCount: Int {
        guard isFlat || selection.folded.isEmpty, !isListLong else { return outline.count }
        return data.matching.map { isFlat ? $0.count : rows(of: $0) } ?? rowsOfAll
    }
    /// Those channels, and the headings above them.
    private func rows(of serials: Set<UInt64>) -> Int {
        guard let services = snapshot?.services else { return 0 }
        var (groups, headings) = (0, 0)
        for service in services {
            let count = service.groups.count { group in
                group.channels.contains { serials.contains($0.serial) }
            }
            groups += count
            if count > 0, services.count > 1 { headings += 1 }
        }
        return serials.count + groups + headings
    }

    /// What channels are called on the screen, and their paths; a name that two have stands for neither.
    var channelNames: [String: String] {
        Dictionary(
            (snapshot?.channels ?? []).map { (Place(channelPath: $0.path).shortName, $0.path) },
            uniquingKeysWith: { _, _ in "" }
        ).filter { !$0.value.isEmpty }
    }

    var problems: [Problem] { snapshot.map { Problem.all(in: $0, data.history, data.flaps) } ?? [] }
    var problemList: ListRows { ListRows(problems.map(\.subject)) }
    var events: [EventSnapshot] { data.log.newest(selection.eventFilter?.filter) }
    var eventList: ListRows { ListRows(events.map { .event(id: $0.id) }) }

    /// What the cursor of the page stands on.
    var subject: Subject? {
        navigation.focus == .table ? tableSubject : paneSubject ?? tableSubject
    }

    /// What the cursor of the view's own list stands on.
    var tableSubject: Subject? {
        switch navigation.page {
        case .overview: selection.problemCursor.subject
        case .channels: selection.cursor.subject
        case .connections: selection.sessionCursor.subject
        case .events: selection.eventCursor.subject
        case .detail: data.detail?.subject
        }
    }
}

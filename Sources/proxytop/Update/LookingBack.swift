internal import Shared

// Building the screen as it was.
extension Past {
    /// Rates are averages over ten seconds, so a snapshot needs those before it.
    private static let runUpMilliseconds: UInt64 = 11_000

    /// The screen as it would have been when that round came. `stand` is where the operator stands now.
    init(_ present: Model, at index: Int, stand: Model) {
        let rounds = present.time.replay.rounds
        let last = rounds[index]
        var first = index
        while first > 0,
            rounds[first - 1].at.milliseconds + Self.runUpMilliseconds >= last.at.milliseconds
        {
            first -= 1
        }
        var model = present.emptied(before: rounds[first])
        model.stand(like: stand)
        for round in rounds[first...index] { model.replay(round.entries) }
        model.leaveOut(last)
        model.actions.notice = nil
        model.settle()
        self.init(model, number: last.number)
    }
}

extension Model {
    /// This model as it was before a round, with nothing of what came later; strips and trends it has from the
    /// present, as far as they go back.
    fileprivate func emptied(before round: ReplayBuffer.Round) -> Model {
        var model = self
        model.time.mode = .past
        model.time.presentNow = shownNow
        model.time.past = nil
        model.time.replay = ReplayBuffer()
        model.connection.round = Round()
        model.navigation.choosesPage = false
        model.time.isFrozen = false
        model.navigation.movedAt = nil
        model.connection.link = Link()
        model.connection.link.phase = .live
        model.connection.link.answerMilliseconds = connection.link.answerMilliseconds
        model.data.window = SessionWindow(filter: nil, order: data.window.order)
        model.actions.prompt = nil
        model.actions.confirmation = nil
        model.actions.batch = nil
        guard let time = round.daemonNow else { return model }
        model.data.history = data.history.before(time)
        model.data.rates = data.rates.before(time)
        model.data.log = data.log.before(time)
        if let quietSince = data.quietSince, quietSince > time { model.data.quietSince = nil }
        return model
    }

    /// The operator goes from one time to another and stays where they are.
    mutating func stand(like other: Model) {
        size = other.size
        navigation.page = other.navigation.page
        navigation.pagesBefore = other.navigation.pagesBefore
        navigation.overlay = other.navigation.overlay
        selection.cursor = other.selection.cursor
        selection.sessionCursor = other.selection.sessionCursor
        selection.eventCursor = other.selection.eventCursor
        selection.problemCursor = other.selection.problemCursor
        if data.detail?.subject != other.data.detail?.subject { data.detail = other.data.detail }
        navigation.detailTop = other.navigation.detailTop
        selection.folded = other.selection.folded
        isFlat = other.isFlat
        selection.wholeGroups = other.selection.wholeGroups
        selection.marks = other.selection.marks
        channelFilter = other.channelFilter
        selection.eventFilter = other.selection.eventFilter
        preferences.showsBits = other.preferences.showsBits
        navigation.isHeaderFolded = other.navigation.isHeaderFolded
        navigation.isTableAlone = other.navigation.isTableAlone
        navigation.focus = other.navigation.focus
        selection.groupCursor = other.selection.groupCursor
        selection.nearbyCursor = other.selection.nearbyCursor
        selection.latestCursor = other.selection.latestCursor
        navigation.paneTops = other.navigation.paneTops
        preferences.channelColumns = other.preferences.channelColumns
        preferences.sessionColumns = other.preferences.sessionColumns
        navigation.findFilters = other.navigation.findFilters
        navigation.searchedText = other.navigation.searchedText
        preferences.savedViews = other.preferences.savedViews
    }

    /// What was not on the screen then was not asked for, so it is not known.
    fileprivate mutating func leaveOut(_ round: ReplayBuffer.Round) {
        func asked(_ words: [String]) -> Bool {
            round.entries.contains { $0.words.starts(with: words) }
        }
        if !asked(["show", "sessions"]) {
            data.window.fail("connections were not recorded then: no view of them was open")
        }
        if let detail = data.detail, detail.subject != .channel(serial: 0) {
            let isThere = round.entries.contains { entry in
                Link.Question(recorded: entry.words, next: nil, in: snapshot)
                    == .detail(detail.subject)
            }
            if !isThere { self.data.detail = Detail(detail.subject, title: detail.title) }
        }
    }
}

extension ReplayBuffer.Round {
    /// The daemon's clock in it.
    fileprivate var daemonNow: UInt64? {
        for entry in entries {
            if case .ok(let attributes, _) = entry.reply,
                let now = attributes["now_ms"].flatMap({ UInt64($0) })
            {
                return now
            }
        }
        return nil
    }
}

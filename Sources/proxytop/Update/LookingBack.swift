internal import Shared

// Building the screen as it was.
extension Past {
    /// Rates are averages over ten seconds, so a picture needs those before it.
    private static let runUpMilliseconds: UInt64 = 11_000

    /// The screen as it would have been when that round came. `stand` is where the operator stands now.
    init(_ present: Model, at index: Int, stand: Model) {
        let rounds = present.tape.rounds
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
        model.notice = nil
        model.settle()
        self.init(model, number: last.number)
    }
}

extension Model {
    /// This model as it was before a round, with nothing of what came later; strips and trends it has from the
    /// present, as far as they go back.
    fileprivate func emptied(before round: ReplayBuffer.Round) -> Model {
        var model = self
        model.tense = .past
        model.presentNow = shownNow
        model.past = nil
        model.tape = ReplayBuffer()
        model.round = Round()
        model.choosesPage = false
        model.isFrozen = false
        model.movedAt = nil
        model.link = Link()
        model.link.phase = .live
        model.link.answerMilliseconds = link.answerMilliseconds
        model.window = SessionWindow(filter: nil, order: window.order)
        model.prompt = nil
        model.confirmation = nil
        model.batch = nil
        guard let time = round.daemonNow else { return model }
        model.history = history.before(time)
        model.pulse = pulse.before(time)
        model.log = log.before(time)
        if let quietSince, quietSince > time { model.quietSince = nil }
        return model
    }

    /// The operator goes from one time to another and stays where they are.
    mutating func stand(like other: Model) {
        size = other.size
        page = other.page
        pagesBefore = other.pagesBefore
        overlay = other.overlay
        cursor = other.cursor
        sessionCursor = other.sessionCursor
        eventCursor = other.eventCursor
        problemCursor = other.problemCursor
        if detail?.subject != other.detail?.subject { detail = other.detail }
        detailTop = other.detailTop
        folded = other.folded
        isFlat = other.isFlat
        wholeGroups = other.wholeGroups
        marks = other.marks
        channelFilter = other.channelFilter
        eventFilter = other.eventFilter
        showsBits = other.showsBits
        isHeaderFolded = other.isHeaderFolded
        isTableAlone = other.isTableAlone
        focus = other.focus
        groupCursor = other.groupCursor
        nearbyCursor = other.nearbyCursor
        latestCursor = other.latestCursor
        paneTops = other.paneTops
        channelColumns = other.channelColumns
        sessionColumns = other.sessionColumns
        sought = other.sought
        soughtText = other.soughtText
        savedViews = other.savedViews
    }

    /// What was not on the screen then was not asked for, and nobody can say what it was.
    fileprivate mutating func leaveOut(_ round: ReplayBuffer.Round) {
        func asked(_ words: [String]) -> Bool {
            round.entries.contains { $0.words.starts(with: words) }
        }
        if !asked(["show", "sessions"]) {
            window.fail("nobody looked at the connections then, so they were not recorded")
        }
        if let detail, detail.subject != .channel(serial: 0) {
            let isThere = round.entries.contains { entry in
                Link.Question(recorded: entry.words, next: nil, in: picture)
                    == .detail(detail.subject)
            }
            if !isThere { self.detail = Detail(detail.subject, title: detail.title) }
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

internal import Shared

// What the model says to the daemon and what it makes of the answers.
extension Model {
    mutating func greet() -> [Effect] {
        connection.link.phase = .hello
        connection.link.pending.removeAll()
        data.presence.beginAnew()
        connection.round = Round()
        connection.link.ask(.hello, ["hello"], at: now.milliseconds)
        return [.send([Request(words: ["hello"])])]
    }

    mutating func lost(_ reason: String) -> [Effect] {
        let wasThere = connection.link.isLive
        connection.link.lose(reason, at: now.milliseconds)
        connection.round = Round()
        data.search = nil
        if actions.confirmation != nil {
            actions.confirmation = nil
            notify("the link was lost; nothing was sent", isError: true)
        }
        if let batch = actions.batch {
            self.actions.batch = nil
            promiseAgain(batch.act)
            let done = batch.outcomes.count
            guard batch.hasBegun else {
                notify("the link was lost; nothing was sent: \(batch.act.command)", isError: true)
                return wasThere && preferences.bell != .off ? [.bell] : []
            }
            notify(
                "the link was lost; \(done) of \(batch.total) answered, one may have been done: "
                    + batch.act.command, isError: true)
        }
        return wasThere && preferences.bell != .off ? [.bell] : []
    }

    mutating func tick() -> [Effect] {
        let time = now.milliseconds
        if case .lost = connection.link.phase {
            return time >= connection.link.nextTryAt ? [.connect] : []
        }
        if connection.link.waiting(at: time) >= connection.link.deadline {
            return [.disconnect]
                + lost("no answer for \(Age(milliseconds: connection.link.waiting(at: time)))")
        }
        guard connection.link.isLive, connection.link.pending.isEmpty else { return [] }
        let looking = continueSearch()
        if !looking.isEmpty { return looking }
        return time >= connection.link.nextPollAt ? poll() : []
    }

    /// The next round begins as soon as this one is over.
    mutating func hurry() { connection.link.nextPollAt = now.milliseconds }

    /// One round of questions, pipelined: what every page needs, and what this one does.
    mutating func poll() -> [Effect] {
        connection.link.nextPollAt = now.milliseconds + connection.intervalMilliseconds
        connection.round = Round()
        var requests: [Request] = []
        func words(_ text: String) -> Request {
            Request(words: text.split(separator: " ").map(String.init))
        }
        var questions: [(Link.Question, Request)] = [
            (.channels, words("show channels")), (.groups, words("show groups")),
            (.listeners, words("show listeners")),
        ]
        if connection.catalog.has("show events") { questions.append((.events, data.log.request)) }
        let height = arrangement.tableHeight
        if navigation.page == .connections, data.search == nil,
            data.window.isDue(
                at: now.milliseconds, top: selection.sessionCursor.top, height: height)
        {
            let (request, first) = data.window.request(
                top: selection.sessionCursor.top, height: height)
            questions.append((.sessions(first: first), request))
        }
        if navigation.page == .detail, let detail = data.detail,
            let request = detail.request(connection.catalog, snapshot)
        {
            questions.append((.detail(detail.subject), request))
        }
        questions += pastQuestions
        if snapshot != nil, !connection.catalog.entries.isEmpty { data.rates.isAsked = true }
        for (question, request) in questions {
            connection.link.ask(question, request.words, at: now.milliseconds)
            requests.append(request)
        }
        for (question, request) in sidePanelQuestions() + lingeringQuestion() + presenceQuestions()
            + loadQuestion()
        {
            connection.link.ask(question, at: now.milliseconds)
            requests.append(request)
        }
        return [.send(requests + askPlan())]
    }

    /// Services whose past is asked for; of more than these the overview begins with what it sees itself.
    private static let mostServices = 16

    /// Asked once, so that the strips of the overview are full from the beginning.
    private var pastQuestions: [(Link.Question, Request)] {
        guard !data.rates.isAsked, connection.catalog.has("show history"), let snapshot,
            snapshot.services.count <= Self.mostServices
        else { return [] }
        let names = snapshot.services.map(\.name).filter { !$0.isEmpty }
        return names.enumerated().map { index, name in
            let words = ["show", "history", name, "since", "15m", "step", "10s"]
            return (.past(isLast: index == names.count - 1), Request(words: words))
        }
    }

    /// What the open preview wants to know.
    mutating func askPlan() -> [Request] {
        // Of a plan that was closed the transaction has to end first; the next round asks.
        guard let open = actions.confirmation, !open.isBlind, !connection.link.isPlanning else {
            return []
        }
        actions.confirmation?.expectPlan()
        guard open.act.isPlannedTogether(connection.catalog) else {
            return askPlan(isTogether: false)
        }
        // Nothing may follow before the transaction is there for sure: it would be done at once.
        connection.link.ask(.planBegin(id: open.id), at: now.milliseconds)
        return [Request(words: ["begin"])]
    }

    private mutating func askPlan(isTogether: Bool) -> [Request] {
        guard let open = actions.confirmation else { return [] }
        let requests = open.act.plan(isTogether: isTogether)
        for (index, request) in requests.enumerated() {
            let isPlan = request.words.first == "plan"
            let isLast = !requests.dropFirst(index + 1).contains { $0.words.first == "plan" }
            connection.link.ask(
                isPlan ? .plan(id: open.id, isLast: isLast) : .planStep(id: open.id),
                at: now.milliseconds)
        }
        return requests
    }

    /// The transaction is there: fills it, has it planned, and drops it.
    mutating func continuePlan(id: Int) -> [Effect] {
        guard actions.confirmation?.id == id else {
            connection.link.ask(.planStep(id: id), at: now.milliseconds)
            return [.send([Request(words: ["abort"])])]
        }
        return [.send(askPlan(isTogether: true))]
    }

    mutating func receive(_ reply: Reply) -> [Effect] {
        let wasPlanning = connection.link.isPlanning
        var effects = handle(reply)
        guard wasPlanning, !connection.link.isPlanning else { return effects }
        effects += beginBatch()
        // A preview that was opened meanwhile has not asked yet.
        if let open = actions.confirmation, !open.isReady, !open.isExpecting {
            effects.append(.send(askPlan()))
        }
        return effects
    }

    /// One ring for each problem that was not there the last time; none for those that we found.
    mutating func alarm() -> [Effect] {
        guard preferences.bell == .down, time.mode == .present else { return [] }
        let present = Set(problems.filter { $0.severity != .note }.map(\.subject))
        defer { data.announcedProblems = present }
        guard let announcedProblems = data.announcedProblems,
            !present.isSubset(of: announcedProblems)
        else { return [] }
        return [.bell]
    }

    mutating func refusePlan(_ code: Reply.ErrorCode, _ message: String) {
        guard let open = actions.confirmation else { return }
        actions.refusal = code
        actions.confirmation = nil
        notify(
            "the daemon would refuse it: \(code.rawValue): \(message): \(open.act.command)",
            isError: true)
    }

    mutating func showAnswer(to line: String, _ reply: Reply) {
        switch reply {
        case .error(let code, let message):
            actions.refusal = code
            notify("ERR \(code.rawValue): \(message): \(line)", isError: true)
        case .ok(let attributes, let lines):
            let clock: Set = ["generation", "epoch", "now_ms"]
            let told = attributes.filter { !clock.contains($0.name) }
                .map { "\($0.name)=\($0.value)" }
            let rows = AlignedTable(lines).lines
            navigation.overlay = .answer(
                title: line, lines: rows + (told.isEmpty ? [] : [told.joined(separator: " ")]),
                top: 0)
        }
    }
}

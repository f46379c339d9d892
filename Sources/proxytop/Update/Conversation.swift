internal import Shared

// What the model says to the daemon and what it makes of the answers.
extension Model {
    mutating func greet() -> [Effect] {
        link.phase = .greeting
        link.pending.removeAll()
        company.beginAnew()
        round = Round()
        link.ask(.hello, ["hello"], at: now.milliseconds)
        return [.send([Request(words: ["hello"])])]
    }

    mutating func lost(_ reason: String) -> [Effect] {
        let wasThere = link.isLive
        link.lose(reason, at: now.milliseconds)
        round = Round()
        search = nil
        if confirmation != nil {
            confirmation = nil
            tell("the link was lost; nothing was sent", isError: true)
        }
        if let batch {
            self.batch = nil
            promiseAgain(batch.act)
            let done = batch.outcomes.count
            guard batch.hasBegun else {
                tell("the link was lost; nothing was sent: \(batch.act.command)", isError: true)
                return wasThere && bell != .off ? [.bell] : []
            }
            tell(
                "the link was lost; \(done) of \(batch.total) answered, one may have been done: "
                    + batch.act.command, isError: true)
        }
        return wasThere && bell != .off ? [.bell] : []
    }

    mutating func tick() -> [Effect] {
        let time = now.milliseconds
        if case .lost = link.phase {
            return time >= link.nextTryAt ? [.connect] : []
        }
        if link.waiting(at: time) >= link.deadline {
            return [.disconnect]
                + lost("no answer for \(Age(milliseconds: link.waiting(at: time)))")
        }
        guard link.isLive, link.pending.isEmpty else { return [] }
        let looking = continueSearch()
        if !looking.isEmpty { return looking }
        return time >= link.nextPollAt ? poll() : []
    }

    /// The next round begins as soon as this one is over.
    mutating func hurry() { link.nextPollAt = now.milliseconds }

    /// One round of questions, pipelined: what every page needs, and what this one does.
    mutating func poll() -> [Effect] {
        link.nextPollAt = now.milliseconds + intervalMilliseconds
        round = Round()
        var requests: [Request] = []
        func words(_ text: String) -> Request {
            Request(words: text.split(separator: " ").map(String.init))
        }
        var questions: [(Link.Question, Request)] = [
            (.channels, words("show channels")), (.groups, words("show groups")),
            (.listeners, words("show listeners")),
        ]
        if catalog.has("show events") { questions.append((.events, log.request)) }
        let height = arrangement.tableHeight
        if page == .connections, search == nil,
            window.isDue(at: now.milliseconds, top: sessionCursor.top, height: height)
        {
            let (request, first) = window.request(top: sessionCursor.top, height: height)
            questions.append((.sessions(first: first), request))
        }
        if page == .detail, let detail, let request = detail.request(catalog, picture) {
            questions.append((.detail(detail.subject), request))
        }
        questions += bygone
        if picture != nil, !catalog.entries.isEmpty { pulse.isAsked = true }
        for (question, request) in questions {
            link.ask(question, request.words, at: now.milliseconds)
            requests.append(request)
        }
        for (question, request) in asideQuestions() + lingeringQuestion() + companyQuestions()
            + burdenQuestion()
        {
            link.ask(question, at: now.milliseconds)
            requests.append(request)
        }
        return [.send(requests + askPlan())]
    }

    /// Services whose past is asked for; of more than these the overview begins with what it sees itself.
    private static let mostServices = 16

    /// Asked once, so that the strips of the overview are full from the beginning.
    private var bygone: [(Link.Question, Request)] {
        guard !pulse.isAsked, catalog.has("show history"), let picture,
            picture.services.count <= Self.mostServices
        else { return [] }
        let names = picture.services.map(\.name).filter { !$0.isEmpty }
        return names.enumerated().map { index, name in
            let words = ["show", "history", name, "since", "15m", "step", "10s"]
            return (.past(isLast: index == names.count - 1), Request(words: words))
        }
    }

    /// What the open preview wants to know.
    mutating func askPlan() -> [Request] {
        // Of a plan that was closed the transaction has to end first; the next round asks.
        guard let open = confirmation, !open.isBlind, !link.isPlanning else { return [] }
        confirmation?.expectPlan()
        guard open.act.isPlannedTogether(catalog) else { return askPlan(isTogether: false) }
        // Nothing may follow before the transaction is there for sure: it would be done at once.
        link.ask(.planBegin(id: open.id), at: now.milliseconds)
        return [Request(words: ["begin"])]
    }

    private mutating func askPlan(isTogether: Bool) -> [Request] {
        guard let open = confirmation else { return [] }
        let requests = open.act.plan(isTogether: isTogether)
        for (index, request) in requests.enumerated() {
            let isPlan = request.words.first == "plan"
            let isLast = !requests.dropFirst(index + 1).contains { $0.words.first == "plan" }
            link.ask(
                isPlan ? .plan(id: open.id, isLast: isLast) : .planStep(id: open.id),
                at: now.milliseconds)
        }
        return requests
    }

    /// The transaction is there: fills it, has it planned, and drops it.
    private mutating func continuePlan(id: Int) -> [Effect] {
        guard confirmation?.id == id else {
            link.ask(.planStep(id: id), at: now.milliseconds)
            return [.send([Request(words: ["abort"])])]
        }
        return [.send(askPlan(isTogether: true))]
    }

    mutating func receive(_ reply: Reply) -> [Effect] {
        let wasPlanning = link.isPlanning
        var effects = take(reply)
        guard wasPlanning, !link.isPlanning else { return effects }
        effects += beginBatch()
        // A preview that was opened meanwhile has not asked yet.
        if let open = confirmation, !open.isReady, !open.isExpecting {
            effects.append(.send(askPlan()))
        }
        return effects
    }

    private mutating func take(_ reply: Reply) -> [Effect] {
        guard let pending = link.answered(at: now.milliseconds) else {
            return [.disconnect] + lost("the daemon answers what nobody asked")
        }
        let elapsed = now.elapsed(since: pending.sentAt)
        switch (pending.question, reply) {
        case (.act, _): return conclude(reply, elapsed)
        case (.asked, _): answer = reply
        case (.typed(let line), _): showAnswer(to: line, reply)
        case (.plan(let id, _), .error(let code, let message)),
            (.planBegin(let id), .error(let code, let message)),
            (.planStep(let id), .error(let code, let message)):
            if confirmation?.id == id { refusePlan(code, message) }
        case (.plan(let id, let isLast), .ok(let attributes, let lines)):
            guard let picture, confirmation?.id == id else { break }
            let wasReady = confirmation?.isReady ?? true
            confirmation?.take(attributes, lines, isLast: isLast, in: picture)
            if !wasReady, confirmation?.isReady == true {
                confirmation?.becomeAnswerable(isSlow: link.slowness != nil)
            }
        case (.planBegin(let id), .ok): return continuePlan(id: id)
        case (.planStep, .ok): break
        case (.events, .error(_, let message)): log.fail(message)
        case (.events, .ok(let attributes, let lines)): take(events: lines, attributes)
        case (.past(let isLast), .error): if isLast { pulse.join() }
        case (.past(let isLast), .ok(_, let lines)):
            pulse.recall(Table(lines: lines).map(HistorySample.all) ?? [])
            if isLast { pulse.join() }
        case (.sessions, .error(_, let message)):
            window.fail(message)
            settle()
        case (.sessions(let first), .ok(let attributes, let lines)):
            // What was asked before it has its own part of the time.
            let before = min(elapsed, link.answerMilliseconds ?? 0)
            window.rest(
                after: elapsed - before, at: now.milliseconds, interval: intervalMilliseconds)
            take(sessions: lines, attributes, first: first)
        case (.search(let id), .error(_, let message)):
            guard search?.id == id else { break }
            search = nil
            tell("the daemon says: \(message)", isError: true)
        case (.search(let id), .ok(let attributes, let lines)):
            guard search?.id == id else { break }
            let matched = attributes["matched"].flatMap { UInt64($0) } ?? 0
            takeSearch(lines, Int(min(matched, Bounds.sessions)), after: elapsed)
        case (.detail(let subject), .error(let code, let message)):
            if detail?.subject == subject { detail?.fail(code, message) }
        case (.detail(let subject), .ok(_, let lines)):
            if detail?.subject == subject, !isFrozen { detail?.take(Table(lines: lines)) }
        case (.trend, .error), (.nearby, .error), (.company, .error), (.burden, .error),
            (.lingering, .error), (.intend, _):
            break
        case (.company, .ok(_, let lines)):
            company.take(Table(lines: lines).map(PresenceSnapshot.all) ?? [])
        case (.burden, .ok(let attributes, let lines)):
            let at = attributes["now_ms"].flatMap { UInt64($0) } ?? now.milliseconds
            burden.take(Table(lines: lines), at: at)
        case (.lingering(let serial), .ok(let attributes, let lines)):
            let found = Table(lines: lines).map(SessionSnapshot.all) ?? []
            let matched = attributes["matched"].flatMap { UInt64($0) }
            aside.take(lingering: found, matched: matched, of: serial)
        case (.asideWhy(let subject), .error):
            if aside.why?.subject == subject { aside.why?.samples = [] }
        case (.trend(let serial), .ok(_, let lines)):
            history.recall(Table(lines: lines).map(HistorySample.all) ?? [], of: serial)
        case (.asideWhy(let subject), .ok(_, let lines)):
            guard aside.why?.subject == subject else { break }
            aside.why?.samples = Table(lines: lines).map(HistorySample.all) ?? []
        case (.nearby(let paths), .ok(let attributes, let lines)):
            let before = min(elapsed, link.answerMilliseconds ?? 0)
            aside.rest(after: elapsed - before, at: now.milliseconds)
            if !isFrozen { aside.take(attributes, lines, of: paths) }
        case (.why(let subject), .error(_, let message)):
            if why?.subject == subject { why?.fault = message }
        case (.why(let subject), .ok(_, let lines)):
            guard why?.subject == subject else { break }
            why?.samples = Table(lines: lines).map(HistorySample.all) ?? []
        case (.describe, .ok(_, let lines)):
            catalog = Table(lines: lines).map(CommandCatalog.init) ?? CommandCatalog()
            guard catalog.has("describe keys"), !countsAllFailures else { break }
            link.ask(.keys, at: now.milliseconds)
            return [.send([Request(words: ["describe", "keys"])])]
        case (.keys, .ok(_, let lines)):
            if let table = Table(lines: lines) { catalog.take(keys: table) }
        case (.keys, .error): break
        // A daemon that cannot describe itself is taken for one that can do what the first could.
        case (.describe, .error): break
        case (_, .error(let code, let message)):
            if code == .forbidden, pending.question == .hello {
                return [.quit(.notPermitted, message: "the daemon refuses us: \(message)")]
            }
            return [.disconnect] + lost("the daemon says \(code.rawValue): \(message)")
        case (.hello, .ok(let attributes, _)): return welcome(attributes)
        case (.channels, .ok(let attributes, let lines)):
            round.channels = Table(lines: lines).map(ChannelSnapshot.all) ?? []
            // The oldest of the three answers, so that a change between them is noticed by the daemon.
            round.generation = attributes["generation"].flatMap { UInt64($0) } ?? 0
            round.epoch = attributes["epoch"].flatMap { UInt64($0) } ?? greeting?.epoch ?? 0
            round.nowMilliseconds =
                attributes["now_ms"].flatMap { UInt64($0) } ?? now.milliseconds
        case (.groups, .ok(_, let lines)):
            round.groups = Table(lines: lines).map(GroupSnapshot.all) ?? []
        case (.listeners, .ok(_, let lines)):
            link.answerMilliseconds = elapsed
            complete(Table(lines: lines).map(ListenerSnapshot.all) ?? [])
            return alarm() + (picture.map { runErrands($0) } ?? [])
        }
        return []
    }

    /// One ring for each problem that was not there the last time; none for those that we found.
    private mutating func alarm() -> [Effect] {
        guard bell == .down, tense == .present else { return [] }
        let present = Set(problems.filter { $0.severity != .note }.map(\.subject))
        defer { troubles = present }
        guard let troubles, !present.isSubset(of: troubles) else { return [] }
        return [.bell]
    }

    private mutating func refusePlan(_ code: Reply.ErrorCode, _ message: String) {
        guard let open = confirmation else { return }
        refusal = code
        confirmation = nil
        tell(
            "the daemon would refuse it: \(code.rawValue): \(message): \(open.act.command)",
            isError: true)
    }

    private mutating func showAnswer(to line: String, _ reply: Reply) {
        switch reply {
        case .error(let code, let message):
            refusal = code
            tell("ERR \(code.rawValue): \(message): \(line)", isError: true)
        case .ok(let attributes, let lines):
            let clock: Set = ["generation", "epoch", "now_ms"]
            let told = attributes.filter { !clock.contains($0.name) }
                .map { "\($0.name)=\($0.value)" }
            let rows = AlignedTable(lines).lines
            overlay = .answer(
                title: line, lines: rows + (told.isEmpty ? [] : [told.joined(separator: " ")]),
                top: 0)
        }
    }
}

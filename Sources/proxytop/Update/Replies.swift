internal import Shared

// Each reply goes to the part of the model that asked: one function for each kind of question.
extension Model {
    mutating func handle(_ reply: Reply) -> [Effect] {
        guard let pending = connection.link.answered(at: now.milliseconds) else {
            return [.disconnect] + lost("the daemon answered without a question")
        }
        let elapsed = now.elapsed(since: pending.sentAt)
        switch pending.question {
        case .act: return finishCommand(reply, elapsed)
        case .asked: connection.answer = reply
        case .typed(let line): showAnswer(to: line, reply)
        case .hello, .describe, .keys: return handleGreeting(pending.question, reply)
        case .plan(let id, _), .planBegin(let id), .planStep(let id):
            return handlePlan(pending.question, reply, id: id)
        case .channels, .groups, .listeners:
            return handleSnapshotPart(pending.question, reply, elapsed)
        case .events, .past, .trend, .why, .sidePanelWhy: handleHistory(pending.question, reply)
        case .sessions, .search, .nearby, .lingering:
            handleSessions(pending.question, reply, elapsed)
        case .detail, .presence, .load, .intend: handleDetails(pending.question, reply)
        }
        return []
    }

    /// What the daemon is and what it can do.
    private mutating func handleGreeting(_ question: Link.Question, _ reply: Reply) -> [Effect] {
        switch (question, reply) {
        case (.hello, .ok(let attributes, _)): return welcome(attributes)
        case (.describe, .ok(_, let lines)):
            connection.catalog = Table(lines: lines).map(CommandCatalog.init) ?? CommandCatalog()
            guard connection.catalog.has("describe keys"), !preferences.countsAllFailures else {
                return []
            }
            connection.link.ask(.keys, at: now.milliseconds)
            return [.send([Request(words: ["describe", "keys"])])]
        case (.keys, .ok(_, let lines)):
            if let table = Table(lines: lines) { connection.catalog.receive(keys: table) }
            return []
        // A daemon that cannot describe itself is taken for one that can do what the first could.
        case (.describe, .error), (.keys, .error): return []
        case (_, .error(.forbidden, let message)):
            return [.quit(.notPermitted, message: "the daemon refuses us: \(message)")]
        case (_, .error(let code, let message)): return failed(code, message)
        case (_, .ok): return []
        }
    }

    /// A third of a snapshot; with the listeners it is whole.
    private mutating func handleSnapshotPart(
        _ question: Link.Question, _ reply: Reply, _ elapsed: UInt64
    ) -> [Effect] {
        switch (question, reply) {
        case (_, .error(let code, let message)): return failed(code, message)
        case (.channels, .ok(let attributes, let lines)):
            connection.round.channels = Table(lines: lines).map(ChannelSnapshot.all) ?? []
            // The oldest of the three answers, so that a change between them is noticed by the daemon.
            connection.round.generation = attributes["generation"].flatMap { UInt64($0) } ?? 0
            connection.round.epoch =
                attributes["epoch"].flatMap { UInt64($0) } ?? connection.hello?.epoch ?? 0
            connection.round.nowMilliseconds =
                attributes["now_ms"].flatMap { UInt64($0) } ?? now.milliseconds
        case (.groups, .ok(_, let lines)):
            connection.round.groups = Table(lines: lines).map(GroupSnapshot.all) ?? []
        case (_, .ok(_, let lines)):
            connection.link.answerMilliseconds = elapsed
            complete(Table(lines: lines).map(ListenerSnapshot.all) ?? [])
            return alarm() + (snapshot.map { runScheduledActions($0) } ?? [])
        }
        return []
    }

    /// Without these answers there is no screen.
    private mutating func failed(_ code: Reply.ErrorCode, _ message: String) -> [Effect] {
        [.disconnect] + lost("the daemon says \(code.rawValue): \(message)")
    }

    /// A step of the plan for an open preview.
    private mutating func handlePlan(
        _ question: Link.Question, _ reply: Reply, id: Int
    ) -> [Effect] {
        switch (question, reply) {
        case (_, .error(let code, let message)):
            if actions.confirmation?.id == id { refusePlan(code, message) }
        case (.plan(_, let isLast), .ok(let attributes, let lines)):
            guard let snapshot, actions.confirmation?.id == id else { break }
            let wasReady = actions.confirmation?.isReady ?? true
            actions.confirmation?.receive(attributes, lines, isLast: isLast, in: snapshot)
            if !wasReady, actions.confirmation?.isReady == true {
                actions.confirmation?.becomeAnswerable(isSlow: connection.link.slowness != nil)
            }
        case (.planBegin, .ok): return continuePlan(id: id)
        default: break
        }
        return []
    }

    /// Events, and samples of the past.
    private mutating func handleHistory(_ question: Link.Question, _ reply: Reply) {
        func samples(_ lines: [String]) -> [HistorySample] {
            Table(lines: lines).map(HistorySample.all) ?? []
        }
        switch (question, reply) {
        case (.events, .error(_, let message)): data.log.fail(message)
        case (.events, .ok(let attributes, let lines)): handleEvents(lines, attributes)
        case (.past(let isLast), .error): if isLast { data.rates.join() }
        case (.past(let isLast), .ok(_, let lines)):
            data.rates.recall(samples(lines))
            if isLast { data.rates.join() }
        case (.trend(let serial), .ok(_, let lines)):
            data.history.recall(samples(lines), of: serial)
        case (.sidePanelWhy(let subject), .error):
            if data.sidePanel.why?.subject == subject { data.sidePanel.why?.samples = [] }
        case (.sidePanelWhy(let subject), .ok(_, let lines)):
            guard data.sidePanel.why?.subject == subject else { break }
            data.sidePanel.why?.samples = samples(lines)
        case (.why(let subject), .error(_, let message)):
            if data.why?.subject == subject { data.why?.fault = message }
        case (.why(let subject), .ok(_, let lines)):
            guard data.why?.subject == subject else { break }
            data.why?.samples = samples(lines)
        default: break
        }
    }

    /// Rows of connections: the list, a search in it, and those beside the channels.
    private mutating func handleSessions(
        _ question: Link.Question, _ reply: Reply, _ elapsed: UInt64
    ) {
        // What was asked before it has its own part of the time.
        let own = elapsed - min(elapsed, connection.link.answerMilliseconds ?? 0)
        switch (question, reply) {
        case (.sessions, .error(_, let message)):
            data.window.fail(message)
            settle()
        case (.sessions(let first), .ok(let attributes, let lines)):
            data.window.rest(
                after: own, at: now.milliseconds, interval: connection.intervalMilliseconds)
            handleWindow(lines, attributes, first: first)
        case (.search(let id), .error(_, let message)):
            guard data.search?.id == id else { break }
            data.search = nil
            notify("the daemon says: \(message)", isError: true)
        case (.search(let id), .ok(let attributes, let lines)):
            guard data.search?.id == id else { break }
            let matched = attributes["matched"].flatMap { UInt64($0) } ?? 0
            handleSearch(lines, Int(min(matched, Bounds.sessions)), after: elapsed)
        case (.lingering(let serial), .ok(let attributes, let lines)):
            let found = Table(lines: lines).map(SessionSnapshot.all) ?? []
            let matched = attributes["matched"].flatMap { UInt64($0) }
            data.sidePanel.receive(lingering: found, matched: matched, of: serial)
        case (.nearby(let paths), .ok(let attributes, let lines)):
            data.sidePanel.rest(after: own, at: now.milliseconds)
            if !time.isFrozen { data.sidePanel.receive(attributes, lines, of: paths) }
        default: break
        }
    }

    /// The thing that is looked at closely, who else is there, and the daemon's load.
    private mutating func handleDetails(_ question: Link.Question, _ reply: Reply) {
        switch (question, reply) {
        case (.detail(let subject), .error(let code, let message)):
            if data.detail?.subject == subject { data.detail?.fail(code, message) }
        case (.detail(let subject), .ok(_, let lines)):
            if data.detail?.subject == subject, !time.isFrozen {
                data.detail?.receive(Table(lines: lines))
            }
        case (.presence, .ok(_, let lines)):
            data.presence.receive(Table(lines: lines).map(PresenceSnapshot.all) ?? [])
        case (.load, .ok(let attributes, let lines)):
            let at = attributes["now_ms"].flatMap { UInt64($0) } ?? now.milliseconds
            data.load.receive(Table(lines: lines), at: at)
        default: break
        }
    }
}

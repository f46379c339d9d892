internal import Shared

// What the model says to the daemon and what it makes of the answers.
extension Model {
    mutating func greet() -> [Effect] {
        link.phase = .greeting
        link.pending.removeAll()
        round = Round()
        link.ask(.hello, at: now.milliseconds)
        return [.send([Request(words: ["hello"])])]
    }

    mutating func lost(_ reason: String) -> [Effect] {
        let wasThere = link.isLive
        link.lose(reason, at: now.milliseconds)
        round = Round()
        if confirmation != nil {
            confirmation = nil
            tell("the link was lost; nothing was sent", isError: true)
        }
        return wasThere ? [.bell] : []
    }

    mutating func tick() -> [Effect] {
        let time = now.milliseconds
        if case .lost = link.phase {
            return time >= link.nextTryAt ? [.connect] : []
        }
        if link.waiting(at: time) >= Link.deadlineMilliseconds {
            return [.disconnect]
                + lost("no answer for \(Age(milliseconds: link.waiting(at: time)))")
        }
        guard link.isLive, link.pending.isEmpty, time >= link.nextPollAt else { return [] }
        return poll()
    }

    /// One round of questions, pipelined.
    mutating func poll() -> [Effect] {
        link.nextPollAt = now.milliseconds + intervalMilliseconds
        round = Round()
        var requests: [Request] = []
        for (question, name) in [
            (Link.Question.channels, "channels"), (.groups, "groups"), (.listeners, "listeners"),
        ] {
            link.ask(question, at: now.milliseconds)
            requests.append(Request(words: ["show", name]))
        }
        return [.send(requests)]
    }

    mutating func receive(_ reply: Reply) -> [Effect] {
        guard let pending = link.answered(at: now.milliseconds) else {
            return [.disconnect] + lost("the daemon answers what nobody asked")
        }
        let elapsed = now.elapsed(since: pending.sentAt)
        switch (pending.question, reply) {
        case (.act(let act), _): return conclude(act, reply, elapsed)
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
        }
        return []
    }

    private mutating func welcome(_ attributes: [Reply.Attribute]) -> [Effect] {
        guard let greeting = Greeting(attributes) else {
            return [.disconnect] + lost("the answer to hello names no protocol")
        }
        guard greeting.protocolVersion == Greeting.spokenProtocol else {
            let text =
                "the daemon speaks protocol \(greeting.protocolVersion), "
                + "this proxytop \(Greeting.spokenProtocol); use the one that came with it"
            return [.quit(.wrongProtocol, message: text)]
        }
        if self.greeting != nil, self.greeting?.epoch == greeting.epoch {
            tell("the link is back")
        }
        self.greeting = greeting
        link.phase = .live
        link.tries = 0
        return poll()
    }

    private mutating func complete(_ listeners: [ListenerSnapshot]) {
        guard !isFrozen, let channels = round.channels, let groups = round.groups else { return }
        let fresh = Picture(
            epoch: round.epoch, generation: round.generation,
            nowMilliseconds: round.nowMilliseconds, channels: channels, groups: groups,
            listeners: listeners)
        if history.add(fresh) {
            tell("daemon restarted \(uptimeText): counters and rates begin anew")
            quietSince = nil
        }
        picture = fresh
        pictureAt = now
        noteQuiet(fresh)
        settle()
        guard confirmation?.recompute(in: fresh) == false else { return }
        confirmation = nil
        tell(
            "what you were about to switch is gone or has changed; nothing was sent", isError: true)
    }

    /// At the first look a channel may have been anything before its present state; later we know better.
    private mutating func noteQuiet(_ picture: Picture) {
        let isQuiet = Problem.all(in: picture, history).allSatisfy { $0.severity == .note }
        guard isQuiet else {
            quietSince = nil
            return
        }
        guard quietSince == nil else { return }
        let lasting = picture.channels.map(\.sinceMilliseconds).min() ?? 0
        quietSince = picture.nowMilliseconds - min(lasting, picture.nowMilliseconds)
    }

    private var uptimeText: String {
        guard let greeting else { return "" }
        return "\(greeting.uptime(at: greeting.nowMilliseconds)) ago"
    }

    /// What the daemon made of an act.
    private mutating func conclude(_ act: Act, _ reply: Reply, _ elapsed: UInt64) -> [Effect] {
        switch reply {
        case .error(.conflict, let message):
            tell(
                "ERR conflict: \(message); nothing was changed, look again: \(act.command)",
                isError: true)
        case .error(let code, let message):
            tell("ERR \(code.rawValue): \(message): \(act.command)", isError: true)
        case .ok(let attributes, let lines):
            tell("ok \(elapsed)ms: \(outcome(attributes, lines)): \(act.command)")
        }
        guard link.isLive, link.pending.isEmpty else { return [] }
        return poll()
    }

    /// `0/2 state up -> off, cut 400` from the table of changes.
    private func outcome(_ attributes: [Reply.Attribute], _ lines: [String]) -> String {
        var parts: [String] = []
        if let table = Table(lines: lines), let first = table.rows.first {
            let fields = Fields(columns: table.columns, values: first)
            let change = ["path", "field", "from"].map { fields.text($0) ?? "-" }
            parts.append("\(change.joined(separator: " ")) -> \(fields.text("to") ?? "-")")
            if table.rows.count > 1 { parts.append("\(table.rows.count - 1) more") }
        } else {
            parts.append("nothing to change")
        }
        if let cut = attributes["cut"], cut != "0" { parts.append("cut \(cut)") }
        return parts.joined(separator: ", ")
    }
}

internal import Shared

// Sending the commands of an act one after the other, and what came of them.
extension Model {
    /// Sends the first command; the others follow when it is answered.
    mutating func start(_ act: Act) -> [Effect] {
        guard actions.batch == nil else {
            notify("the last command has not been answered yet", isError: true)
            return []
        }
        let commands = act.commands
        guard !commands.isEmpty else { return [] }
        actions.batch = Batch(act: act, rest: commands, total: commands.count)
        return beginBatch()
    }

    /// Sends the first command of an act. While the daemon plans, a transaction may be open on our connection: a
    /// command would be put into it and dropped with it, so it waits for the end of that.
    mutating func beginBatch() -> [Effect] {
        guard var running = actions.batch, !running.hasBegun, !connection.link.isPlanning else {
            return []
        }
        let first = running.rest.removeFirst()
        running.hasBegun = true
        actions.batch = running
        return send(first, generation: running.act.generation, of: running.act)
    }

    private mutating func send(
        _ words: [String], generation: UInt64, of act: Act
    ) -> [Effect] {
        let request = act.request(words, generation: generation)
        connection.link.ask(.act, at: now.milliseconds)
        notify("sent: \(request.text)")
        actions.lastCommand = request.text
        return [.send([request])]
    }

    /// What the daemon made of a command. The next of several goes on from the state that this one left.
    mutating func finishCommand(_ reply: Reply, _ elapsed: UInt64) -> [Effect] {
        guard var running = actions.batch else { return [] }
        let done = running.outcomes.count
        switch reply {
        case .error(let code, let message):
            actions.batch = nil
            actions.refusal = code
            promiseAgain(running.act)
            let look = code == .conflict ? "; nothing was changed, look again" : ""
            let before = done > 0 ? " (\(done) of \(running.total) done before)" : ""
            remember(running)
            let occasion = running.act.occasion.map { "\($0): " } ?? ""
            notify(
                "\(occasion)ERR \(code.rawValue): \(message)\(look)\(before): "
                    + running.act.commands[min(done, running.total - 1)].joined(separator: " "),
                isError: true)
        case .ok(let attributes, let lines):
            running.outcomes.append(outcome(attributes, lines))
            running.changes += changes(lines)
            running.cut += min(attributes["cut"].flatMap { UInt64($0) } ?? 0, Bounds.sessions)
            guard running.rest.isEmpty else {
                let next = running.rest.removeFirst()
                actions.batch = running
                let generation = attributes["generation"].flatMap { UInt64($0) }
                return send(
                    next, generation: generation ?? running.act.generation, of: running.act)
            }
            actions.batch = nil
            remember(running)
            let left = keepPromises(of: running.act)
            let more =
                left > 0
                ? "\(left) stay drained, at most \(ScheduledActions.most) wait to be off; " : ""
            let occasion = running.act.occasion.map { "\($0): " } ?? ""
            notify(
                "\(occasion)\(more)ok \(elapsed)ms: \(summary(running)): \(running.act.command)",
                isError: left > 0)
        }
        selection.marks = selection.marks.filter { mark in
            !running.act.targets.contains { $0.subject == mark }
        }
        guard connection.link.isLive, connection.link.pending.isEmpty else {
            hurry()
            return []
        }
        return poll()
    }

    /// What was to be switched off and was not is waited for again.
    mutating func promiseAgain(_ act: Act) {
        if act.occasion != nil { actions.scheduled.putBack(at: now.milliseconds) }
    }

    /// What follows a drain, as its preview said; and what was followed up is done. Answers for how many channels
    /// nothing follows, as too many wait already.
    private mutating func keepPromises(of act: Act) -> Int {
        if act.occasion != nil { actions.scheduled.finish() }
        guard act.verb == .drain, let snapshot else { return 0 }
        let serials = Set(act.targets.flatMap(\.serials))
        guard act.endsOff else {
            actions.scheduled.remove(serials)
            return 0
        }
        return actions.scheduled.add(
            snapshot.channels.filter { serials.contains($0.serial) }, dueAt: act.endsAt)
    }

    private func summary(_ batch: Batch) -> String {
        guard batch.total > 1 else { return batch.outcomes.first ?? "" }
        let cut = batch.cut > 0 ? ", cut \(batch.cut)" : ""
        return "\(batch.total) commands, \(batch.changes.count) changes\(cut)"
    }

    private mutating func remember(_ batch: Batch) {
        if case .undo = batch.act.verb { return actions.undo.removeLast() }
        actions.undo.add(batch.act.brief, batch.changes, at: now.milliseconds)
    }

    private func changes(_ lines: [String]) -> [UndoList.Change] {
        guard let table = Table(lines: lines), table.index(of: "field") != nil else { return [] }
        return table.rows.compactMap { row in
            let fields = Fields(columns: table.columns, values: row)
            guard let path = fields.text("path"), let field = fields.text("field") else {
                return nil
            }
            return UndoList.Change(
                path: path, field: field, from: fields.text("from") ?? Table.absent,
                to: fields.text("to") ?? Table.absent,
                serial: snapshot?.channels.first { $0.path == path }?.serial)
        }
    }

    /// `0/2 state up -> off, cut 400` from the table of changes.
    private func outcome(_ attributes: [Reply.Attribute], _ lines: [String]) -> String {
        var parts: [String] = []
        let changes = changes(lines)
        if let first = changes.first {
            parts.append("\(first.path) \(first.field) \(first.from) -> \(first.to)")
            if changes.count > 1 { parts.append("\(changes.count - 1) more") }
        }
        if let cut = attributes["cut"], cut != "0" { parts.append("cut \(cut)") }
        if parts.isEmpty { parts.append("nothing to change") }
        return parts.joined(separator: ", ")
    }
}

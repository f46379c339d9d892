internal import Shared

// From a key that changes the proxy to the requests that do it.
extension Model {
    mutating func begin(_ command: Binding.Command) -> [Effect] {
        if let obstacle {
            notify(obstacle, isError: true)
            return []
        }
        if command == .killLast { return cutLast() }
        guard let targets = targets(for: command) else { return [] }
        switch command {
        case .weight, .maxc:
            openValue(command, targets)
            return []
        case .enable: return begin(.enable, targets)
        case .drain: return begin(.drain, targets)
        case .cut: return begin(.cut, targets)
        case .clear: return clear(targets)
        case .kill: return begin(.kill, targets)
        default: return begin(.reset, targets)
        }
    }

    private mutating func targets(for command: Binding.Command) -> [Act.Target]? {
        guard let snapshot, !subjects(for: command).isEmpty else {
            notify("nothing is under the cursor", isError: true)
            return nil
        }
        let targets = subjects(for: command).compactMap {
            Act.Target($0, in: snapshot, data.window)
        }
        guard !targets.isEmpty else {
            notify("nothing here can be switched; go to a channel", isError: true)
            return nil
        }
        for target in targets {
            if let objection = objection(to: command, target) {
                notify(objection, isError: true)
                return nil
            }
        }
        return targets
    }

    /// Of a drain the one connection that may never end; the others go by themselves.
    private mutating func cutLast() -> [Effect] {
        guard let snapshot, let session = lastOfDrain,
            var target = Act.Target(.session(id: session.id), in: snapshot, data.window)
        else {
            notify(objection(to: .killLast) ?? "", isError: true)
            return []
        }
        let client = preferences.hidesClients ? Privacy.hide(session.client) : session.client
        target.name = "\(session.id) \(client)"
        return open(Act(verb: .kill, targets: [target], generation: snapshot.generation))
    }

    /// A waits-for-a-person is cleared for those channels only that do.
    private mutating func clear(_ targets: [Act.Target]) -> [Effect] {
        let serials = targets.reduce(into: Set<UInt64>()) { $0.formUnion($1.serials) }
        let waiting = (snapshot?.channels ?? []).filter {
            serials.contains($0.serial) && $0.state == .auto
        }
        guard let snapshot, !waiting.isEmpty else {
            notify(
                "nothing there was switched off by autodisable (E enables the rest)", isError: true)
            return []
        }
        let cleared = waiting.compactMap {
            Act.Target(.channel(serial: $0.serial), in: snapshot)
        }
        return start(Act(verb: .clear, targets: cleared, generation: snapshot.generation))
    }

    private mutating func begin(_ verb: Act.Verb, _ targets: [Act.Target]) -> [Effect] {
        guard let snapshot else { return [] }
        let act = Act(verb: verb, targets: targets, generation: snapshot.generation)
        if verb == .enable {
            if let objection = objection(to: act) {
                notify(objection, isError: true)
                return []
            }
            return start(act)
        }
        return open(act)
    }

    private func objection(to act: Act) -> String? {
        for words in act.commands {
            if let text = connection.catalog.objection(
                to: words, role: connection.hello?.role ?? "")
            {
                return text
            }
            if !connection.catalog.entries.isEmpty, connection.catalog.entry(for: words) == nil {
                return "this daemon has no “\(words[0])”"
            }
        }
        return nil
    }

    /// Opens the preview.
    mutating func open(_ act: Act) -> [Effect] {
        if let objection = objection(to: act) {
            notify(objection, isError: true)
            return []
        }
        guard arrangement.kind == .table, size.rows >= 10 else {
            notify("the window is too small for the preview", isError: true)
            return []
        }
        actions.confirmations += 1
        actions.confirmation = Confirmation(
            act, id: actions.confirmations, host: connection.hello?.host ?? "?",
            isBlind: !connection.catalog.has("plan"))
        if actions.confirmation?.isReady == true {
            actions.confirmation?.becomeAnswerable(isSlow: connection.link.slowness != nil)
        }
        let serials = Set(act.targets.flatMap(\.serials))
        if act.verb == .drain, let action = actions.scheduled.common(serials) {
            actions.confirmation?.adopt(action)
        }
        let requests = askPlan()
        return requests.isEmpty ? [] : [.send(requests)]
    }

    /// The new weight or limit is in the prompt. Raising within twice is done at once.
    mutating func submit(_ verb: Act.Verb) -> [Effect] {
        let command: Binding.Command = if case .weight = verb { .weight } else { .maxc }
        guard let snapshot, let targets = targets(for: command) else { return [] }
        let act = Act(verb: verb, targets: targets, generation: snapshot.generation)
        if let objection = objection(to: act) {
            notify(objection, isError: true)
            return []
        }
        let channels = targets.flatMap(\.serials).compactMap { snapshot.channel(serial: $0) }
        let isHarmless = channels.allSatisfy { channel in
            switch verb {
            case .weight(let new):
                channel.weight > 0 && Self.isWithinTwice(new, of: channel.weight)
            case .maxc(let new?): channel.maxc.map { Self.isWithinTwice(new, of: $0) } ?? false
            default: false
            }
        }
        return isHarmless ? start(act) : open(act)
    }

    /// F7 and F8: a tenth of the weight less or more, and at least one.
    mutating func weigh(_ command: Binding.Command) -> [Effect] {
        if let obstacle {
            notify(obstacle, isError: true)
            return []
        }
        guard let targets = targets(for: command) else { return [] }
        let weights = Set(
            targets.flatMap(\.serials).compactMap { snapshot?.channel(serial: $0)?.weight })
        guard let weight = weights.first, weights.count == 1 else {
            notify("their weights differ; W gives all of them one", isError: true)
            return []
        }
        let step = max(1, weight / 10)
        return submit(
            .weight(command == .heavier ? weight + step : weight - min(weight, step)))
    }

    /// u: shows what would take the last change back.
    mutating func beginUndo() -> [Effect] {
        if let obstacle {
            notify(obstacle, isError: true)
            return []
        }
        guard let entry = actions.undo.last, let snapshot else {
            notify("nothing to undo: this screen has changed nothing that can be")
            return []
        }
        for change in entry.changes {
            if let objection = UndoList.objection(to: change, in: snapshot) {
                notify("not undone: \(objection): \(entry.command)", isError: true)
                actions.undo.removeLast()
                return []
            }
        }
        let commands = entry.changes.reversed().compactMap(UndoList.command)
        return open(
            Act(verb: .undo(commands), targets: [], generation: snapshot.generation))
    }

    /// As much or more, and not more than twice as much.
    private static func isWithinTwice(_ new: UInt64, of old: UInt64) -> Bool {
        new >= old && new - old <= old
    }
}

internal import Shared

// What a typed line means: a word of the screen, a question to the daemon, or a change.
extension Model {
    mutating func runLine(_ line: String) -> [Effect] {
        let words: [String]
        do throws(Request.ParseError) {
            words = try Request(line: Array(line.utf8)).words
        } catch {
            return mend(line, "\(error)")
        }
        guard let first = words.first else { return [] }
        actions.pastLines.removeAll { $0 == line }
        actions.pastLines.append(line)
        if actions.pastLines.count > Self.mostRemembered { actions.pastLines.removeFirst() }
        let rest = Array(words.dropFirst())
        switch first {
        case "quit", "q": return remembered(line) + quit()
        case "help" where rest.isEmpty: navigation.overlay = .help(Choice(1))
        case "view": return view(rest.first, line)
        case "forget":
            guard let name = rest.first else { return mend(line, "forget NAME drops a view") }
            return remembered(line) + forgetView(name)
        case "filter":
            apply(filter: String(line.drop { $0 == " " }.dropFirst(7)), to: navigation.page)
        case "note":
            guard !rest.isEmpty else { return mend(line, "note TEXT goes into the handover") }
            actions.notes.append(Note(at: now, text: rest.joined(separator: " ")))
            if actions.notes.count > Self.mostRemembered { actions.notes.removeFirst() }
            notify("noted; :write FILE.md writes the handover")
        case "replay":
            return mend(line, "a recording has a screen of its own: proxytop --replay FILE")
        case "write": return remembered(line) + write(rest, line)
        case "sort": return remembered(line) + sort(by: rest.first, line)
        case "interval":
            guard let age = rest.first.flatMap({ Age($0) }),
                (250...60_000).contains(age.milliseconds)
            else { return mend(line, "interval 0.25 to 60 seconds") }
            connection.intervalMilliseconds = age.milliseconds
            hurry()
        default: return remembered(line) + command(first == "raw" ? rest : words, line)
        }
        return remembered(line)
    }

    /// For the history; a line with an address not while those are hidden.
    private func remembered(_ line: String) -> [Effect] {
        preferences.hidesClients && Privacy.hasAddress(line) ? [] : [.remember(line)]
    }

    private mutating func mend(_ line: String, _ text: String) -> [Effect] {
        actions.prompt = Prompt(.command, text: line)
        actions.prompt?.remark = text
        return []
    }

    /// One of the screen's own views, one that was kept, or the list of those.
    private mutating func view(_ name: String?, _ line: String) -> [Effect] {
        guard let name else {
            navigation.overlay = .views(Choice())
            return remembered(line)
        }
        if let page = Page(named: name) {
            show(page)
        } else if let view = preferences.savedViews.first(where: { $0.name == name }) {
            restore(view)
        } else {
            return mend(
                line, "view overview, channels, conns, events, detail, or one that s has kept")
        }
        return remembered(line)
    }

    /// By the name: a handover, the screen as it is, or the last quarter of an hour as a recording.
    private mutating func write(_ words: [String], _ line: String) -> [Effect] {
        let isRedacted = words.dropFirst() == ["redact"]
        guard let path = words.first, words.count == 1 || isRedacted else {
            return mend(
                line,
                "write FILE.ptrec [redact] keeps the last 15 minutes, FILE.md the handover, FILE.txt this view"
            )
        }
        if path.hasSuffix(".md") || path.hasSuffix(".txt") {
            var text =
                path.hasSuffix(".md")
                ? ShiftReport(self).text
                : render(.ascii).lines.map { $0.trimmingTrailingBlanks + "\n" }.joined()
            if isRedacted {
                var redaction = Redaction()
                for entry in time.replay.rounds.last?.entries ?? [] { redaction.learn(entry) }
                text = redaction.redacted(text)
            }
            return [.write(path: path, text: text)]
        }
        guard time.mode != .past else {
            return mend(line, "= goes back to now; then write keeps all that is recorded")
        }
        var text = Recording.firstLine + "\n"
        var redaction = Redaction()
        let entries = time.replay.recording(events: data.log.events)
        if isRedacted { for entry in entries { redaction.learn(entry) } }
        for entry in entries {
            text += Recording.text(of: isRedacted ? redaction.redacted(entry) : entry)
        }
        return [.write(path: path, text: text)]
    }

    private mutating func sort(by word: String?, _ line: String) -> [Effect] {
        let isDescending = word?.hasPrefix("-") ?? false
        let name = word.map { isDescending ? String($0.dropFirst()) : $0 } ?? ""
        if navigation.page == .channels {
            guard let field = ChannelOrder.Field(rawValue: name) else {
                let names = ChannelOrder.Field.allCases.map(\.rawValue).joined(separator: " ")
                return mend(line, "sort [-]FIELD orders the channels: \(names)")
            }
            selection.channelOrder = ChannelOrder(field)
            selection.channelOrder?.isDescending = isDescending
            reorder()
            return []
        }
        guard let field = SessionField(named: name) else {
            return mend(line, "sort [-]FIELD orders the connections; e.g. sort -idle")
        }
        data.window.order = SessionWindow.Order(field: field, isDescending: isDescending)
        requery()
        return []
    }

    /// A line for the daemon. What changes something goes the way of the keys.
    mutating func command(_ words: [String], _ line: String) -> [Effect] {
        let commands: [[String]]
        switch expand(words) {
        case .success(let expanded): commands = expanded
        case .failure(let mistake): return mend(line, mistake.message)
        }
        guard let first = commands.first, !first.isEmpty else { return [] }
        if ["watch", "events", "begin", "commit", "abort", "dump"].contains(first[0]) {
            return mend(line, "“\(first[0])” needs a connection of its own: use proxyd ctl for it")
        }
        guard let entry = connection.catalog.entry(for: first) else {
            guard connection.catalog.entries.isEmpty else {
                return mend(line, "this daemon has no command “\(first[0])”; Tab lists them")
            }
            return mend(line, "the daemon has not said what it can do yet")
        }
        guard entry.mutates else {
            if time.mode != .present {
                return mend(line, "the past cannot be changed: = goes back to now")
            }
            guard connection.link.isLive else { return mend(line, "the link is lost") }
            connection.link.ask(.typed(line), at: now.milliseconds)
            notify("sent: \(first.joined(separator: " "))")
            return [.send([Request(words: first)])]
        }
        if let obstacle {
            notify(obstacle, isError: true)
            return []
        }
        return open(
            Act(verb: .typed(commands), targets: [], generation: snapshot?.generation ?? 0))
    }

    private struct NotThere: Error { var message: String }

    /// `%` is what the cursor stands on, `%m` everything marked: a command for each.
    private func expand(_ words: [String]) -> Result<[[String]], NotThere> {
        func path(_ subject: Subject) -> String? {
            snapshot.flatMap { Act.Target(subject, in: $0, data.window)?.path }
        }
        var words = words
        if words.contains("%") {
            guard let here = subject.flatMap(path) else {
                return .failure(NotThere(message: "% stands for what is under the cursor: nothing"))
            }
            words = words.map { $0 == "%" ? here : $0 }
        }
        // As the screen calls it, where a path is due.
        if let entry = connection.catalog.entry(for: words) {
            let place = entry.verb.split(separator: " ").count
            let argument = entry.arguments.prefix { $0 != " " }
            if place < words.count, ["PATH", "GROUP"].contains(argument),
                let path = channelNames[words[place]]
            {
                words[place] = path
            }
        }
        guard words.contains("%m") else { return .success([words]) }
        let marked = selection.marks.sorted { "\($0)" < "\($1)" }.compactMap(path)
        guard !marked.isEmpty else {
            return .failure(NotThere(message: "%m stands for what is marked: nothing is"))
        }
        return .success(marked.map { path in words.map { $0 == "%m" ? path : $0 } })
    }
}

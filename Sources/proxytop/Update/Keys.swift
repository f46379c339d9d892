internal import Shared

// What keys do.
extension Model {
    mutating func press(_ key: Key) -> [Effect] {
        switch key {
        case .pasteBegins:
            actions.isPasting = true
            return []
        case .pasteEnds:
            actions.isPasting = false
            return []
        case .click(let row, let column):
            data.search = nil
            click(row: row, column: column)
            return []
        case .wheelUp, .wheelDown:
            data.search = nil
            if actions.confirmation == nil, actions.prompt == nil {
                turnWheel(key == .wheelUp ? .up : .down)
            }
            return []
        case .showsWholeFrames: return []
        default: break
        }
        if actions.confirmation != nil { return answer(key) }
        if actions.prompt != nil { return type(key) }
        if actions.isPasting {
            notify("pasted text is ignored here")
            return []
        }
        guard !isWrongWindow(key) else {
            notify("that looks typed into the wrong window: ignored", isError: true)
            return []
        }
        actions.notice = nil
        if endSearch(by: key) { return [] }
        if let effects = browse(key) { return effects }
        guard let command = preferences.keys.command(for: key, on: navigation.page) else {
            if key != .unknown { notify("\(key.name) does nothing here (? lists the keys)") }
            return []
        }
        return run(command)
    }

    private mutating func isWrongWindow(_ key: Key) -> Bool {
        // The line end of such a text opens nothing.
        if key == .enter { return actions.typingGuard.isBursting(at: now.milliseconds) }
        guard key.isPrintable else { return false }
        let command = preferences.keys.command(for: key, on: navigation.page)
        let isMove = preferences.keys.bindings.contains {
            $0.command == command && $0.section == .move
        }
        return actions.typingGuard.isBurst(at: now.milliseconds, isHarmless: isMove)
    }

    mutating func run(_ command: Binding.Command) -> [Effect] {
        if command != .interrupt { actions.interruptedAt = nil }
        switch command {
        case .back: return back()
        case .close:
            if navigation.overlay != nil {
                navigation.overlay = nil
            } else if !goBack(), connection.isMember {
                return [.leave]
            }
        case .quit: return quit()
        case .interrupt: return interrupt()
        case .suspend: return [.suspend]
        case .redraw: return [.repaint]
        case .refresh: return time.mode == .present ? refresh() : []
        case .enable, .drain, .cut, .clear, .weight, .maxc, .kill, .killLast, .reset:
            return navigation.overlay == nil ? begin(command) : []
        case .lighter, .heavier: return navigation.overlay == nil ? weigh(command) : []
        case .undo: return navigation.overlay == nil ? beginUndo() : []
        case .expand:
            if let effects = openWhole() { return effects }
            navigation.isTableAlone.toggle()
            settle()
        case .why: return askWhy()
        case .copyName, .copyCommand: return copy(command)
        default: changeView(command)
        }
        return []
    }

    /// The commands that change what is on the screen, and nothing else.
    private mutating func changeView(_ command: Binding.Command) {
        switch command {
        case .help:
            if case .help = navigation.overlay {
                navigation.overlay = nil
            } else {
                navigation.overlay = .help(Choice(1))
            }
        case .previous:
            navigation.overlay = nil
            if !goBack() { notify("there was no view before this one") }
        case .earlier, .later, .muchEarlier, .muchLater: travel(command)
        case .live: returnToPresent()
        case .freeze:
            time.isFrozen.toggle()
            notify(time.isFrozen ? "frozen: the numbers stand still until f" : "live again")
        case .bits: preferences.showsBits.toggle()
        case .foldHeader:
            navigation.isHeaderFolded.toggle()
            settle()
        case .slower: step(by: 1)
        case .faster: step(by: -1)
        case .show(let page): show(page)
        case .nextPane: turn(by: 1)
        case .paneBefore: turn(by: -1)
        case .open:
            if navigation.overlay == nil, !openFromPane(), !showQuiet() { openDetail() }
        case .privacy:
            preferences.hidesClients.toggle()
            notify(
                preferences.hidesClients
                    ? "clients' addresses are hidden" : "clients' addresses are shown")
        case .clock: preferences.showsClock.toggle()
        default: openOrMove(command)
        }
    }

    /// Menus, prompts, marks, the order of rows, and moving.
    private mutating func openOrMove(_ command: Binding.Command) {
        switch command {
        case .menu: navigation.overlay = .menu(Choice())
        case .columns: navigation.overlay = .columns(Choice())
        case .sorting: openSortMenu()
        case .flat: toggleFlat()
        case .rehearse: rehearse()
        case .undoList: navigation.overlay = .undo(top: 0)
        case .saveView: openPrompt(.saveView)
        case .ofChannel: showConnectionsOfChannel()
        case .mark, .markAll, .markRange, .unmark: mark(command)
        case .filter: openPrompt(.filter(navigation.page))
        case .find: openPrompt(.find(navigation.page))
        case .nextMatch, .matchBefore: goToMatch(command == .nextMatch ? 1 : -1)
        case .command: openPrompt(.command)
        case .unfilter: apply(filter: "", to: navigation.page)
        case .stuck: toggleStuck()
        case .sortLeft, .sortRight, .invert: sort(command)
        default: move(command)
        }
    }

    private mutating func copy(_ command: Binding.Command) -> [Effect] {
        let text: String?
        if command == .copyName {
            text = subject.flatMap { subject in
                snapshot.flatMap { Act.Target(subject, in: $0, data.window)?.path }
            }
        } else {
            text = actions.lastCommand
        }
        guard let text else {
            notify(
                command == .copyName
                    ? "nothing with a name is under the cursor" : "nothing was sent yet")
            return []
        }
        notify("copied: \(text)")
        return [.copy(text)]
    }

    private mutating func back() -> [Effect] {
        if navigation.overlay != nil {
            navigation.overlay = nil
        } else if !goBack() {
            return connection.isMember ? [.leave] : quit()
        }
        return []
    }

    /// What this screen has promised to do goes with it, so it is asked once more.
    mutating func quit() -> [Effect] {
        if let text = actions.scheduled.text(snapshot) ?? actions.scheduledElsewhere,
            actions.quitAskedAt.map({ now.elapsed(since: $0) > Self.quitSpan }) ?? true
        {
            actions.quitAskedAt = now.milliseconds
            notify("once more to quit and leave it drained: \(text)", isError: true)
            return []
        }
        return [.quit(.good, message: nil)]
    }

    private mutating func interrupt() -> [Effect] {
        if let last = actions.interruptedAt, now.elapsed(since: last) <= Self.interruptSpan {
            return [.quit(.good, message: nil)]
        }
        actions.interruptedAt = now.milliseconds
        let promise = (actions.scheduled.text(snapshot) ?? actions.scheduledElsewhere).map {
            " and leave it drained: \($0)"
        }
        notify("Ctrl-C once more to quit\(promise ?? "")", isError: promise != nil)
        return []
    }

    private mutating func refresh() -> [Effect] {
        if case .lost = connection.link.phase { return [.connect] }
        guard connection.link.isLive, connection.link.pending.isEmpty else { return [] }
        return poll()
    }

    private mutating func step(by direction: Int) {
        if time.mode == .replay {
            // More often is faster here.
            let all = Playback.speeds
            time.replaySpeed =
                (direction < 0
                    ? all.first { $0 > time.replaySpeed } : all.last { $0 < time.replaySpeed })
                ?? time.replaySpeed
            return notify("\(NumberText.speed(time.replaySpeed)) times as fast as it was")
        }
        let all = Self.intervals
        let next =
            direction > 0
            ? all.first { $0 > connection.intervalMilliseconds }
            : all.last { $0 < connection.intervalMilliseconds }
        if let next {
            connection.intervalMilliseconds = next
            connection.link.nextPollAt = min(connection.link.nextPollAt, now.milliseconds + next)
        }
        notify("every \(NumberText.interval(connection.intervalMilliseconds))")
    }
}

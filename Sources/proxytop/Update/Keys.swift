internal import Shared

// What keys do.
extension Model {
    mutating func press(_ key: Key) -> [Effect] {
        switch key {
        case .pasteBegins:
            isPasting = true
            return []
        case .pasteEnds:
            isPasting = false
            return []
        case .click(let row, let column):
            search = nil
            click(row: row, column: column)
            return []
        case .wheelUp, .wheelDown:
            search = nil
            if confirmation == nil, prompt == nil { turnWheel(key == .wheelUp ? .up : .down) }
            return []
        case .showsWholeFrames: return []
        default: break
        }
        if confirmation != nil { return answer(key) }
        if prompt != nil { return type(key) }
        if isPasting {
            tell("pasted text is ignored here")
            return []
        }
        guard !isWrongWindow(key) else {
            tell("that looks typed into the wrong window: ignored", isError: true)
            return []
        }
        notice = nil
        if endSearch(by: key) { return [] }
        if let effects = browse(key) { return effects }
        guard let command = keys.command(for: key, on: page) else {
            if key != .unknown { tell("\(key.name) does nothing here (? lists the keys)") }
            return []
        }
        return run(command)
    }

    private mutating func isWrongWindow(_ key: Key) -> Bool {
        // The line end of such a text opens nothing.
        if key == .enter { return guardOfTyping.isBursting(at: now.milliseconds) }
        guard key.isPrintable else { return false }
        let command = keys.command(for: key, on: page)
        let isMove = keys.bindings.contains { $0.command == command && $0.section == .move }
        return guardOfTyping.isBurst(at: now.milliseconds, isHarmless: isMove)
    }

    mutating func run(_ command: Binding.Command) -> [Effect] {
        if command != .interrupt { interruptedAt = nil }
        switch command {
        case .help:
            if case .help = overlay { overlay = nil } else { overlay = .help(Choice(1)) }
        case .back: return back()
        case .close:
            if overlay != nil {
                overlay = nil
            } else if !goBack(), isMember {
                return [.leave]
            }
        case .previous:
            overlay = nil
            if !goBack() { tell("there was no view before this one") }
        case .quit: return quit()
        case .interrupt: return interrupt()
        case .suspend: return [.suspend]
        case .redraw: return [.repaint]
        case .refresh: return tense == .present ? refresh() : []
        case .enable, .drain, .cut, .clear, .weight, .maxc, .kill, .killLast, .reset:
            return overlay == nil ? begin(command) : []
        case .lighter, .heavier: return overlay == nil ? weigh(command) : []
        case .undo: return overlay == nil ? beginUndo() : []
        case .earlier, .later, .muchEarlier, .muchLater: travel(command)
        case .live: returnToPresent()
        case .freeze:
            isFrozen.toggle()
            tell(isFrozen ? "frozen: the numbers stand still until f" : "live again")
        case .bits: showsBits.toggle()
        case .foldHeader:
            isHeaderFolded.toggle()
            settle()
        case .expand:
            if let effects = openWhole() { return effects }
            isTableAlone.toggle()
            settle()
        case .slower: step(by: 1)
        case .faster: step(by: -1)
        case .show(let page): show(page)
        case .nextPane: turn(by: 1)
        case .paneBefore: turn(by: -1)
        case .open:
            if overlay == nil, !openFromPane(), !showQuiet() { openDetail() }
        case .why: return askWhy()
        case .menu: overlay = .menu(Choice())
        case .columns: overlay = .columns(Choice())
        case .sorting: openSortMenu()
        case .flat: toggleFlat()
        case .rehearse: rehearse()
        case .undoList: overlay = .undo(top: 0)
        case .privacy:
            hidesClients.toggle()
            tell(hidesClients ? "clients' addresses are hidden" : "clients' addresses are shown")
        case .clock: showsClock.toggle()
        case .copyName, .copyCommand: return copy(command)
        case .saveView: openPrompt(.saveView)
        case .ofChannel: showConnectionsOfChannel()
        case .mark, .markAll, .markRange, .unmark: mark(command)
        case .filter: openPrompt(.filter(page))
        case .find: openPrompt(.find(page))
        case .nextMatch, .matchBefore: goToMatch(command == .nextMatch ? 1 : -1)
        case .command: openPrompt(.command)
        case .unfilter: apply(filter: "", to: page)
        case .stuck: toggleStuck()
        case .sortLeft, .sortRight, .invert: sort(command)
        default: move(command)
        }
        return []
    }

    private mutating func copy(_ command: Binding.Command) -> [Effect] {
        let text: String?
        if command == .copyName {
            text = subject.flatMap { subject in
                picture.flatMap { Act.Target(subject, in: $0, window)?.path }
            }
        } else {
            text = lastCommand
        }
        guard let text else {
            tell(
                command == .copyName
                    ? "nothing with a name is under the cursor" : "nothing was sent yet")
            return []
        }
        tell("copied: \(text)")
        return [.copy(text)]
    }

    private mutating func back() -> [Effect] {
        if overlay != nil {
            overlay = nil
        } else if !goBack() {
            return isMember ? [.leave] : quit()
        }
        return []
    }

    /// What this screen has promised to do goes with it, so it is asked once more.
    mutating func quit() -> [Effect] {
        if let text = errands.text(picture) ?? promisesElsewhere,
            quitAskedAt.map({ now.elapsed(since: $0) > Self.quitSpan }) ?? true
        {
            quitAskedAt = now.milliseconds
            tell("once more to quit and leave it drained: \(text)", isError: true)
            return []
        }
        return [.quit(.good, message: nil)]
    }

    private mutating func interrupt() -> [Effect] {
        if let last = interruptedAt, now.elapsed(since: last) <= Self.interruptSpan {
            return [.quit(.good, message: nil)]
        }
        interruptedAt = now.milliseconds
        let promise = (errands.text(picture) ?? promisesElsewhere).map {
            " and leave it drained: \($0)"
        }
        tell("Ctrl-C once more to quit\(promise ?? "")", isError: promise != nil)
        return []
    }

    private mutating func refresh() -> [Effect] {
        if case .lost = link.phase { return [.connect] }
        guard link.isLive, link.pending.isEmpty else { return [] }
        return poll()
    }

    private mutating func step(by direction: Int) {
        if tense == .replay {
            // More often is faster here.
            let all = Playback.speeds
            replaySpeed =
                (direction < 0 ? all.first { $0 > replaySpeed } : all.last { $0 < replaySpeed })
                ?? replaySpeed
            return tell("\(NumberText.speed(replaySpeed)) times as fast as it was")
        }
        let all = Self.intervals
        let next =
            direction > 0
            ? all.first { $0 > intervalMilliseconds } : all.last { $0 < intervalMilliseconds }
        if let next {
            intervalMilliseconds = next
            link.nextPollAt = min(link.nextPollAt, now.milliseconds + next)
        }
        tell("every \(NumberText.interval(intervalMilliseconds))")
    }
}

internal import Shared

// What keys do.
extension Model {
    static let interruptSpan: UInt64 = 1500

    mutating func press(_ key: Key) -> [Effect] {
        switch key {
        case .pasteBegins:
            isPasting = true
            return []
        case .pasteEnds:
            isPasting = false
            return []
        case .click(let row, let column):
            click(row: row, column: column)
            return []
        case .wheelUp, .wheelDown:
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
        guard let command = keys.command(for: key, on: page) else {
            if Binding.missing.contains(key) {
                tell("\(key.name): not in this version (? lists the keys)")
            } else if key != .unknown {
                tell("\(key.name) does nothing here (? lists the keys)")
            }
            return []
        }
        return run(command)
    }

    private mutating func isWrongWindow(_ key: Key) -> Bool {
        guard key.isPrintable else { return false }
        let command = keys.command(for: key, on: page)
        let isMove = keys.bindings.contains { $0.command == command && $0.section == .move }
        return guardOfTyping.isBurst(at: now.milliseconds, isHarmless: isMove)
    }

    mutating func run(_ command: Binding.Command) -> [Effect] {
        if command != .interrupt { interruptedAt = nil }
        switch command {
        case .help:
            if case .help = overlay { overlay = nil } else { overlay = .help(top: 0) }
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
        case .quit: return [.quit(.good, message: nil)]
        case .interrupt: return interrupt()
        case .suspend: return [.suspend]
        case .redraw: return [.repaint]
        case .refresh: return tense == .present ? refresh() : []
        case .enable, .drain, .cut, .clear, .weight, .maxc, .kill, .reset:
            return overlay == nil ? begin(command) : []
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
            isTableAlone.toggle()
            settle()
        case .slower: step(by: 1)
        case .faster: step(by: -1)
        case .show(let page): show(page)
        case .nextPage: turnPage(by: 1)
        case .pageBefore: turnPage(by: -1)
        case .open:
            if case .menu(let chosen) = overlay { return choose(chosen) }
            if overlay == nil, !showQuiet() { openDetail() }
        case .why: return askWhy()
        case .menu: overlay = .menu(chosen: 0)
        case .undoList: overlay = .undo(top: 0)
        case .privacy:
            hidesClients.toggle()
            tell(hidesClients ? "clients' addresses are hidden" : "clients' addresses are shown")
        case .clock: showsClock.toggle()
        case .copyName, .copyCommand: return copy(command)
        // A prompt here would take what is typed into the wrong window for a name.
        case .saveView:
            tell(":write FILE.txt writes this view, FILE.md a handover, FILE.ptrec the past")
        case .ofChannel: showConnectionsOfChannel()
        case .mark, .markAll, .markRange, .unmark: mark(command)
        case .filter: openPrompt(.filter(page))
        case .command: openPrompt(.command)
        case .unfilter: apply(filter: "", to: page)
        case .stuck: toggleStuck()
        case .sortLeft, .sortRight, .invert: sort(command)
        default: move(command)
        }
        return []
    }

    /// The chosen line of the menu is done as if its key had been pressed.
    private mutating func choose(_ index: Int) -> [Effect] {
        let items = ActionMenu(self).items
        guard items.indices.contains(index) else { return [] }
        if let obstacle = items[index].obstacle {
            tell(obstacle, isError: true)
            return []
        }
        overlay = nil
        return run(items[index].binding)
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
            return isMember ? [.leave] : [.quit(.good, message: nil)]
        }
        return []
    }

    private mutating func interrupt() -> [Effect] {
        if let last = interruptedAt, now.elapsed(since: last) <= Self.interruptSpan {
            return [.quit(.good, message: nil)]
        }
        interruptedAt = now.milliseconds
        tell("Ctrl-C once more to quit")
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

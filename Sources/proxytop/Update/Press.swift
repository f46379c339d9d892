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
        default: break
        }
        if confirmation != nil { return answer(key) }
        if isPasting {
            tell("pasted text is ignored here")
            return []
        }
        guard !isWrongWindow(key) else {
            tell("that looks typed into the wrong window: ignored", isError: true)
            return []
        }
        notice = nil
        guard let command = Binding.command(for: key) else {
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
        let command = Binding.command(for: key)
        let isMove = Binding.all.contains { $0.command == command && $0.section == .move }
        return guardOfTyping.isBurst(at: now.milliseconds, isHarmless: isMove)
    }

    private mutating func run(_ command: Binding.Command) -> [Effect] {
        if command != .interrupt { interruptedAt = nil }
        switch command {
        case .help: page = page == .channels ? .help(top: 0) : .channels
        case .back:
            guard page == .channels else {
                page = .channels
                return []
            }
            return [.quit(.good, message: nil)]
        case .close: page = .channels
        case .quit: return [.quit(.good, message: nil)]
        case .interrupt: return interrupt()
        case .suspend: return [.suspend]
        case .redraw: return [.repaint]
        case .refresh: return refresh()
        case .enable, .drain, .cut: return begin(command)
        case .freeze:
            isFrozen.toggle()
            tell(isFrozen ? "frozen: the numbers stand still until f" : "live again")
        case .bits: showsBits.toggle()
        case .foldHeader:
            isHeaderFolded.toggle()
            settle()
        case .slower: step(by: 1)
        case .faster: step(by: -1)
        default: move(command)
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

    private mutating func move(_ command: Binding.Command) {
        if case .help(let top) = page {
            page = .help(top: HelpPage.top(after: command, from: top, size: size))
            return
        }
        let (rows, height) = (outline, arrangement.tableHeight)
        switch command {
        case .up: cursor.move(by: -1, in: rows, height: height)
        case .down: cursor.move(by: 1, in: rows, height: height)
        case .first: cursor.move(to: 0, in: rows, height: height)
        case .last: cursor.move(to: rows.rows.count - 1, in: rows, height: height)
        case .pageUp: cursor.move(by: -max(1, height - 1), in: rows, height: height)
        case .pageDown: cursor.move(by: max(1, height - 1), in: rows, height: height)
        case .halfUp: cursor.move(by: -max(1, height / 2), in: rows, height: height)
        case .halfDown: cursor.move(by: max(1, height / 2), in: rows, height: height)
        case .fold: fold()
        case .unfold: unfold()
        default: break
        }
    }

    private mutating func fold() {
        let rows = outline
        guard rows.rows.indices.contains(cursor.index) else { return }
        switch rows.rows[cursor.index] {
        case .service(let service, false): folded.insert(.service(service.name))
        case .group(let group, _, false): folded.insert(.group(serial: group.snapshot.serial))
        default:
            guard let heading = rows.heading(above: cursor.index) else { return }
            folded.insert(rows.rows[heading].subject)
            cursor.move(to: heading, in: rows, height: arrangement.tableHeight)
        }
        settle()
    }

    private mutating func unfold() {
        guard let subject = cursor.subject else { return }
        folded.remove(subject)
        settle()
    }
}

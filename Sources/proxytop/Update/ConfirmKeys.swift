internal import Shared

// Keys while a preview is open.
extension Model {
    /// A key while a preview is open.
    mutating func answer(_ key: Key) -> [Effect] {
        guard var open = actions.confirmation, !open.isTooSoon(at: now.milliseconds) else {
            return []
        }
        switch key {
        case .escape, .control("c"), .control("g"):
            cancel()
            return []
        case .control("z"): return [.suspend]
        case .control("l"): return [.repaint]
        default: break
        }
        guard open.isReady else {
            actions.confirmation?.warning = "The daemon has not answered yet."
            return []
        }
        // Tab is not part of any answer.
        if key == .tab, open.act.verb == .drain {
            actions.confirmation?.turnEnding()
            return []
        }
        if open.takesTime, open.editTime(key, at: now) {
            actions.confirmation = open
            return []
        }
        guard open.needsTyping else { return answerByLetter(key) }
        switch key {
        case .enter:
            if open.isAnswered { return confirm() }
            open.warning = "That is not it: type \(open.answers.joined(separator: " or "))."
            open.typed = ""
        case .backspace: open.typed = String(open.typed.dropLast())
        case .control("u"): open.typed = ""
        case .character(let scalar) where open.typed.count < Confirmation.longestAnswer:
            open.typed.unicodeScalars.append(scalar)
            open.warning = nil
        default: break
        }
        actions.confirmation = open
        return []
    }

    private mutating func answerByLetter(_ key: Key) -> [Effect] {
        guard !actions.isPasting else { return [] }
        switch key {
        case .character("y"): return confirm()
        case .character("n"), .character("q"): cancel()
        default: actions.confirmation?.warning = "\(key.name) does not answer this."
        }
        return []
    }

    private mutating func cancel() {
        actions.confirmation = nil
        notify("cancelled; nothing was sent")
    }

    mutating func confirm() -> [Effect] {
        guard var open = actions.confirmation else { return [] }
        guard !open.objectsToTime(), open.isTimely(at: now) else {
            actions.confirmation = open
            return []
        }
        actions.confirmation = nil
        if let obstacle {
            notify(obstacle, isError: true)
            return []
        }
        return start(open.act)
    }
}

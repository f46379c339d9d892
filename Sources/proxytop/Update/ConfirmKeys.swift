internal import Shared

// Keys while a preview is open.
extension Model {
    /// A key while a preview is open.
    mutating func answer(_ key: Key) -> [Effect] {
        guard var open = confirmation, !open.isTooSoon(at: now.milliseconds) else { return [] }
        switch key {
        case .escape, .control("c"), .control("g"):
            cancel()
            return []
        case .control("z"): return [.suspend]
        case .control("l"): return [.repaint]
        default: break
        }
        guard open.isReady else {
            confirmation?.warning = "The daemon has not answered yet."
            return []
        }
        // Tab is no part of any answer.
        if key == .tab, open.act.verb == .drain {
            confirmation?.turnEnding()
            return []
        }
        if open.takesTime, open.takeTime(key, at: now) {
            confirmation = open
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
        confirmation = open
        return []
    }

    private mutating func answerByLetter(_ key: Key) -> [Effect] {
        guard !isPasting else { return [] }
        switch key {
        case .character("y"): return confirm()
        case .character("n"), .character("q"): cancel()
        default: confirmation?.warning = "\(key.name) is no answer to this."
        }
        return []
    }

    private mutating func cancel() {
        confirmation = nil
        tell("cancelled; nothing was sent")
    }

    mutating func confirm() -> [Effect] {
        guard var open = confirmation else { return [] }
        guard !open.objectsToTime(), open.isTimely(at: now) else {
            confirmation = open
            return []
        }
        confirmation = nil
        if let obstacle {
            tell(obstacle, isError: true)
            return []
        }
        return start(open.act)
    }
}

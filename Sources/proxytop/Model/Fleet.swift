internal import Shared

/// Several daemons at once: which one is chosen, and whether one of them has the screen.
struct Fleet: Equatable, Sendable {
    enum Action: Equatable, Sendable {
        case none, quit, redraw, suspend
        /// Every daemon is asked, or tried again, now.
        case refresh
        /// This one gets the screen.
        case open(Int)
    }

    /// The line of the screen that shows the first daemon.
    static let firstRow = 2

    let count: Int
    private(set) var chosen = 0
    /// nil: the list of all.
    var open: Int?
    var isHelpShown = false
    /// What the operator should see before the program ends.
    private(set) var warning: String?
    private var interruptedAt: UInt64?
    private var quitAskedAt: UInt64?

    init(count: Int) { self.count = count }

    /// `promises`: what one of the screens has still to do.
    mutating func press(_ key: Key, at now: UInt64, promises: String? = nil) -> Action {
        let wasInterrupted =
            interruptedAt.map { now >= $0 && now - $0 <= Model.interruptSpan } ?? false
        interruptedAt = nil
        warning = nil
        if isHelpShown, key != .control("c"), key != .control("z"), key != .control("l") {
            isHelpShown = false
            return .none
        }
        switch key {
        case .character("j"), .down, .wheelDown: chosen = min(count - 1, chosen + 1)
        case .character("k"), .up, .wheelUp: chosen = max(0, chosen - 1)
        case .character("g"), .home: chosen = 0
        case .character("G"), .end: chosen = count - 1
        case .enter, .right, .character("l"):
            open = chosen
            return .open(chosen)
        case .character("r"): return .refresh
        case .character("?"), .function(1): isHelpShown = true
        case .character("q"), .character("Q"), .function(10): return quit(at: now, promises)
        case .control("c"):
            if wasInterrupted { return .quit }
            interruptedAt = now
            warning = promises.map { "Ctrl-C once more to quit and leave it drained: \($0)" }
        case .control("z"): return .suspend
        case .control("l"): return .redraw
        case .click(let row, _):
            let index = row - Self.firstRow
            if (0..<count).contains(index) { chosen = index }
        default: break
        }
        return .none
    }

    private mutating func quit(at now: UInt64, _ promises: String?) -> Action {
        guard let promises,
            quitAskedAt.map({ now < $0 || now - $0 > Model.quitSpan }) ?? true
        else { return .quit }
        quitAskedAt = now
        warning = "once more to quit and leave it drained: \(promises)"
        return .none
    }

    /// What the screens of these daemons have still to do, the first of it in words; nil: nothing.
    static func promises(_ models: [Model]) -> String? {
        let all = models.compactMap { model in
            model.actions.scheduled.text(model.snapshot).map { text in
                let host = model.connection.hello?.host ?? "?"
                let socket = model.connection.socketPath.split(separator: "/").last ?? ""
                return "\(host)\(model.connection.isElsewhere ? "" : " \(socket)"): \(text)"
            }
        }
        guard let first = all.first else { return nil }
        return all.count > 1 ? "\(first), and on \(all.count - 1) more" : first
    }
}

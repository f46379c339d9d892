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

    let count: Int
    private(set) var chosen = 0
    /// nil: the list of all.
    var open: Int?
    var isHelpShown = false
    private var interruptedAt: UInt64?

    init(count: Int) { self.count = count }

    mutating func press(_ key: Key, at now: UInt64) -> Action {
        let wasInterrupted =
            interruptedAt.map { now >= $0 && now - $0 <= Model.interruptSpan } ?? false
        interruptedAt = nil
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
        case .character("q"), .character("Q"), .function(10): return .quit
        case .control("c"):
            if wasInterrupted { return .quit }
            interruptedAt = now
        case .control("z"): return .suspend
        case .control("l"): return .redraw
        case .click(let row, _):
            let index = row - FleetPage.firstRow
            if (0..<count).contains(index) { chosen = index }
        default: break
        }
        return .none
    }
}

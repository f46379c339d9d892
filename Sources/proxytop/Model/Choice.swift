/// A line that is chosen in a text, and the first one that is on the screen.
struct Choice: Equatable, Sendable {
    private(set) var chosen = 0
    private(set) var top = 0

    init(_ chosen: Int = 0) { self.chosen = chosen }

    /// Takes a moving key in a text of so many lines, of which there is room for some.
    mutating func move(_ command: Binding.Command, lines: Int, room: Int) {
        let page = max(1, room)
        let target =
            switch command {
            case .up: chosen - 1
            case .down: chosen + 1
            case .first: 0
            case .last: lines - 1
            case .pageUp: chosen - page
            case .pageDown: chosen + page
            case .halfUp: chosen - max(1, page / 2)
            case .halfDown: chosen + max(1, page / 2)
            default: chosen
            }
        go(to: target, lines: lines, room: room)
    }

    mutating func go(to line: Int, lines: Int, room: Int) {
        let page = max(1, room)
        chosen = min(max(0, line), max(0, lines - 1))
        top = max(min(top, chosen), chosen - page + 1)
        top = min(max(0, top), max(0, lines - page))
    }
}

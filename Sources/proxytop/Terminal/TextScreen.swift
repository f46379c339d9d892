/// Frames as plain lines on standard output: no ncurses, no TERM.
struct TextScreen: Screen {
    mutating func present(_ grid: Grid, frame: UInt64) {
        StandardStream.output.write(Self.text(of: grid))
    }

    static func text(of grid: Grid) -> String {
        grid.lines.map { $0.trimmingTrailingBlanks + "\n" }.joined()
    }
}

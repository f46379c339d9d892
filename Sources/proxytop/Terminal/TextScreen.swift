/// Frames as plain lines on standard output: no ncurses, no TERM.
struct TextScreen: Screen {
    mutating func present(_ grid: Grid, frame: UInt64) {
        StandardStream.output.write(Self.text(of: grid))
    }

    static func text(of grid: Grid) -> String {
        grid.lines.map { $0.trimmingTrailingBlanks + "\n" }.joined()
    }
}

extension String {
    var trimmingTrailingBlanks: String {
        var end = unicodeScalars.endIndex
        while end > unicodeScalars.startIndex {
            let before = unicodeScalars.index(before: end)
            guard unicodeScalars[before] == " " else { break }
            end = before
        }
        return String(unicodeScalars[..<end])
    }
}

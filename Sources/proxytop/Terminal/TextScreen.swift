/// Frames as plain lines on standard output: no ncurses, no TERM.
struct TextScreen: Screen {
    mutating func present(_ grid: Grid, frame: UInt64) {
        var text = ""
        for line in grid.lines {
            text += line.trimmingTrailingBlanks
            text += "\n"
        }
        StandardStream.output.write(text)
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

internal import Glibc

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

/// Standard output and standard error, for text for people.
enum StandardStream: CInt {
    case output = 1
    case error = 2

    func write(_ text: String) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.write(rawValue, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }

    var isTerminal: Bool { isatty(rawValue) == 1 }
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

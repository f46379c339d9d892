/// One key, as the terminal sent it.
enum Key: Hashable, Sendable {
    case character(Unicode.Scalar)
    /// With the letter, in lower case.
    case control(Unicode.Scalar)
    case up, down, left, right, home, end, pageUp, pageDown
    case enter, escape, backspace, tab, backTab
    case pasteBegins, pasteEnds
    case function(Int)
    /// A click, and a turn of the wheel, at a cell.
    case click(row: Int, column: Int)
    case wheelUp, wheelDown
    /// The terminal says that it can show a frame at once.
    case showsWholeFrames
    case unknown

    /// A character as it comes from the terminal in raw mode.
    init(character code: UInt32) {
        switch code {
        case 0x09: self = .tab
        case 0x0A, 0x0D: self = .enter
        case 0x1B: self = .escape
        case 0x08, 0x7F: self = .backspace
        case 1..<0x1B: self = .control(Unicode.Scalar(UInt8(code + 0x60)))
        default: self = Unicode.Scalar(code).map { .character($0) } ?? .unknown
        }
    }

    var isPrintable: Bool {
        if case .character = self { true } else { false }
    }

    /// As the help writes it.
    var name: String {
        switch self {
        case .character(" "): "Space"
        case .character(let scalar): String(scalar)
        case .control(let letter): "Ctrl-\(String(letter).uppercased())"
        case .up: "Up"
        case .down: "Down"
        case .left: "Left"
        case .right: "Right"
        case .home: "Home"
        case .end: "End"
        case .pageUp: "PgUp"
        case .pageDown: "PgDn"
        case .enter: "Enter"
        case .escape: "Esc"
        case .backspace: "Backspace"
        case .tab: "Tab"
        case .backTab: "Shift-Tab"
        case .function(let number): "F\(number)"
        case .click: "click"
        case .wheelUp, .wheelDown: "wheel"
        case .pasteBegins, .pasteEnds, .showsWholeFrames, .unknown: "?"
        }
    }
}

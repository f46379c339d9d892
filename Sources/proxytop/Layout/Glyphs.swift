internal import Shared

/// The characters that draw, in the sets a terminal may be able to show.
enum Glyphs: String, Sendable, CaseIterable {
    case ascii, unicode
    /// As `unicode`, with trends of dots.
    case braille
    /// No signs at all: words in the place of glyphs, and nothing drawn. For screen readers.
    case words

    private var isPlain: Bool { self == .ascii || self == .words }
    /// Whether a state has a sign in front of its word.
    var hasSigns: Bool { self != .words }

    var rule: Unicode.Scalar { self == .words ? " " : isPlain ? "-" : "─" }
    var barFull: Unicode.Scalar { isPlain ? "#" : "█" }
    var barEmpty: Unicode.Scalar { isPlain ? "." : "░" }
    /// Stands where a text was cut.
    var cut: Unicode.Scalar { isPlain ? "~" : "…" }
    var folded: String { isPlain ? "+" : "▸" }
    var unfolded: String { isPlain ? "-" : "▾" }

    var corners: (topLeft: Unicode.Scalar, topRight: Unicode.Scalar, side: Unicode.Scalar) {
        self == .words ? (" ", " ", " ") : isPlain ? ("+", "+", "|") : ("┌", "┐", "│")
    }
    var feet: (left: Unicode.Scalar, right: Unicode.Scalar) {
        self == .words ? (" ", " ") : isPlain ? ("+", "+") : ("└", "┘")
    }

    /// From nothing to full, for the trend.
    var ramp: [Unicode.Scalar] {
        switch self {
        case .ascii: [" ", ".", ":", "-", "=", "+", "*", "#"]
        // A screen reader cannot read a picture.
        case .words: [" ", " "]
        case .unicode: [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]
        case .braille: [" ", "⡀", "⣀", "⣄", "⣤", "⣦", "⣶", "⣷", "⣿"]
        }
    }

    /// `[####....]`, with a part of it filled.
    func bar(_ part: Double, cells: Int) -> String {
        // The number beside it says the same.
        if self == .words { return "" }
        let filled = min(cells, max(0, Int((part * Double(cells)).rounded())))
        var text = String.UnicodeScalarView()
        text.append("[")
        for index in 0..<cells { text.append(index < filled ? barFull : barEmpty) }
        text.append("]")
        return String(text)
    }

    /// The set to use unless one is named: by the character set, by what the terminal calls itself, and by whether
    /// its signs may be two cells wide.
    static func automatic(isUTF8: Bool, isWide: Bool, terminal: String?) -> Glyphs {
        guard isUTF8, !isWide else { return .ascii }
        let name = terminal ?? ""
        return name == "linux" || name.hasPrefix("vt") || name == "dumb" ? .ascii : .unicode
    }
}

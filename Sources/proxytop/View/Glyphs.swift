internal import Shared

/// The characters that draw, in the sets a terminal may be able to show.
enum Glyphs: String, Sendable, CaseIterable {
    case ascii, unicode

    var rule: Unicode.Scalar { self == .ascii ? "-" : "─" }
    var barFull: Unicode.Scalar { self == .ascii ? "#" : "█" }
    var barEmpty: Unicode.Scalar { self == .ascii ? "." : "░" }
    /// Stands where a text was cut.
    var cut: Unicode.Scalar { self == .ascii ? "~" : "…" }
    var folded: String { self == .ascii ? "+" : "▸" }
    var unfolded: String { self == .ascii ? "-" : "▾" }

    var corners: (topLeft: Unicode.Scalar, topRight: Unicode.Scalar, side: Unicode.Scalar) {
        self == .ascii ? ("+", "+", "|") : ("┌", "┐", "│")
    }
    var feet: (left: Unicode.Scalar, right: Unicode.Scalar) {
        self == .ascii ? ("+", "+") : ("└", "┘")
    }

    /// From nothing to full, for the trend.
    var ramp: [Unicode.Scalar] {
        self == .ascii
            ? [" ", ".", ":", "-", "=", "+", "*", "#"]
            : [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]
    }

    /// `[####....]`, with a part of it filled.
    func bar(_ part: Double, cells: Int) -> String {
        let filled = min(cells, max(0, Int((part * Double(cells)).rounded())))
        var text = String.UnicodeScalarView()
        text.append("[")
        for index in 0..<cells { text.append(index < filled ? barFull : barEmpty) }
        text.append("]")
        return String(text)
    }

    /// The set to use when nobody says otherwise: by the character set and by what the terminal calls itself.
    static func automatic(isUTF8: Bool, terminal: String?) -> Glyphs {
        guard isUTF8 else { return .ascii }
        let name = terminal ?? ""
        return name == "linux" || name.hasPrefix("vt") || name == "dumb" ? .ascii : .unicode
    }
}

internal import Shared

/// How a state looks: a word first, a glyph second, a colour last, and never the colour alone.
struct StateBadge: Equatable, Sendable {
    let word: String
    let glyph: String
    let style: Style

    /// `isStale`: the last known state, when no fresh one can be had.
    init(_ state: ChannelState, _ glyphs: Glyphs, isStale: Bool = false) {
        word = state.rawValue
        let style = Style(Self.role(of: state))
        self.style = isStale ? style.stale : style
        let both = Self.glyphs(of: state)
        if isStale {
            glyph = glyphs.hasSigns ? (glyphs == .ascii ? "." : "·") : ""
        } else {
            glyph = glyphs.hasSigns ? (glyphs == .ascii ? both.ascii : both.unicode) : ""
        }
    }

    /// Glyph and word in so many cells; the word is what gives way.
    func text(width: Int) -> String { glyph + String(word.prefix(max(0, width - 1))) }

    private static func glyphs(of state: ChannelState) -> (unicode: String, ascii: String) {
        switch state {
        case .up: ("●", "+")
        case .full: ("◆", "#")
        case .drain: ("◐", "~")
        case .grace: ("◌", "?")
        case .down: ("✗", "!")
        case .auto: ("⊘", "A")
        case .off: ("○", "-")
        case .check: ("…", "c")
        }
    }

    private static func role(of state: ChannelState) -> Style.Role {
        switch state {
        case .up: .up
        case .full: .full
        case .drain: .drain
        case .grace: .grace
        case .down: .down
        case .auto: .auto
        case .off: .off
        case .check: .check
        }
    }
}

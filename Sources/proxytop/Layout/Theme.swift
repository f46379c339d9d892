/// What the styles look like. The background is always the terminal's own.
enum Theme: String, Sendable, CaseIterable {
    case dark, light
    /// For eyes that do not tell red from green: blue is good, orange is bad.
    case blueOrange = "blue-orange"
    /// Colours for what is wrong, and for nothing else.
    case calm
    /// No colour: attributes only.
    case mono

    /// An ANSI colour number; 8 to 15 are the bright ones.
    struct Appearance: Hashable {
        var colour: Int?
        var isBold = false
        var isDim = false
        var isUnderlined = false
        var isReversed = false

        /// The same on a terminal with so many colours: the bright half of sixteen is bold there, and what is
        /// beyond them becomes the nearest of the eight.
        func limited(to colours: Int) -> Appearance {
            guard let colour, colour >= colours else { return self }
            var look = self
            guard colours >= 8 else {
                look.colour = nil
                return look
            }
            if colour < 16 {
                look.colour = colour - 8
                look.isBold = true
            } else {
                look.colour = Self.nearest[colour] ?? 3
            }
            return look
        }

        /// Of the eight, for those of the 256 that themes use.
        private static let nearest = [33: 4, 94: 3, 130: 3, 166: 5, 172: 3, 202: 3]
    }

    func appearance(of style: Style) -> Appearance {
        var look = appearance(of: style.role)
        if style.isStale {
            look.colour = nil
            look.isBold = false
            look.isDim = self != .mono
        }
        // Turned around, so that a reversed state stays visible inside the bar of the cursor.
        if style.isUnderCursor { look.isReversed.toggle() }
        return look
    }

    private func appearance(of role: Style.Role) -> Appearance {
        var look = Appearance(colour: self == .mono ? nil : colour(of: role))
        switch role {
        case .plain, .check, .off, .faint:
            look.isDim = self != .mono && role != .plain && role != .check
        case .strong, .heading, .slow: look.isBold = true
        case .up, .good: break
        case .full, .grace: look.isBold = true
        case .drain: look.isUnderlined = self == .mono || self == .calm
        case .down, .auto, .danger:
            look.isBold = true
            look.isReversed = self == .mono
        case .alert: look.isReversed = true
        case .chosen:
            look.isBold = true
            look.isUnderlined = true
        }
        return look
    }

    /// Yellow is unreadable on white, so the light theme takes darker ones from the 256.
    private func colour(of role: Style.Role) -> Int? {
        if self == .blueOrange { return blueOrange(of: role) }
        if self == .calm { return calm(of: role) }
        return switch role {
        case .plain, .strong, .faint, .off, .chosen: nil
        case .heading: self == .light ? 4 : 6
        case .up, .good: 2
        case .full, .slow: self == .light ? 94 : 3
        case .grace: self == .light ? 130 : 3
        case .drain: 6
        case .down, .danger, .alert: 1
        case .auto: 5
        case .check: self == .light ? 4 : 12
        }
    }

    /// Middle tones of the 256, readable on black and on white; with eight colours they come out as blue and yellow.
    private func blueOrange(of role: Style.Role) -> Int? {
        switch role {
        case .plain, .strong, .faint, .off, .chosen: nil
        case .heading, .check: 4
        case .up, .good: 33
        case .drain: 6
        case .full, .grace, .slow: 172
        case .down, .danger, .alert: 202
        case .auto: 166
        }
    }

    /// Readable on black and on white.
    private func calm(of role: Style.Role) -> Int? {
        switch role {
        case .full, .grace, .slow: 172
        case .down, .danger, .alert: 1
        case .auto: 5
        case .plain, .strong, .faint, .off, .chosen, .heading, .up, .good, .drain, .check: nil
        }
    }
}

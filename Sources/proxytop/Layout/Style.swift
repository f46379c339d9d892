/// How a cell looks, as a role; the theme decides what that means on this terminal.
struct Style: Hashable, Sendable {
    /// The low five bits are the role, two of the high ones are flags. The C side has a table of 256.
    let number: UInt8

    enum Role: UInt8, CaseIterable {
        case plain, strong, faint, heading, up, full, drain, grace, down, auto, off, check
        case good, slow, alert, danger, chosen
    }

    private static let staleFlag: UInt8 = 0x40
    private static let cursorFlag: UInt8 = 0x80

    init(_ role: Role) { number = role.rawValue }

    private init(number: UInt8) { self.number = number }

    var role: Role { Role(rawValue: number & 0x1F) ?? .plain }
    var isStale: Bool { number & Self.staleFlag != 0 }
    var isUnderCursor: Bool { number & Self.cursorFlag != 0 }

    /// The same, as a value that was true once.
    var stale: Style { Style(number: number | Self.staleFlag) }
    var underCursor: Style { Style(number: number | Self.cursorFlag) }

    static let plain = Style(.plain)
    static let strong = Style(.strong)
    static let faint = Style(.faint)
    static let heading = Style(.heading)
    static let good = Style(.good)
    static let slow = Style(.slow)
    static let alert = Style(.alert)
    static let danger = Style(.danger)
    static let chosen = Style(.chosen)

    /// Every style there is, so that the terminal is set up with them once.
    static let all: [Style] = Role.allCases.flatMap { role in
        let style = Style(role)
        return [style, style.stale, style.underCursor, style.stale.underCursor]
    }
}

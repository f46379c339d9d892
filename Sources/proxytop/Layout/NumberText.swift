internal import Shared

/// Numbers in a fixed field: three significant digits, never wider than asked.
enum NumberText {
    static let notApplicable = "-"
    static let unknown = "?"

    /// A count in at most `width` cells; shortened to `12.0k` only when it would not fit.
    static func count(_ value: UInt64, width: Int) -> String {
        let exact = String(value)
        return exact.utf8.count <= width ? exact : squeezed(Double(value), width: width)
    }

    /// `35.3`, `110.3`, `1.20k`; `?` while there are not two samples.
    static func perSecond(_ value: Double?) -> String {
        guard let value else { return unknown }
        return value < 999.95
            ? Quantity.fixed(value, decimals: 1) : Quantity.short(value, isWhole: false)
    }

    /// How fast a recording is played: `0.25`, `1`, `10`.
    static func speed(_ value: Double) -> String {
        Quantity.fixed(value, decimals: value < 1 ? 2 : 0)
    }

    /// The same inside a sentence, where a measured zero needs no decimals.
    static func brief(_ value: Double?) -> String { value == 0 ? "0" : perSecond(value) }

    /// Bytes, or bits, per second: `0`, `999`, `38.9M`.
    static func bytes(_ value: Double?, asBits: Bool) -> String {
        guard let value else { return unknown }
        return Quantity.short(asBits ? value * 8 : value)
    }

    /// Milliseconds out of microseconds: `0.05`, `6.4`, `12.1`, `840`, `2.5k`.
    static func milliseconds(_ microseconds: UInt64?) -> String {
        guard let microseconds else { return notApplicable }
        let value = Double(microseconds) / 1000
        switch value {
        case 0.0001..<0.995: return Quantity.fixed(value, decimals: 2)
        case ..<99.95: return Quantity.fixed(value, decimals: 1)
        case ..<999.5: return Quantity.fixed(value, decimals: 0)
        default: return squeezed(value, width: 4)
        }
    }

    /// `0.25s`, `0.5s`, `1s`, `10s`.
    static func interval(_ milliseconds: UInt64) -> String {
        if milliseconds % 1000 == 0 { return "\(milliseconds / 1000)s" }
        let decimals = milliseconds % 100 == 0 ? 1 : 2
        return Quantity.fixed(Double(milliseconds) / 1000, decimals: decimals) + "s"
    }

    /// The short form with as many digits as fit.
    private static func squeezed(_ value: Double, width: Int) -> String {
        let text = Quantity.short(value)
        guard text.utf8.count > width, let suffix = text.last else { return text }
        let digits = text.dropLast().prefix(max(1, width - 1))
        return (digits.last == "." ? String(digits.dropLast()) : String(digits)) + String(suffix)
    }

    /// A part of a whole, rounded down, so that 100% means full.
    static func percent(_ part: UInt64, of whole: UInt64) -> String {
        whole == 0 ? "0%" : "\(UInt64(Double(part) / Double(whole) * 100))%"
    }
}

/// How long ago something happened, or how long until it does, as people read it.
package struct Age: Hashable, Comparable, Sendable {
    package var milliseconds: UInt64

    package init(milliseconds: UInt64) { self.milliseconds = milliseconds }

    package init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        // Capped, so that no duration overflows; the cap is far above any age.
        let whole = min(max(0, seconds), 1 << 52) * 1000
        self.init(milliseconds: UInt64(whole + max(0, attoseconds) / 1_000_000_000_000_000))
    }

    package var duration: Duration { .milliseconds(Int64(clamping: milliseconds)) }

    /// Reads `5s`, `500ms`, `10m`, `1.5h`, `2d`, `250us`, and a bare number as seconds.
    package init?(_ text: some StringProtocol) {
        guard let (number, unit) = Quantity.split(text) else { return nil }
        let scale: Double
        switch unit {
        case "us": scale = 0.001
        case "ms": scale = 1
        case "", "s": scale = 1000
        case "m", "min": scale = 60_000
        case "h": scale = 3_600_000
        case "d": scale = 86_400_000
        default: return nil
        }
        // Some three hundred years: more is a typing mistake, and would overflow later sums.
        guard number * scale < 1e13 else { return nil }
        self.init(milliseconds: UInt64((number * scale).rounded()))
    }

    package static func < (left: Age, right: Age) -> Bool { left.milliseconds < right.milliseconds }
}

extension Age: CustomStringConvertible {
    /// Two units at most and six characters: `0.4s`, `9.8s`, `41s`, `3m10s`, `4h12m`, `12d03h`, `412d`.
    package var description: String {
        let seconds = milliseconds / 1000
        func two(_ number: UInt64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        switch seconds {
        case ..<10: return Quantity.fixed(Double(milliseconds / 100) / 10, decimals: 1) + "s"
        case ..<60: return "\(seconds)s"
        case ..<3600: return "\(seconds / 60)m\(two(seconds % 60))s"
        case ..<86_400: return "\(seconds / 3600)h\(two(seconds / 60 % 60))m"
        case ..<8_640_000: return "\(seconds / 86_400)d\(two(seconds / 3600 % 24))h"
        default: return "\(seconds / 86_400)d"
        }
    }
}

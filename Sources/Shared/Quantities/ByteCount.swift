/// A number of bytes.
package struct ByteCount: Hashable, Comparable, Sendable {
    package var bytes: UInt64

    package init(_ bytes: UInt64) { self.bytes = bytes }

    /// Reads `512`, `64k`, `10MB`, `1.5G`: powers of 1000, as in the protocol's filters; `KiB`, `MiB` and
    /// `GiB` are powers of 1024.
    package init?(_ text: some StringProtocol) {
        guard let (number, unit) = Quantity.split(text) else { return nil }
        let scale: Double
        switch unit.lowercased() {
        case "", "b": scale = 1
        case "k", "kb": scale = 1e3
        case "m", "mb": scale = 1e6
        case "g", "gb": scale = 1e9
        case "t", "tb": scale = 1e12
        case "kib": scale = 1024
        case "mib": scale = 1_048_576
        case "gib": scale = 1_073_741_824
        default: return nil
        }
        guard number * scale < 1.8e19 else { return nil }
        self.init(UInt64((number * scale).rounded()))
    }

    package static func < (left: ByteCount, right: ByteCount) -> Bool { left.bytes < right.bytes }
}

extension ByteCount: CustomStringConvertible {
    /// Three significant digits and an SI suffix, at most five characters: `0`, `999`, `1.20k`, `38.9M`, `410G`.
    package var description: String { Quantity.short(Double(bytes)) }
}

/// Reading and writing of numbers with a unit behind them.
package enum Quantity {
    /// `1.5G` as 1.5 and `G`; nil without a number, or with a sign or an exponent.
    package static func split(
        _ text: some StringProtocol
    ) -> (number: Double, unit: String)? {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard !digits.isEmpty, let number = Double(digits) else { return nil }
        return (number, String(text.dropFirst(digits.count)))
    }

    /// Three significant digits and an SI suffix: `0`, `7.25`, `999`, `1.20k`, `38.9M`, `410G`.
    package static func short(_ value: Double, isWhole: Bool = true) -> String {
        var scaled = value
        var suffix = ""
        for next in ["", "k", "M", "G", "T", "P", "E"] {
            suffix = next
            // 999.5 would round to 1000, which is a digit too many.
            if scaled < 999.5 { break }
            if next != "E" { scaled /= 1000 }
        }
        if suffix.isEmpty, isWhole { return String(Int(scaled.rounded())) }
        let decimals = scaled < 9.995 ? 2 : scaled < 99.95 ? 1 : 0
        return fixed(scaled, decimals: decimals) + suffix
    }

    /// A number with so many decimals, rounded half up; own code because printf costs 40 times as much.
    package static func fixed(_ value: Double, decimals: Int) -> String {
        let scale = [1.0, 10, 100, 1000][min(max(decimals, 0), 3)]
        guard value.isFinite, value.magnitude < 1e15 else { return "?" }
        let whole = Int((value.magnitude * scale).rounded())
        let sign = value < 0 && whole > 0 ? "-" : ""
        guard scale > 1 else { return sign + String(whole) }
        let fraction = String(whole % Int(scale))
        let zeros = String(repeating: "0", count: max(0, decimals - fraction.count))
        return sign + String(whole / Int(scale)) + "." + zeros + fraction
    }
}

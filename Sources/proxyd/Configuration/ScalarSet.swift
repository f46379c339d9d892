/// Characters that one place of a regular expression fits. What is below 256 is looked up in a table of bits.
struct ScalarSet: Sendable {
    /// Sorted, and apart from each other.
    let ranges: [ClosedRange<UInt32>]
    private let low: (UInt64, UInt64, UInt64, UInt64)

    private static let last: UInt32 = 0x10FFFF

    init(_ unsorted: [ClosedRange<UInt32>]) {
        var ranges: [ClosedRange<UInt32>] = []
        for range in unsorted.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let before = ranges.last, range.lowerBound <= before.upperBound + 1 {
                ranges[ranges.count - 1] =
                    before.lowerBound...max(before.upperBound, range.upperBound)
            } else {
                ranges.append(range)
            }
        }
        self.ranges = ranges
        func bits(from start: UInt32) -> UInt64 {
            (0..<64).reduce(0) { bits, bit in
                ranges.contains { $0.contains(start + bit) } ? bits | 1 << UInt64(bit) : bits
            }
        }
        low = (bits(from: 0), bits(from: 64), bits(from: 128), bits(from: 192))
    }

    func contains(_ scalar: UInt32) -> Bool {
        let bit = UInt64(1) << UInt64(scalar & 63)
        switch scalar {
        case ..<64: return low.0 & bit != 0
        case ..<128: return low.1 & bit != 0
        case ..<192: return low.2 & bit != 0
        case ..<256: return low.3 & bit != 0
        default: return ranges.contains { $0.contains(scalar) }
        }
    }

    /// The only one; nil: there are others, or none.
    var single: UInt32? {
        guard ranges.count == 1, ranges[0].count == 1 else { return nil }
        return ranges[0].lowerBound
    }

    var inverted: ScalarSet {
        var gaps: [ClosedRange<UInt32>] = []
        var start: UInt32 = 0
        for range in ranges {
            if range.lowerBound > start { gaps.append(start...(range.lowerBound - 1)) }
            start = range.upperBound + 1
        }
        if start <= Self.last { gaps.append(start...Self.last) }
        return ScalarSet(gaps)
    }

    /// With the letters A to Z in both cases.
    var ignoringCase: ScalarSet {
        var more = ranges
        for letter in UInt32(0x41)...0x5A {
            if contains(letter) { more.append((letter + 32)...(letter + 32)) }
            if contains(letter + 32) { more.append(letter...letter) }
        }
        return ScalarSet(more)
    }

    // MARK: Those with names

    static let digit = ScalarSet([0x30...0x39])
    static let word = ScalarSet([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
    static let space = ScalarSet([0x09...0x0D, 0x20...0x20])
    static let notNewline = ScalarSet([0x0A...0x0D, 0x85...0x85, 0x2028...0x2029]).inverted

    /// As in `[[:alpha:]]`.
    static let named: [(name: String, set: ScalarSet)] = [
        ("alpha", ScalarSet([0x41...0x5A, 0x61...0x7A])), ("digit", digit),
        ("alnum", ScalarSet([0x30...0x39, 0x41...0x5A, 0x61...0x7A])),
        ("upper", ScalarSet([0x41...0x5A])), ("lower", ScalarSet([0x61...0x7A])),
        ("space", space), ("blank", ScalarSet([0x09...0x09, 0x20...0x20])),
        ("punct", ScalarSet([0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E])),
        ("print", ScalarSet([0x20...0x7E])), ("graph", ScalarSet([0x21...0x7E])),
        ("cntrl", ScalarSet([0x00...0x1F, 0x7F...0x7F])),
        ("xdigit", ScalarSet([0x30...0x39, 0x41...0x46, 0x61...0x66])),
    ]
}

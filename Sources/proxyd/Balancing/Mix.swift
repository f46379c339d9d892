/// Numbers that look random but are the same everywhere, today and in the next version: daemons that
/// must agree rely on them.
enum Mix {
    /// The halves of a long product, folded: the step of wyhash (Wang Yi).
    @inline(__always)
    static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }

    @inline(__always)
    static func two(_ left: UInt64, _ right: UInt64) -> UInt64 {
        fold(
            fold(left ^ 0xA076_1D64_78BD_642F, right ^ 0xE703_7ED1_A0B4_28DB),
            0x8EBC_6AF0_9C88_C6E3)
    }

    /// FNV-1a, and a step that spreads it.
    static func bytes(_ bytes: some Sequence<UInt8>) -> UInt64 {
        let hash = bytes.reduce(0xCBF2_9CE4_8422_2325 as UInt64) {
            ($0 ^ UInt64($1)) &* 0x100_0000_01B3
        }
        return two(hash, 0)
    }
}

/// A stream of such numbers (SplitMix64, Steele, Lea and Flood 2014).
struct SplitMix: RandomNumberGenerator, Equatable, Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// Below `bound`, which is above zero; every number as likely as the next.
    @inline(__always)
    mutating func below(_ bound: Int) -> Int {
        Int(next().multipliedFullWidth(by: UInt64(truncatingIfNeeded: bound)).high)
    }
}

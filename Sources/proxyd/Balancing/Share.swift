/// An amount against a weight, compared without a division and without rounding.
struct Share: Sendable {
    var amount: UInt64
    /// Above zero.
    var weight: Int

    @inline(__always)
    static func < (left: Share, right: Share) -> Bool {
        if left.weight == right.weight { return left.amount < right.amount }
        let mine = left.amount.multipliedFullWidth(by: UInt64(truncatingIfNeeded: right.weight))
        let other = right.amount.multipliedFullWidth(by: UInt64(truncatingIfNeeded: left.weight))
        return mine.high != other.high ? mine.high < other.high : mine.low < other.low
    }

    /// What a channel of that weight would have with the same share, rounded down.
    func amount(at other: Int) -> UInt64 {
        let (own, other) = (UInt64(weight), UInt64(other))
        return amount / own &* other &+ amount % own &* other / own
    }
}

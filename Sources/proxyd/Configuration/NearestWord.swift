/// Finds what was probably meant by an unknown word.
enum NearestWord {
    /// The candidate with the fewest slips; nil when none is near.
    static func nearest(to word: String, among candidates: [String]) -> String? {
        guard word.utf8.count <= 64 else { return nil }
        let best =
            candidates
            .map { (word: $0, slips: slips(between: word.lowercased(), and: $0)) }
            .min { $0.slips < $1.slips }
        guard let best, best.slips <= max(1, best.word.utf8.count / 3) else { return nil }
        return best.word
    }

    /// Letters to add, drop, change, or swap with their neighbour (optimal string alignment).
    static func slips(between left: String, and right: String) -> Int {
        let (left, right) = (Array(left.utf8), Array(right.utf8))
        var twoBefore: [Int] = []
        var before = Array(0...right.count)
        for (row, byte) in left.enumerated() {
            var current = [row + 1]
            for (column, other) in right.enumerated() {
                var fewest = min(
                    before[column + 1] + 1, current[column] + 1,
                    before[column] + (byte == other ? 0 : 1))
                let isSwapped =
                    row > 0 && column > 0 && byte == right[column - 1] && left[row - 1] == other
                if isSwapped { fewest = min(fewest, twoBefore[column - 1] + 1) }
                current.append(fewest)
            }
            (twoBefore, before) = (before, current)
        }
        return before[right.count]
    }
}

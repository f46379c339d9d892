/// Maps a number to a channel, each with as many numbers as it has weight.
struct WeightTable: Sendable {
    /// How many numbers go to a channel and all before it.
    private var ends: [Int] = []

    var count: Int { ends.count }
    /// Numbers from 0 up to this one are mapped.
    var total: Int { ends.last ?? 0 }

    init() {}

    init(_ candidates: [Candidate]) {
        ends.reserveCapacity(candidates.count)
        for candidate in candidates { ends.append(total + max(0, candidate.weight)) }
    }

    func index(of number: Int) -> Int {
        var (low, high) = (0, ends.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if ends[middle] > number { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

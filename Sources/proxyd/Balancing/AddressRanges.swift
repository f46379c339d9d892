internal import Shared

/// A set of networks, found by halving: what lists of a hundred thousand cost is a few comparisons.
struct AddressRanges: Sendable {
    private var v4 = Ranges<UInt32>()
    private var v6 = Ranges<UInt128>()

    init(_ networks: [Network]) {
        v4 = Ranges(
            networks.compactMap { network in
                guard case .v4(let address) = network.address else { return nil }
                return (address, Int(network.bits))
            })
        v6 = Ranges(
            networks.compactMap { network in
                guard case .v6(let high, let low, _) = network.address else { return nil }
                return (UInt128(high) << 64 | UInt128(low), Int(network.bits))
            })
    }

    func contains(_ address: IPAddress) -> Bool {
        switch address.unmapped {
        case .v4(let address): v4.contains(address)
        case .v6(let high, let low, _): v6.contains(UInt128(high) << 64 | UInt128(low))
        }
    }
}

/// Ranges of numbers that do not touch each other, in order.
private struct Ranges<Number: FixedWidthInteger & UnsignedInteger & Sendable>: Sendable {
    private var starts: [Number] = []
    private var ends: [Number] = []

    init() {}

    init(_ networks: [(address: Number, bits: Int)]) {
        let ranges = networks.map { network in
            let host = network.bits == 0 ? Number.max : Number.max >> Number(network.bits)
            return (first: network.address & ~host, last: network.address | host)
        }
        for range in ranges.sorted(by: { $0.first < $1.first }) {
            if let last = ends.last, last == .max || range.first <= last + 1 {
                ends[ends.count - 1] = max(last, range.last)
            } else {
                starts.append(range.first)
                ends.append(range.last)
            }
        }
    }

    func contains(_ number: Number) -> Bool {
        // The last range that begins at or before it.
        var low = 0
        var high = starts.count
        while low < high {
            let middle = (low + high) / 2
            if starts[middle] <= number { low = middle + 1 } else { high = middle }
        }
        return low > 0 && number <= ends[low - 1]
    }
}

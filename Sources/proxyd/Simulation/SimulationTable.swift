internal import Shared

/// The results as a table, a row per policy.
enum SimulationTable {
    static func table(_ results: [Simulation.Result]) -> Table {
        let count = results.first?.sessions.count ?? 0
        let letters = (0..<count).map(letter)
        var table = Table(
            columns: ["policy"] + letters.map { "\($0)_share" } + ["imbalance"]
                + letters.map { "\($0)_peak" } + ["moved", "lost"])
        for result in results {
            let shares = (0..<count).map { index in
                let share = result.share(of: index)
                return "\(share / 10).\(share % 10)%"
            }
            table.append(
                [result.balance.description] + shares
                    + ["\(result.imbalance / 100).\(two(result.imbalance % 100))"]
                    + result.peaks.map { String($0) } + [String(result.moved), String(result.lost)])
        }
        return table
    }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }

    static func letter(_ index: Int) -> String {
        String(UnicodeScalar(UInt8(0x41 + index % 26)))
    }
}

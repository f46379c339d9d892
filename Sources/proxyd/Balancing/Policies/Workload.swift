/// The channel with the least workload for its weight, which has no unit (fproxy's `-s4`):
/// `sessions / all sessions + bytes / all bytes + time / all time`, over the open channels; a term
/// whose sum is zero counts nothing.
struct Workload: Policy {
    private var sessions = Baselines()
    private var bytes = Baselines()
    private var time = Baselines()

    var facts: CandidateFacts { [.bytes, .time] }

    mutating func choose(among candidates: [Candidate], for client: ClientKey) -> Int? {
        sessions.update(for: candidates) { $0.sessions }
        bytes.update(for: candidates) { $0.bytes }
        time.update(for: candidates) { $0.nanoseconds }
        var sums: (sessions: UInt64, bytes: UInt64, time: UInt64) = (0, 0, 0)
        for index in candidates.indices where candidates[index].isOpen {
            sums.sessions &+= candidates[index].sessions &+ sessions[index]
            sums.bytes &+= candidates[index].bytes &+ bytes[index]
            sums.time &+= candidates[index].nanoseconds &+ time[index]
        }
        func factor(_ sum: UInt64) -> Double { sum == 0 ? 0 : 1 / Double(sum) }
        let factors = (factor(sums.sessions), factor(sums.bytes), factor(sums.time))
        var best: Int?
        var least = 0.0
        for index in candidates.indices where candidates[index].isOpen {
            var load = Double(candidates[index].sessions &+ sessions[index]) * factors.0
            load += Double(candidates[index].bytes &+ bytes[index]) * factors.1
            load += Double(candidates[index].nanoseconds &+ time[index]) * factors.2
            if candidates[index].weight != 1 { load /= Double(candidates[index].weight) }
            guard best == nil || load < least else { continue }
            best = index
            least = load
        }
        return best
    }
}

/// The channel with the least workload for its weight, which has no unit (fproxy's `-s4`):
/// `sessions / all sessions + bytes / all bytes + time / all time`, over the open channels; a term
/// whose sum is zero counts nothing.
struct Workload: Policy {
    private var sessions = Baselines()
    private var bytes = Baselines()
    private var time = Baselines()
    private var presence = Presence()
    /// The three baselines side by side, as they are read together.
    private var raised: [Sums] = []
    /// The sums of `raised` over those that are open.
    private var raisedSums = Sums()

    var facts: CandidateFacts { [.bytes, .time] }

    mutating func choose(among candidates: [Candidate], for client: ClientKey) -> Int? {
        presence.update(for: candidates)
        if raised.count != candidates.count { raise(candidates) }
        var sums = sums(of: candidates)
        if sums == nil {
            raise(candidates)
            sums = self.sums(of: candidates)
        }
        func factor(_ sum: UInt64) -> Double { sum == 0 ? 0 : 1 / Double(sum) }
        let factors = (
            factor(sums?.sessions ?? 0), factor(sums?.bytes ?? 0), factor(sums?.time ?? 0)
        )
        var best: Int?
        var least = 0.0
        for index in candidates.indices where candidates[index].isOpen {
            // Only what is less per unit of weight can win, which spares most of the divisions; and
            // no term is below zero, so most are out after the first.
            let weight = Double(candidates[index].weight)
            let limit = best == nil ? .infinity : least * weight
            var load = (candidates[index].sessions &+ raised[index].sessions).number * factors.0
            guard load < limit else { continue }
            load += (candidates[index].bytes &+ raised[index].bytes).number * factors.1
            load += (candidates[index].nanoseconds &+ raised[index].time).number * factors.2
            guard load < limit else { continue }
            best = index
            least = load / weight
        }
        return best
    }

    mutating func restart(with candidates: [Candidate]) {
        sessions.restart(candidates) { $0.sessions }
        bytes.restart(candidates) { $0.bytes }
        time.restart(candidates) { $0.nanoseconds }
        presence.restart(candidates)
        raised = []
    }

    /// Seldom: a channel has returned, or gone.
    private mutating func raise(_ candidates: [Candidate]) {
        sessions.update(for: candidates)
        bytes.update(for: candidates)
        time.update(for: candidates)
        sessions.raise(candidates, presence) { $0.sessions }
        bytes.raise(candidates, presence) { $0.bytes }
        time.raise(candidates, presence) { $0.nanoseconds }
        presence.take(candidates)
        raised = candidates.indices.map {
            Sums(sessions: sessions[$0], bytes: bytes[$0], time: time[$0])
        }
        raisedSums = Sums()
        for index in candidates.indices where candidates[index].isOpen {
            raisedSums.sessions &+= sessions[index]
            raisedSums.bytes &+= bytes[index]
            raisedSums.time &+= time[index]
        }
    }

    private struct Sums {
        var sessions: UInt64 = 0
        var bytes: UInt64 = 0
        var time: UInt64 = 0
    }

    /// Of all that are open; nil when others are than last time.
    private func sums(of candidates: [Candidate]) -> Sums? {
        var sums = raisedSums
        var hasChanged = false
        for index in candidates.indices {
            let isOpen = candidates[index].isOpen
            if presence[index] != isOpen { hasChanged = true }
            guard isOpen else { continue }
            sums.sessions &+= candidates[index].sessions
            sums.bytes &+= candidates[index].bytes
            sums.time &+= candidates[index].nanoseconds
        }
        return hasChanged ? nil : sums
    }
}

extension UInt64 {
    /// Signed numbers are converted by one instruction.
    @inline(__always)
    fileprivate var number: Double { Double(Int64(bitPattern: self)) }
}

internal import Shared

/// Clients come, a real policy chooses, channels serve: event by event, without waiting. The same
/// arrivals and the same seed give the same result on every machine.
struct Simulation {
    let balance: BalanceConfiguration
    let channels: [SimulatedChannelSettings]
    var outages: [SimulatedOutage] = []

    /// Moments at which the picture looks.
    static let sampleCount = 240

    struct Result: Equatable {
        var balance: BalanceConfiguration
        var seconds: Double
        var sessions: [Int]
        var peaks: [Int]
        var weights: [Int]
        /// Clients that came again and got another channel than before.
        var moved = 0
        /// Clients that no channel could take.
        var lost = 0
        /// Sessions of each channel at each sample.
        var samples: [[Int]] = []
    }

    private struct Running {
        var channel: Int
        var bytesPerSecond: Double
    }

    func run(_ arrivals: [Arrival]) -> Result {
        let simulated = channels.map { SimulatedChannel($0) }
        var policy = balance.makePolicy()
        var candidates = channels.indices.map { index in
            Candidate(
                weight: channels[index].weight, isUsable: true, key: key(of: index))
        }
        policy.prepare(for: candidates)
        let end = max(arrivals.last?.time ?? 0, 0.001)
        var result = Result(
            balance: balance, seconds: end, sessions: [], peaks: [],
            weights: channels.map(\.weight))
        var ends = DeadlineQueue()
        var running: [Running] = []
        var last: [IPAddress: Int] = [:]

        func finish(until time: Double) {
            while let next = ends.next, next <= .seconds(time) {
                guard let slot = ends.popExpired(now: next) else { return }
                let moment = Double(next.nanoseconds - 1_000_000_000) / 1e9
                simulated[running[slot].channel].end(
                    bytesPerSecond: running[slot].bytesPerSecond, at: moment)
            }
        }
        func sample(until time: Double) {
            while result.samples.count < Self.sampleCount {
                let moment = end * Double(result.samples.count) / Double(Self.sampleCount)
                guard moment <= time else { return }
                finish(until: moment)
                result.samples.append(simulated.map(\.current))
            }
        }

        for arrival in arrivals {
            sample(until: arrival.time)
            finish(until: arrival.time)
            for index in candidates.indices {
                simulated[index].show(
                    in: &candidates[index], isAway: isAway(index, at: arrival.time),
                    at: arrival.time)
            }
            let client = ClientKey(
                source: .ip(arrival.source, port: UInt16(truncatingIfNeeded: running.count)),
                destination: .ip(.loopbackV4, port: 80))
            guard let chosen = policy.choose(among: candidates, for: client) else {
                result.lost += 1
                continue
            }
            let service = max(arrival.service / channels[chosen].speed, 1e-6)
            let rate = arrival.bytes / service
            simulated[chosen].begin(bytesPerSecond: rate, at: arrival.time)
            ends.schedule(slot: running.count, at: .seconds(arrival.time + service))
            running.append(Running(channel: chosen, bytesPerSecond: rate))
            if let before = last.updateValue(chosen, forKey: arrival.source), before != chosen {
                result.moved += 1
            }
        }
        sample(until: end)
        result.sessions = simulated.map(\.sessions)
        result.peaks = simulated.map(\.peak)
        return result
    }

    private func isAway(_ channel: Int, at time: Double) -> Bool {
        outages.contains { $0.channel == channel && $0.start <= time && time < $0.end }
    }

    /// What lighttpd's function takes as the channel's own, or ours.
    private func key(of index: Int) -> UInt64 {
        let endpoint = Endpoint.ip(.loopbackV4, port: UInt16(truncatingIfNeeded: 21_001 + index))
        return balance.function == .lighttpd
            ? UInt64(LighttpdHash.hostValue(of: endpoint)) : Mix.bytes("\(endpoint)".utf8)
    }
}

extension Simulation.Result {
    var total: Int { sessions.reduce(0, +) }

    /// In thousandths of all sessions.
    func share(of channel: Int) -> Int { total == 0 ? 0 : sessions[channel] * 1000 / total }

    /// The busiest channel's sessions against its share by weight, in hundredths.
    var imbalance: Int {
        let all = weights.reduce(0, +)
        guard total > 0, all > 0 else { return 100 }
        return sessions.indices.filter { weights[$0] > 0 }
            .map { sessions[$0] * all * 100 / (total * weights[$0]) }.max() ?? 100
    }
}

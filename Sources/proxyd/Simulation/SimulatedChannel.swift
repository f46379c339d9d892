/// A channel of a simulation, as it was asked for.
struct SimulatedChannelSettings: Equatable, Sendable {
    var weight = 1
    /// How fast it serves beside the others.
    var speed = 1.0
    var maxc: Int?
}

extension SimulatedChannelSettings {
    /// Reads `WEIGHT[xSPEED][:MAXC]`: `2`, `1x0.25`, `1:100`.
    init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let factors = parts[0].split(separator: "x", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), (1...2).contains(factors.count),
            let weight = Int(factors[0]), ValueReader.weights.contains(weight)
        else { return nil }
        self.init(weight: weight)
        if factors.count == 2 {
            guard let speed = Double(factors[1]), (0.001...1000).contains(speed) else { return nil }
            self.speed = speed
        }
        if parts.count == 2 {
            guard let maxc = Int(parts[1]), ValueReader.sessions.contains(maxc) else { return nil }
            self.maxc = maxc
        }
    }
}

/// When a channel is away.
struct SimulatedOutage: Equatable, Sendable {
    var channel: Int
    /// In seconds.
    var start: Double
    var end: Double
}

extension SimulatedOutage {
    /// Reads `CHANNEL:FROM-TO`: `B:20-40`.
    init?(_ text: String) {
        let parts = text.split(separator: ":")
        guard parts.count == 2, let letter = parts[0].utf8.first, parts[0].utf8.count == 1,
            (0x41...0x5A).contains(letter)
        else { return nil }
        let times = parts[1].split(separator: "-").map { Double($0) }
        guard times.count == 2, let start = times[0], let end = times[1], start >= 0, end > start
        else { return nil }
        self.init(channel: Int(letter - 0x41), start: start, end: end)
    }
}

/// What a channel has come to.
final class SimulatedChannel {
    let settings: SimulatedChannelSettings
    let latency = PeakLatency()
    private(set) var current = 0
    private(set) var peak = 0
    private(set) var sessions = 0
    private var bytes = 0.0
    private var seconds = 0.0
    /// Bytes per second of all that run.
    private var rate = 0.0
    private var time = 0.0

    init(_ settings: SimulatedChannelSettings) { self.settings = settings }

    /// Bytes flow, and sessions grow older.
    private func advance(to now: Double) {
        bytes += rate * (now - time)
        seconds += Double(current) * (now - time)
        time = now
    }

    func begin(bytesPerSecond: Double, at now: Double) {
        advance(to: now)
        rate += bytesPerSecond
        current += 1
        sessions += 1
        peak = max(peak, current)
        // The more it has to do, the later it accepts.
        let connect = 0.001 / settings.speed * (1 + Double(current) / 10)
        latency.note(nanoseconds: UInt64(connect * 1e9), now: .seconds(now))
    }

    func end(bytesPerSecond: Double, at now: Double) {
        advance(to: now)
        rate = max(0, rate - bytesPerSecond)
        current -= 1
    }

    func show(in candidate: inout Candidate, isAway: Bool, at now: Double) {
        advance(to: now)
        candidate.isUsable = !isAway && settings.maxc.map { current < $0 } ?? true
        candidate.current = current
        candidate.sessions = UInt64(sessions)
        candidate.bytes = UInt64(bytes)
        candidate.nanoseconds = UInt64(seconds * 1e9)
        candidate.latency = latency.value(now: .seconds(now))
    }
}

extension Instant {
    /// On the simulation's clock, which does not begin at zero: zero stands for never.
    static func seconds(_ seconds: Double) -> Instant {
        Instant(nanoseconds: 1_000_000_000 + UInt64(seconds * 1e9))
    }
}

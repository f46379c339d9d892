internal import Shared

/// A group's policy and the space for its candidates, so that choosing allocates nothing.
struct Chooser: Sendable {
    private(set) var balance: BalanceConfiguration
    private var policy: any Policy
    private var facts: CandidateFacts
    private var candidates: [Candidate]
    private let slowStart: Duration?

    init(
        _ balance: BalanceConfiguration, _ channels: [Channel], slowStart: Duration? = nil
    ) {
        self.balance = balance
        self.slowStart = slowStart
        policy = balance.makePolicy()
        facts = policy.facts
        candidates = channels.map { Candidate(weight: $0.weight, isUsable: true) }
        setKeys(channels)
        policy.prepare(for: candidates)
    }

    /// Another policy; what was placed so far still counts.
    mutating func take(_ balance: BalanceConfiguration, _ channels: [Channel]) {
        self.balance = balance
        policy = balance.makePolicy()
        facts = policy.facts
        setKeys(channels)
        policy.prepare(for: candidates)
    }

    var digest: UInt64? { policy.digest }

    /// Sees how the channels are now.
    mutating func look(at channels: [Channel], excluding tried: [UInt64], now: Instant) {
        var isChanged = false
        for index in candidates.indices {
            let channel = channels[index]
            let weight = weight(of: channel, now: now)
            if channel.show(in: &candidates[index], weight, facts, tried, now) { isChanged = true }
        }
        if isChanged { policy.prepare(for: candidates) }
    }

    /// With a slow start weights are ten times as fine, so that a light channel can grow into its own.
    private func weight(of channel: Channel, now: Instant) -> Int {
        guard let slowStart, !balance.policy.isByClient else { return channel.weight }
        return max(1, Int(10 * channel.share(of: slowStart, now: now))) * channel.weight
    }

    mutating func choose(for client: ClientKey) -> Int? {
        policy.choose(among: candidates, for: client)
    }

    /// A session was placed there.
    mutating func placed(at index: Int) { candidates[index].sessions &+= 1 }

    /// It cannot be had after all.
    mutating func passOver(_ index: Int) { candidates[index].isUsable = false }

    /// Names stay when channels are listed in another order, indexes do not: who has no name of its
    /// own goes by its address. Of equals, each is numbered.
    private mutating func setKeys(_ channels: [Channel]) {
        var seen: [UInt64: UInt64] = [:]
        for (index, channel) in channels.enumerated() {
            if facts.contains(.hostValue) {
                let endpoint = channel.firstAddress ?? channel.endpoint
                candidates[index].key = UInt64(LighttpdHash.hostValue(of: endpoint))
                continue
            }
            let isNumber = channel.name.utf8.allSatisfy { (0x30...0x39).contains($0) }
            let name = isNumber ? "\(channel.endpoint)" : channel.name
            let key = Mix.bytes(name.utf8)
            let count = seen[key, default: 0]
            seen[key] = count + 1
            candidates[index].key = count == 0 ? key : Mix.two(key, count)
        }
    }
}

extension Channel {
    /// Fills in what a policy may know.
    ///
    /// - Returns: whether the weight is another one.
    @inline(__always)
    fileprivate func show(
        in candidate: inout Candidate, _ weight: Int, _ facts: CandidateFacts, _ tried: [UInt64],
        _ now: Instant
    ) -> Bool {
        candidate.isUsable =
            isUsable(now: now) && hasRoom && (tried.isEmpty || !tried.contains(serial))
        let hasChanged = candidate.weight != weight
        candidate.weight = weight
        guard !facts.isEmpty else { return hasChanged }
        if facts.contains(.current) { candidate.current = max(0, current) }
        if facts.contains(.bytes) { candidate.bytes = movedBytes }
        if facts.contains(.time) { candidate.nanoseconds = time(now: now) }
        if facts.contains(.latency) { candidate.latency = latency.value(now: now) }
        return hasChanged
    }

    /// Both ways, so far.
    fileprivate var movedBytes: UInt64 {
        var sum: UInt64 = 0
        for index in counters.indices { sum &+= counters[index].bytes }
        return sum
    }

    fileprivate func time(now: Instant) -> UInt64 {
        var sum: UInt64 = 0
        for index in counters.indices { sum &+= counters[index].time(now: now) }
        return sum
    }
}

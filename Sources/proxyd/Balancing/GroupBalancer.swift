internal import Shared

/// A group's policy, its channels, and the space for its candidates, so that choosing allocates nothing.
struct GroupBalancer: Sendable {
    private var balance: BalanceConfiguration
    private(set) var channels: [Channel]
    private var policy: any Policy
    private var facts: CandidateFacts
    private var candidates: [Candidate]
    private var slowStart: Duration?

    init(
        _ balance: BalanceConfiguration, _ channels: [Channel], slowStart: Duration? = nil
    ) {
        self.balance = balance
        self.channels = channels
        self.slowStart = slowStart
        policy = balance.makePolicy()
        facts = policy.facts
        candidates = channels.map { Candidate(weight: $0.weight, isUsable: true) }
        setKeys()
        policy.prepare(for: candidates)
    }

    /// Other channels, weights or settings. With other channels or weights all start even; under
    /// another policy alone, what was placed so far still counts.
    mutating func apply(
        _ settings: GroupConfiguration, _ channels: [Channel], now: Instant
    ) {
        let old = self.channels
        self.channels = channels
        let isSame =
            old.map(\.serial) == channels.map(\.serial)
            && candidates.map(\.weight) == channels.map { weight(of: $0, now: now) }
        slowStart = settings.slowStart
        let placed = Dictionary(
            zip(old.map(\.serial), candidates.map(\.sessions))
        ) { first, _ in first }
        candidates = channels.map { channel in
            var candidate = Candidate(weight: channel.weight, isUsable: true)
            candidate.sessions = placed[channel.serial] ?? 0
            return candidate
        }
        if balance != settings.balance {
            balance = settings.balance
            policy = balance.makePolicy()
            facts = policy.facts
        }
        setKeys()
        policy.prepare(for: candidates)
        if !isSame { startEven(now: now) }
    }

    /// From now on every channel's total is nought.
    mutating func startEven(now: Instant) {
        look(excluding: [], now: now)
        policy.restart(with: candidates)
    }

    var digest: UInt64? { policy.digest }

    /// Sees how the channels are now.
    mutating func look(excluding tried: [UInt64], now: Instant) {
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

    /// The channel to take, and its index; nil when none is usable.
    mutating func choose(for client: ClientKey) -> (index: Int, channel: Channel)? {
        policy.choose(among: candidates, for: client).map { ($0, channels[$0]) }
    }

    /// A session was placed there.
    mutating func placed(at index: Int) { candidates[index].sessions &+= 1 }

    /// It cannot be had after all.
    mutating func exclude(_ index: Int) { candidates[index].isUsable = false }

    private mutating func setKeys() {
        let isHostValue = facts.contains(.hostValue)
        let keys = ChannelKeys.keys(
            of: channels.map { channel in
                // The host value is of the address that is connected to.
                let address = isHostValue ? channel.firstAddress : nil
                return (channel.name, address ?? channel.endpoint)
            }, asHostValues: isHostValue)
        for index in candidates.indices { candidates[index].key = keys[index] }
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
        candidate.isFailed =
            !candidate.isUsable && weight > 0 && hasFailed(tried: tried.contains(serial), now: now)
        let hasChanged = candidate.weight != weight
        candidate.weight = weight
        guard !facts.isEmpty else { return hasChanged }
        if facts.contains(.current) { candidate.current = max(0, current) }
        if facts.contains(.bytes) { candidate.bytes = movedBytes }
        if facts.contains(.time) { candidate.nanoseconds = time(now: now) }
        if facts.contains(.latency) { candidate.latency = latency.value(now: now) }
        return hasChanged
    }

    private func hasFailed(tried: Bool, now: Instant) -> Bool {
        isSwitchedOn && !isDown && (tried || isInGrace(now: now))
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

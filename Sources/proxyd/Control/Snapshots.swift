internal import Histogram
internal import Shared

// How the daemon's objects look to those who ask.

extension ConnectPercentiles {
    init(_ times: Histogram<UInt32>) {
        self.init(p50: times.valueAtPercentile(50), p99: times.valueAtPercentile(99))
    }
}

extension Channel {
    func snapshot(connects: ConnectPercentiles?, now: Instant) -> ChannelSnapshot {
        let totals = shownTotals
        let note = note(now: now)
        var snapshot = ChannelSnapshot(
            path: path, serial: serial, state: state(now: now), address: "\(endpoint)")
        snapshot.sinceMilliseconds = now.milliseconds(since: note.since)
        snapshot.why = note.why
        snapshot.by = note.by
        snapshot.weight = UInt64(weight)
        snapshot.maxc = maxc.map { UInt64($0) }
        snapshot.current = UInt64(max(0, current))
        snapshot.total = totals.sessions
        snapshot.inBytes = totals.inBytes
        snapshot.outBytes = totals.outBytes
        snapshot.failed = totals.failures
        snapshot.connectP50Microseconds = connects?.p50
        snapshot.connectP99Microseconds = connects?.p99
        snapshot.retryMilliseconds = returns(now: now).map { $0.milliseconds(since: now) }
        snapshot.label = label
        if primaryState != nil { snapshot.isElected = isElected }
        let probed = probes.last
        snapshot.probe = probed.words
        snapshot.probeMilliseconds = probed.nanoseconds.map { $0 / 1_000_000 }
        return snapshot
    }
}

extension Listener {
    var snapshot: ListenerSnapshot {
        let totals = shownTotals
        return ListenerSnapshot(
            path: path, serial: serial, state: isOpen ? .open : .refusing,
            address: "\(endpoint)", whenEmpty: settings.whenEmpty.word,
            current: UInt64(max(0, current)), total: totals.sessions, inBytes: totals.inBytes,
            outBytes: totals.outBytes, refused: totals.failures)
    }
}

extension Service {
    /// Its groups in order; the first that has a usable channel is the active one.
    func snapshots(now: Instant) -> [GroupSnapshot] {
        var isActiveFound = false
        return groups.map { group in
            let usable = group.channels.filter { $0.isUsable(now: now) && $0.weight > 0 }
            let role: GroupRole
            if usable.isEmpty {
                role = .exhausted
            } else if !isActiveFound {
                role = .active
                isActiveFound = true
            } else {
                role = group.isSpill(now: now) ? .spill : .standby
            }
            return group.snapshot(role: role, usable: usable)
        }
    }
}

extension Group {
    fileprivate func snapshot(role: GroupRole, usable: [Channel]) -> GroupSnapshot {
        let caps = usable.map(\.maxc)
        let isBounded = caps.allSatisfy { $0 != nil }
        return GroupSnapshot(
            path: path, serial: serial, role: role, balance: balance.policy.rawValue,
            usable: UInt64(usable.count), channels: UInt64(channels.count),
            current: UInt64(channels.reduce(0) { $0 + max(0, $1.current) }),
            slots: isBounded ? UInt64(caps.reduce(0) { $0 + ($1 ?? 0) }) : nil,
            total: channels.reduce(0) { $0 &+ $1.shownTotals.sessions },
            spilled: spillCount, digest: digest.map { $0.hexadecimal },
            elected: channels.first { $0.primaryState != nil && $0.isElected }?.path)
    }
}

extension UInt64 {
    /// Sixteen digits.
    fileprivate var hexadecimal: String {
        let digits = String(self, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

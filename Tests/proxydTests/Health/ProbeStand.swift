import Glibc
import Shared

@testable import proxyd

/// A prober and one channel, on a clock that only the test moves.
final class ProbeStand {
    let prober: Prober
    let channel: Channel
    private(set) var now = Instant.at(1000)
    private(set) var result: ProbeResult?
    private(set) var changes: [ChannelState] = []

    init(
        _ endpoint: Endpoint, _ plan: ProbePlan = ProbePlan(), limit: Int = Prober.mostRunning,
        addresses: [Endpoint]? = nil, proxyProtocol: ProxyProtocolOut? = nil
    ) throws {
        prober = try Prober(limit: limit, generator: SeededGenerator(seed: 1))
        var settings = ChannelConfiguration(name: "0", endpoint: endpoint, probes: plan)
        settings.proxyProtocol = proxyProtocol
        channel = Channel(
            settings, in: "s/g", serial: 1, addresses: addresses ?? [endpoint],
            workerCount: 1, now: now)
        prober.hasChanged = { [unowned self] in changes.append($0.state(now: now)) }
    }

    deinit { prober.stop() }

    func watch() { prober.watch([channel], now: now) }

    /// Starts a probe.
    func start(_ probe: ProbeConfiguration = ProbeConfiguration()) {
        result = nil
        prober.probe(channel, with: probe) { [unowned self] in result = $0 }
        prober.meetDeadlines(now: now)
    }

    /// What a probe comes to; `serve` is the channel's part, which may keep its socket.
    func probe(
        _ probe: ProbeConfiguration = ProbeConfiguration(),
        _ serve: () throws -> TestSocket? = { nil }
    ) throws -> ProbeResult {
        start(probe)
        // The connect is through before the kernel's other end can be accepted; then it speaks.
        if result == nil { try turn() }
        let kept = try serve()
        while result == nil { try turn() }
        guard let result else { throw Missing("a result") }
        return withExtendedLifetime(kept) { result }
    }

    /// Nothing comes, and the time passes.
    func probeUntilTimeout(
        _ probe: ProbeConfiguration = ProbeConfiguration()
    ) throws -> ProbeResult {
        start(probe)
        // What the kernel answers by itself has come by now.
        while Wait.poll(prober.descriptor, POLLIN, milliseconds: 200) != nil {
            prober.resume(now: now)
        }
        pass(.seconds(2))
        guard let result else { throw Missing("a timeout") }
        return result
    }

    func accept(_ door: TestDoor) throws -> TestSocket {
        try turn()
        return try door.accept()
    }

    /// Waits for something to happen and lets the prober have it.
    func turn() throws {
        if let due = prober.nextDeadline, due <= now { return prober.meetDeadlines(now: now) }
        guard Wait.poll(prober.descriptor, POLLIN) != nil else { throw Missing("an event") }
        prober.resume(now: now)
    }

    func pass(_ time: Duration) {
        now = now.advanced(by: time)
        prober.meetDeadlines(now: now)
    }

    /// Lets the time pass from deadline to deadline until it is so.
    func until(_ isSo: () -> Bool) throws {
        for _ in 0..<1000 where !isSo() { try step() }
        guard isSo() else { throw Missing("what was waited for") }
    }

    /// Lets the next result of a watched probe come.
    func nextResult() throws {
        let before = channel.probes.count
        try until { channel.probes.count > before }
    }

    /// Until no probe runs any more.
    func finish() throws { try until { prober.runningCount == 0 } }

    private func step() throws {
        // What the kernel answers on loopback is there soon; where nobody answers the time has to pass.
        let milliseconds: CInt = prober.runningCount > 0 ? 200 : 0
        if Wait.poll(prober.descriptor, POLLIN, milliseconds: milliseconds) != nil {
            return prober.resume(now: now)
        }
        guard let due = prober.nextDeadline else { return }
        now = max(now, due)
        prober.meetDeadlines(now: now)
    }
}

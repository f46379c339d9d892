internal import Shared

/// What the supervisor remembers of channels, so that the same failure is not logged again and again.
final class ChannelWatch: Timed {
    private let core: DaemonCore
    /// Serials of services all of whose channels have failed.
    private var lost: Set<UInt64> = []
    /// Serials of channels whose names did not resolve the last time.
    private var unresolved: Set<UInt64> = []
    private var graces = GraceQueue()
    /// States have changed in this turn; what follows from it is done once, however many they were.
    private var isChanged = false
    /// Connects have failed since outages were looked for.
    private var hasFailures = false
    /// Called at most once per turn when channels' states have changed.
    var haveChanged: () -> Void = {}

    init(_ core: DaemonCore) { self.core = core }

    /// Services that have lost all their channels, or have one back.
    func lookAtOutages() {
        let now = core.now
        for service in core.topology.services {
            if lost.contains(service.serial) {
                guard service.hasProvenChannel(now: now) else { continue }
                lost.remove(service.serial)
                endGraces(of: service, now: now)
            } else if hasFailures {
                reportIfAllFailed(service, now: now)
            }
        }
        hasFailures = false
    }

    /// What had taken all of a service's channels away at once is over: the others are tried again, too.
    private func endGraces(of service: Service, now: Instant) {
        for channel in service.channels where channel.isInGrace(now: now) { channel.endGrace() }
        core.share.raiseGeneration()
    }

    /// Waits for the ends of these channels' grace times, and of no others.
    func follow(_ topology: Topology) {
        graces = GraceQueue()
        for channel in topology.channels { graces.add(channel, now: core.now) }
    }

    var nextDeadline: Instant? { isChanged ? .zero : graces.next }

    func meetDeadlines(now: Instant) {
        if graces.endExpired(now: now) {
            core.share.raiseGeneration()
            isChanged = true
        }
        guard isChanged else { return }
        isChanged = false
        haveChanged()
    }

    func forget(_ removed: [Channel]) {
        for channel in removed { unresolved.remove(channel.serial) }
    }

    // MARK: Failures

    func reportFailure(of channel: Channel, _ cause: EndReason.Cause) {
        let remedy = channel.position == .auto ? "; it waits to be enabled" : ""
        core.events.emit(
            .warning, .failed, of: .channel(channel), to: channel.state(now: core.now).rawValue,
            because: channel.errors.words(for: cause.rawValue),
            "channel \(channel.path) \(channel.endpoint) failed: "
                + channel.errors.details(of: cause.rawValue) + remedy)
        if channel.position == .auto, let messages = core.events.messages {
            let lines = messages.lines(switchedOff: channel.path, at: "\(channel.endpoint)")
            for line in lines { Log.verbatim(line, .notice) }
        }
        graces.add(channel, now: core.now)
        (isChanged, hasFailures) = (true, true)
    }

    /// When the last usable channel of a service fails within seconds of all the others, the trouble is
    /// rarely theirs. Until one of them has proven to be back it is the same outage.
    private func reportIfAllFailed(_ service: Service, now: Instant) {
        let count = service.groups.reduce(0) { $0 + $1.channels.count }
        guard count > 1, !service.isUsable(now: now),
            service.groups.allSatisfy({ group in
                group.channels.allSatisfy { $0.hasFailed(within: 5000, now: now) }
            })
        else { return }
        lost.insert(service.serial)
        core.events.emit(
            .error, .allFailed, of: .service(service), because: "\(count) channels within 5 s",
            "service \(service.name) has lost all \(count) channels within 5 s: "
                + "look at the network, or at what they have in common")
    }

    func reportReturn(of channel: Channel) {
        isChanged = true
        core.events.emit(
            .notice, .returned, of: .channel(channel), to: channel.state(now: core.now).rawValue,
            because: "connected again",
            "channel \(channel.path) \(channel.endpoint) is back: connected again")
    }

    /// Its probes have changed whether the channel is down.
    func reportProbes(of channel: Channel) {
        isChanged = true
        let told = channel.probes.last
        let reason = told.down?.why ?? "probe: \(told.words ?? "ok")"
        core.events.emit(
            channel.isDown ? .warning : .notice, channel.isDown ? .failed : .returned,
            of: .channel(channel), because: reason,
            channel.isDown
                ? "channel \(channel.path) \(channel.endpoint) is down: \(reason)"
                : "channel \(channel.path) \(channel.endpoint) is back: \(reason)")
    }

    // MARK: Names

    func resolved(_ channel: Channel, _ endpoint: Endpoint, to addresses: [Endpoint]) {
        unresolved.remove(channel.serial)
        guard let change = channel.update(addresses: addresses, of: endpoint) else { return }
        core.share.raiseGeneration()
        core.events.emit(
            .notice, .resolved, of: .channel(channel), from: Self.list(change.from),
            to: Self.list(change.to),
            "channel \(channel.path) \(channel.endpoint) has other addresses: "
                + "\(Self.list(change.from)) → \(Self.list(change.to))")
    }

    func resolvingFailed(_ channel: Channel, _ failure: Resolver.Failure) {
        // Logged once until it resolves again; the last good addresses are kept.
        guard unresolved.insert(channel.serial).inserted else { return }
        core.events.emit(
            .warning, .unresolved, of: .channel(channel), because: failure.words,
            "channel \(channel.path) \(channel.endpoint) keeps its addresses: "
                + "the name does not resolve: \(failure.words)")
    }

    private static func list(_ endpoints: [Endpoint]) -> String {
        endpoints.map { "\($0)" }.joined(separator: " ")
    }
}

extension Service {
    /// Whether a channel is usable that has connected since its last grace time.
    fileprivate func hasProvenChannel(now: Instant) -> Bool {
        groups.contains { group in
            group.channels.contains { $0.isProven && $0.isUsable(now: now) }
        }
    }
}

extension Channel {
    /// Whether it has come into its grace time at most so many milliseconds ago.
    fileprivate func hasFailed(within milliseconds: UInt64, now: Instant) -> Bool {
        isInGrace(now: now) && now.milliseconds(since: note(now: now).since) < milliseconds
    }
}

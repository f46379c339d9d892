internal import Shared

/// What the supervisor remembers of channels, so that the same failure is not logged again and again.
final class ChannelWatch: Timed {
    private let core: DaemonCore
    /// Serials of services all of whose channels have failed.
    private var lost: Set<UInt64> = []
    /// Serials of channels whose names did not resolve the last time.
    private var unresolved: Set<UInt64> = []
    /// When the next channel's grace time is over by itself.
    private(set) var nextDeadline: Instant?
    /// Called when a channel's grace time is over.
    var hasReturned: () -> Void = {}

    init(_ core: DaemonCore) { self.core = core }

    /// A channel's state has changed.
    func channelsChanged() {
        let now = core.now
        for service in core.topology.services where lost.contains(service.serial) {
            let isBack = service.channels.contains { $0.isUsable(now: now) && $0.isProven }
            guard isBack else { continue }
            lost.remove(service.serial)
            endGraces(of: service, now: now)
        }
    }

    /// What had taken all of a service's channels away at once is over: the others are tried again, too.
    private func endGraces(of service: Service, now: Instant) {
        for channel in service.channels where channel.isInGrace(now: now) { channel.endGrace() }
        core.share.raiseGeneration()
    }

    /// To be called last when a channel's state has changed.
    func schedule() {
        nextDeadline = core.topology.channels.compactMap { $0.returns(now: core.now) }.min()
    }

    func meetDeadlines(now: Instant) {
        guard let nextDeadline, nextDeadline <= now else { return }
        core.share.raiseGeneration()
        hasReturned()
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
        reportIfAllFailed(channel)
    }

    /// When the last usable channel of a service fails within seconds of all the others, the trouble is
    /// rarely theirs.
    private func reportIfAllFailed(_ channel: Channel) {
        let now = core.now
        guard let service = core.topology.services.first(where: { $0.contains(channel) }),
            service.channels.count > 1, !service.isUsable(now: now)
        else { return }
        let failedLately = service.channels.filter {
            $0.isInGrace(now: now) && now.milliseconds(since: $0.note(now: now).since) < 5000
        }
        guard failedLately.count == service.channels.count,
            // Until one of them has proven to be back it is the same outage.
            lost.insert(service.serial).inserted
        else { return }
        core.events.emit(
            .error, .allFailed, of: .service(service),
            because: "\(failedLately.count) channels within 5 s",
            "service \(service.name) has lost all \(failedLately.count) channels within 5 s: "
                + "look at the network, or at what they have in common")
    }

    func reportReturn(of channel: Channel) {
        core.events.emit(
            .notice, .returned, of: .channel(channel), to: channel.state(now: core.now).rawValue,
            because: "connected again",
            "channel \(channel.path) \(channel.endpoint) is back: connected again")
    }

    /// Its probes have changed whether the channel is down.
    func reportProbes(of channel: Channel) {
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

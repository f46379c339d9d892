internal import Shared

/// Who must know what elections come to.
protocol ElectionAudience: AnyObject {
    /// A channel has become usable, or is not any more.
    func electionChanged()
    /// Sessions of this channel are not to be kept.
    func supersede(_ channel: Channel)
    /// Something has happened.
    func tell(_ event: Event)
}

/// The elections of all `primary` groups, beside the supervisor's loop.
///
/// That loop watches `descriptor` and then calls `resume`; `nextDeadline` and `meetDeadlines` are its
/// clock.
final class Elections {
    let groups: [GroupElection]
    private let poller: Poller
    private let scripts: ScriptRunner
    private weak var audience: (any ElectionAudience)?

    init(_ topology: Topology) throws(SystemError) {
        poller = try Poller(eventsPerWait: 64)
        scripts = try ScriptRunner()
        try poller.add(scripts.descriptor, Token(.process), .readable)
        let scripts = scripts
        var groups: [GroupElection] = []
        for service in topology.services {
            for group in service.groups {
                guard let seat = group.seat else { continue }
                groups.append(
                    GroupElection(
                        group, of: service, seat: seat, number: groups.count, scripts: scripts))
            }
        }
        self.groups = groups
    }

    var descriptor: CInt { poller.number }

    /// Begins; nobody is primary before that.
    func start(for audience: any ElectionAudience) {
        self.audience = audience
        for group in groups {
            group.audience = audience
            act(group) { $0.start() }
        }
    }

    func stop() { scripts.stop() }

    // MARK: Events

    func resume(now: Instant) {
        for event in 0..<poller.wait(milliseconds: 0) {
            let (token, _) = poller[event]
            switch token.kind {
            case .process:
                scripts.resume(now: now)
                settleAll()
            case .elections where groups.indices.contains(token.slot):
                act(groups[token.slot]) { $0.resume(token) }
            default:
                break
            }
        }
    }

    var nextDeadline: Instant? {
        groups.compactMap(\.nextDeadline).reduce(scripts.nextDeadline) { min($0 ?? $1, $1) }
    }

    func meetDeadlines(now: Instant) {
        scripts.meetDeadlines(now: now)
        for group in groups { act(group) { $0.meetDeadlines(now: now) } }
    }

    // MARK: What others tell and want

    /// A client could not be connected to the primary.
    func primaryFailed(_ channel: Channel, why: String, slowly: Bool) {
        guard let group = election(of: channel) else { return }
        act(group) { $0.primaryFailed(channel, why: why, slowly: slowly) }
    }

    /// Channels may have been switched on or off.
    func lookAtSwitches() {
        for group in groups { act(group) { $0.lookAtSwitches() } }
    }

    func election(of channel: Channel) -> GroupElection? {
        groups.first { $0.seat === channel.seat }
    }

    func promote(
        _ channel: Channel, in group: GroupElection, by actor: Actor,
        then finish: @escaping (GroupElection.Outcome) -> Void
    ) {
        act(group) { $0.promote(channel, by: actor, then: finish) }
    }

    func elect(
        _ group: GroupElection, by actor: Actor,
        then finish: @escaping (GroupElection.Outcome) -> Void
    ) {
        act(group) { $0.elect(by: actor, then: finish) }
    }

    // MARK: What comes of it

    private func act(_ group: GroupElection, _ body: (GroupElection) -> Void) {
        body(group)
        settle(group)
    }

    private func settleAll() { for group in groups { settle(group) } }

    /// Watches a connect that has begun, and tells what has changed.
    private func settle(_ group: GroupElection) {
        group.watchConnect(with: poller)
        if let channel = group.takeSuperseded() { audience?.supersede(channel) }
        if group.takeChange() { audience?.electionChanged() }
        group.answer()
    }
}

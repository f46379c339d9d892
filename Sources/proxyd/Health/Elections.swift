internal import Shared

/// Who must know what elections come to.
protocol ElectionAudience: AnyObject {
    /// A channel has become usable, or is not any more.
    func electionChanged()
    /// Sessions of this channel are not to be kept.
    func supersede(_ channel: Channel)
    /// Something has happened.
    func emit(_ event: Event)

    /// What goes on within one.
    func handle(_ step: ElectionStep)
}

/// The elections of all `primary` groups, beside the supervisor's loop.
///
/// That loop watches `descriptor` and then calls `resume`; `nextDeadline` and `meetDeadlines` are its
/// clock.
final class Elections: Timed {
    private(set) var groups: [GroupElection] = []
    private let poller: Poller
    private let scripts: ScriptRunner
    private weak var audience: (any ElectionAudience)?
    private var lastNumber = 0

    /// With `showsOutput`, checks and triggers write to our own standard output and error.
    init(_ topology: Topology, showsOutput: Bool = false) throws(SystemError) {
        poller = try Poller(eventsPerWait: 64)
        scripts = try ScriptRunner(showsOutput: showsOutput)
        try poller.add(scripts.descriptor, Token(.process), .readable)
        follow(topology)
    }

    /// Holds elections in these groups and no others. Where the channels or the rules are the same, nothing
    /// happens; where they are not, the primary stays so if that is still possible.
    func follow(_ topology: Topology) {
        let old = groups
        groups = topology.services.flatMap { service in
            service.groups.compactMap { group in
                guard let primaryState = group.primaryState else { return nil }
                let present = old.first { $0.group === group }
                if let present, present.isUpToDate { return present }
                lastNumber += 1
                return GroupElection(
                    group, of: service, primaryState: primaryState, number: lastNumber,
                    scripts: scripts)
            }
        }
        for election in old where !groups.contains(where: { $0 === election }) {
            election.end()
            election.answer()
        }
        guard audience != nil else { return }
        for election in groups where !old.contains(where: { $0 === election }) {
            election.audience = audience
            act(election) { $0.start() }
        }
    }

    var descriptor: CInt { poller.number }

    /// Begins; there is no primary before that.
    func start(for audience: any ElectionAudience) {
        self.audience = audience
        for group in groups {
            group.audience = audience
            act(group) { $0.start() }
        }
    }

    func stop() { scripts.stop() }

    /// A check or a trigger runs.
    var isRunningScript: Bool { groups.contains(where: \.isRunningScript) }

    // MARK: Events

    func resume(now: Instant) {
        for event in 0..<poller.wait(milliseconds: 0) {
            let (token, _) = poller[event]
            switch token.kind {
            case .process:
                scripts.resume(now: now)
                updateAll()
            case .elections:
                guard let group = groups.first(where: { $0.number == token.slot }) else { break }
                act(group) { $0.resume(token) }
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

    // MARK: What others report and want

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
        guard let primaryState = channel.primaryState else { return nil }
        return groups.first { $0.primaryState === primaryState }
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
        update(group)
    }

    private func updateAll() { for group in groups { update(group) } }

    /// Watches a connect that has begun, and reports what has changed.
    private func update(_ group: GroupElection) {
        group.watchConnect(with: poller)
        if let channel = group.takeSuperseded() { audience?.supersede(channel) }
        if group.takeChange() { audience?.electionChanged() }
        group.answer()
    }
}

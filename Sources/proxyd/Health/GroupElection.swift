internal import Glibc
internal import Shared

/// One group's election as it really happens: `Election` decides, and this connects, runs scripts, waits
/// and names the primary.
final class GroupElection {
    /// What a person's command has come to.
    enum Outcome {
        /// This channel is primary.
        case elected(Channel)
        /// No channel would do.
        case vacant
        /// The primary stays: the other one did not do.
        case kept(Channel, why: String)
    }

    let group: Group
    let service: Service
    let primaryState: PrimaryState
    /// Not given twice.
    let number: Int
    private let channels: [Channel]
    private let endpoints: [Endpoint]
    private let settings: ElectionConfiguration
    /// Who is notified of what happens.
    weak var audience: (any ElectionAudience)?
    private let scripts: ElectionScripts
    private var election: Election
    private var isEnabled: [Bool]
    /// What has happened and is not yet dealt with.
    private var events: [Election.Event] = []
    private var isDealing = false

    private var attempt = CandidateConnect()
    private var roundDue: Instant?
    private var failbackDue: Instant?

    private var began = Instant.now
    private var last: Channel?
    private var hasChanged = false
    private var superseded: Channel?
    private var waitingForOutcome: [(Outcome) -> Void] = []
    private var outcome: Outcome?
    /// Why the last candidate that was no good was none.
    private(set) var complaint = ""

    init(
        _ group: Group, of service: Service, primaryState: PrimaryState, number: Int,
        scripts: ScriptRunner
    ) {
        self.group = group
        self.service = service
        self.primaryState = primaryState
        self.number = number
        self.scripts = ElectionScripts(group, of: service, runner: scripts)
        channels = group.channels
        endpoints = channels.map(\.endpoint)
        settings = primaryState.settings
        isEnabled = channels.map(Self.isCandidate)
        election = Election(settings, isEnabled: isEnabled)
    }

    /// Whether it is about the channels and the rules that its group has now.
    var isUpToDate: Bool {
        let present = group.channels
        return settings == primaryState.settings && channels.count == present.count
            && zip(channels, present).allSatisfy { $0 === $1 }
            && endpoints == present.map(\.endpoint)
    }

    private static func isCandidate(_ channel: Channel) -> Bool {
        channel.isSwitchedOn && channel.weight > 0
    }

    var isRunningScript: Bool { scripts.isRunning }

    var primary: Channel? { channels.first { primaryState.isHeld(by: $0.serial) } }

    // MARK: Events

    func start() {
        // Another election of this group has come to a result that still holds.
        if let index = channels.firstIndex(where: { primaryState.isHeld(by: $0.serial) }),
            isEnabled[index]
        {
            last = channels[index]
            return handle(.adopt(index))
        }
        emit(.electing, "selects a primary")
        audience?.handle(.selects)
        handle(.start)
    }

    /// Another election takes its place, or the group holds none any more.
    func end() {
        cancel()
        failbackDue = nil
        guard !waitingForOutcome.isEmpty else { return }
        complaint = "the group was changed meanwhile"
        outcome = .vacant
    }

    func primaryFailed(_ channel: Channel, why: String, slowly: Bool) {
        // Another one may have been installed while this was on its way.
        guard last === channel, !primaryState.isHeld(by: channel.serial),
            let index = index(of: channel)
        else { return }
        channel.setVerdict(isGood: false, why: why, now: .now)
        emit(
            .electing, "selects a primary: \(channel.name) \(channel.endpoint) failed: \(why)",
            .warning, because: "\(channel.name) failed: \(why)")
        audience?.handle(.selects)
        hasChanged = true
        handle(.primaryFailed(index, slowly: slowly))
    }

    func lookAtSwitches() {
        for (index, channel) in channels.enumerated() {
            let isEnabled = Self.isCandidate(channel)
            guard isEnabled != self.isEnabled[index] else { continue }
            self.isEnabled[index] = isEnabled
            handle(isEnabled ? .enabled(index) : .disabled(index))
        }
    }

    func promote(
        _ channel: Channel, by actor: Actor, then finish: @escaping (Outcome) -> Void
    ) {
        guard let index = index(of: channel), isEnabled[index] else {
            return finish(.kept(channel, why: "it is switched off"))
        }
        if primary === channel { return finish(.elected(channel)) }
        emit(
            .electing, "is to have \(channel.name) \(channel.endpoint) as its primary: by \(actor)",
            to: channel.path, by: actor)
        waitingForOutcome.append(finish)
        handle(.promote(index))
    }

    func elect(by actor: Actor, then finish: @escaping (Outcome) -> Void) {
        emit(.electing, "selects a primary: by \(actor)", by: actor)
        audience?.handle(.selects)
        waitingForOutcome.append(finish)
        handle(.elect)
    }

    private func index(of channel: Channel) -> Int? {
        channels.firstIndex { $0 === channel }
    }

    /// Deals with one event after the other, also with those that dealing with one brings about.
    private func handle(_ event: Election.Event) {
        events.append(event)
        guard !isDealing else { return }
        isDealing = true
        defer { isDealing = false }
        while !events.isEmpty {
            for action in election.handle(events.removeFirst()) { perform(action) }
        }
    }

    private func perform(_ action: Election.Action) {
        switch action {
        case .vacate:
            began = .now
            primaryState.beginElection()
            hasChanged = true
        case .cancel: cancel()
        case .connect(let index): connect(to: channels[index])
        case .check(let index): check(channels[index])
        case .runTriggers(let index): runTriggers(on: channels[index])
        case .install(let index): install(channels[index])
        case .adjourn(let pause): adjourn(pause)
        case .keep(let index): keep(channels[index])
        case .scheduleFailback(let delay):
            failbackDue = delay.map { Instant.now.advanced(by: $0) }
        }
    }

    private func cancel() {
        attempt.end()
        scripts.cancel()
        roundDue = nil
        setCandidate(nil)
    }

    private func setCandidate(_ channel: Channel?) {
        primaryState.setCandidate(channel?.serial)
        hasChanged = true
    }

    // MARK: Connect

    private func connect(to channel: Channel) {
        cancel()
        audience?.handle(.tries("\(channel.endpoint)"))
        handle(attempt.start(to: channel, within: service.timeouts.connect), of: channel)
    }

    private func handle(_ result: CandidateConnect.Result, of channel: Channel) {
        switch result {
        case .connected: handle(.connectSucceeded)
        case .waiting: break
        case .failed(let why):
            discard(channel, why, isReachable: false)
            handle(.connectFailed)
        }
    }

    func watchConnect(with poller: borrowing Poller) {
        do throws(SystemError) {
            try attempt.watch(with: poller, group: number)
        } catch {
            // It ends with its time.
            emit(.failed, "cannot watch a connect: \(error)", .error, because: error.description)
        }
    }

    func resume(_ token: Token) {
        guard attempt.isExpected(token), let candidate else { return }
        handle(attempt.resume(to: candidate, within: service.timeouts.connect), of: candidate)
    }

    /// The channel that is being tried.
    private var candidate: Channel? {
        switch election.phase {
        case .selecting(let index, _), .changing(_, let index, _, _): channels[index]
        case .serving, .waiting: nil
        }
    }

    private func discard(_ channel: Channel, _ why: String, isReachable: Bool) {
        complaint = why
        audience?.handle(.discards("\(channel.endpoint)", isReachable: isReachable))
        let isNews = channel.state(now: .now) != .down
        channel.setVerdict(isGood: false, why: why, now: .now)
        // A failback that fails again and again is reported once.
        if case .changing(_, _, _, .failback) = election.phase, !isNews { return }
        emit(
            Event(
                .warning, .discarded, of: .channel(channel), because: why,
                line: "channel \(channel.path) \(channel.endpoint) discarded: \(why)"))
    }

    // MARK: Check and triggers

    private func check(_ channel: Channel) {
        guard let path = settings.check else { return handle(.checkPassed) }
        setCandidate(channel)
        scripts.check(channel, with: path, within: settings.checkTimeout) { [weak self] why in
            guard let self else { return }
            setCandidate(nil)
            guard let why else { return handle(.checkPassed) }
            discard(channel, why, isReachable: true)
            handle(.checkFailed)
        }
    }

    private func runTriggers(on channel: Channel) {
        let path = settings.triggers ?? ""
        audience?.handle(.selected("\(channel.endpoint)"))
        audience?.handle(.runsTriggers("\(channel.endpoint)"))
        let files = FileListing.files(at: path)
        if files == nil {
            audience?.handle(.noTriggers(at: path))
            emit(.trigger, "has no triggers to run: there is nothing at \(path)", .warning)
        }
        setCandidate(channel)
        scripts.runTriggers(
            files ?? [], on: channel, within: settings.triggerTimeout, for: audience
        ) { [weak self] in
            self?.setCandidate(nil)
            self?.handle(.triggersDone)
        }
    }

    // MARK: Results

    private func install(_ channel: Channel) {
        cancel()
        if settings.triggers == nil { audience?.handle(.selected("\(channel.endpoint)")) }
        channel.setVerdict(isGood: true, why: "elected", now: .now)
        primaryState.set(channel.serial)
        hasChanged = true
        let former = last
        if let last, last !== channel {
            last.setVerdict(isGood: last.state(now: .now) != .down, why: "not primary", now: .now)
            if settings.onChange == .close { superseded = last }
        }
        last = channel
        outcome = .elected(channel)
        let time = Age(milliseconds: Instant.now.milliseconds(since: began))
        emit(
            .elected, "has primary \(channel.name) \(channel.endpoint), selected in \(time)",
            .notice,
            from: former?.path, to: channel.path)
    }

    private func adjourn(_ pause: Duration) {
        cancel()
        primaryState.clear()
        hasChanged = true
        roundDue = Instant.now.advanced(by: pause)
        audience?.handle(.pauses(pause))
        outcome = .vacant
        emit(
            .vacant, "has no primary: no channel will do; they are tried again in \(Age(pause))",
            .error, because: complaint)
    }

    private func keep(_ channel: Channel) {
        cancel()
        outcome = .kept(channel, why: complaint)
    }

    private func emit(
        _ kind: Event.Kind, _ text: String, _ severity: Event.Severity = .notice,
        from: String? = nil, to: String? = nil, because cause: String? = nil, by actor: Actor? = nil
    ) {
        emit(
            Event(
                severity, kind, of: .group(group), from: from, to: to, because: cause, by: actor,
                line: "group \(group.path) \(text)"))
    }

    private func emit(_ event: Event) { audience?.emit(event) }

    func takeChange() -> Bool {
        defer { hasChanged = false }
        return hasChanged
    }

    func takeSuperseded() -> Channel? {
        defer { superseded = nil }
        return superseded
    }

    /// Those who asked learn what came of it.
    func answer() {
        guard let outcome else { return }
        self.outcome = nil
        let waiting = waitingForOutcome
        waitingForOutcome = []
        for finish in waiting { finish(outcome) }
    }

    // MARK: Time

    var nextDeadline: Instant? {
        [attempt.nextDeadline, roundDue, failbackDue].compactMap(\.self).min()
    }

    func meetDeadlines(now: Instant) {
        if let due = attempt.nextDeadline, due <= now, let candidate {
            let result = attempt.meetDeadline(of: candidate, within: service.timeouts.connect)
            handle(result, of: candidate)
        }
        if let roundDue, roundDue <= now {
            self.roundDue = nil
            handle(.timer)
        }
        if let failbackDue, failbackDue <= now {
            self.failbackDue = nil
            handle(.failbackDue)
        }
    }
}

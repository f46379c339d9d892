internal import Glibc
internal import Shared

/// One group's election as it really happens: `Election` decides, and this connects, runs scripts, waits
/// and names the primary.
final class GroupElection {
    /// What a person's command has come to.
    enum Outcome {
        /// This channel is primary.
        case elected(Channel)
        /// None would do.
        case nobody
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
    /// Whom to tell what happens.
    weak var audience: (any ElectionAudience)?
    private let scripts: ScriptRunner
    private var election: Election
    private var isEnabled: [Bool]
    /// What has happened and is not yet dealt with.
    private var events: [Election.Event] = []
    private var isDealing = false

    private var attempt = ConnectAttempt()
    private var script: ScriptRunner.Number?
    private var triggers: ArraySlice<String> = []
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

    /// The connect to a candidate that is under way.
    private struct ConnectAttempt: ~Copyable {
        var socket = FileDescriptor.none
        /// Tells this connect's event from one that was given up.
        var number: UInt32 = 0
        var isWatched = false
        /// When it has taken too long.
        var due: Instant?
        /// The candidate's Unix socket was busy: when it is tried again, and for how long.
        var retryAt: Instant?
        var busyUntil: Instant?
        /// The candidate's addresses that were not tried yet.
        var addressesLeft = 0
        /// Those that have failed, and the one that is tried now.
        var tried: [Endpoint] = []
    }

    init(
        _ group: Group, of service: Service, primaryState: PrimaryState, number: Int,
        scripts: ScriptRunner
    ) {
        self.group = group
        self.service = service
        self.primaryState = primaryState
        self.number = number
        self.scripts = scripts
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

    var isRunningScript: Bool { script != nil }

    var primary: Channel? { channels.first { primaryState.isHeld(by: $0.serial) } }

    // MARK: Events

    func start() {
        // Another election of this group has come to a result that still holds.
        if let index = channels.firstIndex(where: { primaryState.isHeld(by: $0.serial) }),
            isEnabled[index]
        {
            last = channels[index]
            return take(.adopt(index))
        }
        emit(.electing, "selects a primary")
        audience?.handle(.selects)
        take(.start)
    }

    /// Another one takes its place, or nobody is to be elected any more.
    func end() {
        cancel()
        failbackDue = nil
        guard !waitingForOutcome.isEmpty else { return }
        complaint = "the group was changed meanwhile"
        outcome = .nobody
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
        take(.primaryFailed(index, slowly: slowly))
    }

    func lookAtSwitches() {
        for (index, channel) in channels.enumerated() {
            let isEnabled = Self.isCandidate(channel)
            guard isEnabled != self.isEnabled[index] else { continue }
            self.isEnabled[index] = isEnabled
            take(isEnabled ? .enabled(index) : .disabled(index))
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
        take(.promote(index))
    }

    func elect(by actor: Actor, then finish: @escaping (Outcome) -> Void) {
        emit(.electing, "selects a primary: by \(actor)", by: actor)
        audience?.handle(.selects)
        waitingForOutcome.append(finish)
        take(.elect)
    }

    private func index(of channel: Channel) -> Int? {
        channels.firstIndex { $0 === channel }
    }

    /// Deals with one event after the other, also with those that dealing with one brings about.
    private func take(_ event: Election.Event) {
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
        endConnect()
        if let script { scripts.cancel(script) }
        script = nil
        roundDue = nil
        examine(nil)
    }

    private func examine(_ channel: Channel?) {
        primaryState.setCandidate(channel?.serial)
        hasChanged = true
    }

    // MARK: Connect

    private func connect(to channel: Channel) {
        cancel()
        audience?.handle(.tries("\(channel.endpoint)"))
        attempt.addressesLeft = channel.addressCount
        attempt.tried = []
        attempt.busyUntil = nil
        connectNext(of: channel)
    }

    /// Starts to connect to the channel's next address: a name may have several.
    private func connectNext(of channel: Channel) {
        endConnect()
        attempt.addressesLeft -= 1
        do throws(SystemError) {
            guard
                let address = channel.turns.next(
                    of: channel.view.addresses, excluding: attempt.tried, now: .now)
            else { throw SystemError("connect", EHOSTUNREACH) }
            if let endpoint = address.endpoint { attempt.tried.append(endpoint) }
            let started = try ChannelSocket.connect(
                to: address, deadPeer: nil,
                binding: channel.outbound?.binding(to: address, for: .unix(path: "")))
            let isConnected = started.isConnected
            attempt.socket = started.takeDescriptor()
            if isConnected { return connected() }
            attempt.number &+= 1
            attempt.due = Instant.now.advanced(by: service.timeouts.connect)
        } catch {
            let now = Instant.now
            let until = attempt.busyUntil ?? now.advanced(by: service.timeouts.connect)
            guard error.number == EAGAIN, channel.endpoint.isUnix, now < until else {
                return connectFailed(channel, SystemError.words(for: error.number))
            }
            // Its backlog is full, and no event tells when it is not any more.
            attempt.busyUntil = until
            attempt.retryAt = now.advanced(by: .milliseconds(50))
        }
    }

    private func connectFailed(_ channel: Channel, _ why: String) {
        endConnect()
        if channel.addressCount > 1, let address = attempt.tried.last {
            channel.turns.note(address, isGood: false, now: .now)
        }
        guard attempt.addressesLeft <= 0 else { return connectNext(of: channel) }
        discard(channel, why, isReachable: false)
        take(.connectFailed)
    }

    func watchConnect(with poller: borrowing Poller) {
        guard attempt.due != nil, !attempt.isWatched, attempt.socket.number >= 0 else { return }
        attempt.isWatched = true
        do throws(SystemError) {
            try poller.add(
                attempt.socket.number, Token(.elections, slot: number, generation: attempt.number),
                .writable)
        } catch {
            // It ends with its time.
            emit(.failed, "cannot watch a connect: \(error)", .error, because: error.description)
        }
    }

    func resume(_ token: Token) {
        guard token.generation == attempt.number, attempt.due != nil, let candidate else { return }
        let error = ChannelSocket.connectError(attempt.socket)
        guard error != 0 else { return connected() }
        connectFailed(candidate, SystemError.words(for: error))
    }

    /// The candidate has accepted; that was all we wanted of this connection.
    private func connected() {
        endConnect()
        take(.connectSucceeded)
    }

    private func endConnect() {
        attempt.socket = FileDescriptor.none
        (attempt.due, attempt.retryAt) = (nil, nil)
        attempt.isWatched = false
    }

    /// Whoever is being tried.
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
        // A failback that comes to nothing again and again is told once.
        if case .changing(_, _, _, .failback) = election.phase, !isNews { return }
        emit(
            Event(
                .warning, .discarded, of: .channel(channel), because: why,
                line: "channel \(channel.path) \(channel.endpoint) discarded: \(why)"))
    }

    // MARK: Check and triggers

    private func job(_ path: String, _ channel: Channel, _ timeout: Duration) -> ScriptJob {
        ScriptJob(
            path: path, arguments: ["\(channel.endpoint)"],
            environment: [
                "PROXYD_SERVICE": service.name, "PROXYD_GROUP": group.name,
                "PROXYD_CHANNEL": channel.name,
            ], timeout: timeout)
    }

    private func check(_ channel: Channel) {
        guard let path = settings.check else { return take(.checkPassed) }
        examine(channel)
        let job = job(path, channel, settings.checkTimeout)
        script = scripts.start(job, now: .now) { [weak self] result in
            self?.checkEnded(result, of: channel)
        }
    }

    private func checkEnded(_ result: ScriptResult, of channel: Channel) {
        script = nil
        examine(nil)
        guard !result.isSuccess else { return take(.checkPassed) }
        discard(channel, "check: \(result.outcome)\(result.said)", isReachable: true)
        take(.checkFailed)
    }

    private func runTriggers(on channel: Channel) {
        let path = settings.triggers ?? ""
        audience?.handle(.selected("\(channel.endpoint)"))
        audience?.handle(.runsTriggers("\(channel.endpoint)"))
        if let files = FileListing.files(at: path) {
            triggers = files[...]
        } else {
            triggers = []
            audience?.handle(.noTriggers(at: path))
            emit(.trigger, "has no triggers to run: there is nothing at \(path)", .warning)
        }
        runNextTrigger(on: channel)
    }

    /// One after the other; whatever becomes of one, the next is run.
    private func runNextTrigger(on channel: Channel) {
        guard let path = triggers.popFirst() else {
            examine(nil)
            return take(.triggersDone)
        }
        examine(channel)
        let subject = Event.Subject(kind: .trigger, name: path)
        emit(
            Event(
                .info, .trigger, of: subject, because: "\(channel.path) becomes primary",
                line: "trigger \(path) runs: \(channel.path) \(channel.endpoint) becomes primary"))
        audience?.handle(.runs(trigger: path, host: "\(channel.endpoint)"))
        let job = job(path, channel, settings.triggerTimeout)
        script = scripts.start(job, now: .now) { [weak self] result in
            guard let self else { return }
            script = nil
            if !result.isSuccess {
                audience?.handle(.failed(trigger: path, result.outcome))
                let why = "\(result.outcome)\(result.said)"
                emit(
                    Event(
                        .error, .failed, of: subject, because: why,
                        line: "trigger \(path) failed: \(why)"))
            }
            runNextTrigger(on: channel)
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
        outcome = .nobody
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
        [attempt.due, attempt.retryAt, roundDue, failbackDue].compactMap(\.self).min()
    }

    func meetDeadlines(now: Instant) {
        if let due = attempt.due, due <= now, let candidate {
            connectFailed(candidate, "timeout")
        }
        if let retryAt = attempt.retryAt, retryAt <= now, let candidate {
            (attempt.tried, attempt.addressesLeft) = ([], 1)
            connectNext(of: candidate)
        }
        if let roundDue, roundDue <= now {
            self.roundDue = nil
            take(.timer)
        }
        if let failbackDue, failbackDue <= now {
            self.failbackDue = nil
            take(.failbackDue)
        }
    }
}

extension ScriptResult {
    /// Its last line, to stand behind the outcome.
    var said: String {
        guard let line = tail.split(separator: "\n").last else { return "" }
        return ", it said: \(line.prefix(200))"
    }
}

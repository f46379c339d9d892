internal import Glibc
internal import Shared

/// The old process's part of an upgrade: start the new one, wait until it is ready, hand over, and go.
///
/// Until the last packet that hands over is sent everything can be undone: the workers only stand still, and
/// the new process moves no byte.
final class UpgradeCoordinator: Timed {
    let core: DaemonCore
    private let elections: Elections
    private let history: History
    private let privileges: Privileges
    private unowned let host: any UpgradeHost
    /// Tells the process that was started in the foreground which process is the daemon.
    private(set) var pidPipe: SuccessorPIDPipe?
    /// Another process gets ready to take over.
    private var attempt: UpgradeAttempt?
    /// Another process has taken over.
    private(set) var oldProcessDrain: OldProcessDrain?

    /// How long the new process may take to say that it serves, once everything is its own.
    private static let longestStart = Duration.seconds(5)

    init(
        _ core: DaemonCore, _ elections: Elections, _ history: History, _ privileges: Privileges,
        pidPipe: SuccessorPIDPipe?, host: any UpgradeHost
    ) {
        self.core = core
        self.elections = elections
        self.history = history
        self.privileges = privileges
        self.pidPipe = pidPipe
        self.host = host
    }

    /// Another process is the daemon.
    var isRetired: Bool { oldProcessDrain != nil }

    // MARK: Starting

    func start(
        within time: Duration, because cause: String, by actor: Actor? = nil,
        then finish: @escaping (Result<UpgradeAttempt.Outcome, ConfigurationEdit.Failure>) -> Void
    ) {
        // What cannot be is refused at once, and then nothing is read.
        guard core.options.file != nil, (try? check()) != nil else {
            return launch(nil, within: time, because: cause, by: actor, then: finish)
        }
        core.files.read(core.configurationReader) { [unowned self] result in
            // One that cannot be read counts as changed: a new program may understand it.
            let file = try? result.get().get()
            launch(file, within: time, because: cause, by: actor, then: finish)
        }
    }

    /// `file` is what the file says.
    private func launch(
        _ file: Configuration?, within time: Duration, because cause: String, by actor: Actor?,
        then finish: @escaping (Result<UpgradeAttempt.Outcome, ConfigurationEdit.Failure>) -> Void
    ) {
        let who = actor.map { "by \($0)" } ?? cause
        do throws(ConfigurationEdit.Failure) {
            let invocation = try check()
            let attempt = try launch(invocation, file, within: time, then: finish)
            self.attempt = attempt
            core.live.hold("an upgrade is under way; try again when it is over")
            core.events.emit(
                .notice, .upgrading, of: .daemon, to: String(attempt.process), because: cause,
                by: actor,
                "upgrade: \(invocation.path) is process \(attempt.process) and gets ready: \(who)"
            )
        } catch {
            core.events.emit(
                .error, .upgraded, of: .daemon, because: error.message, by: actor,
                "upgrade failed, and nothing has changed: \(error.message)")
            finish(.failure(error))
        }
    }

    private func check() throws(ConfigurationEdit.Failure) -> Invocation {
        guard attempt == nil, !isRetired else {
            throw .init(.busy, "an upgrade is under way; try again when it is over")
        }
        guard !host.isEnding else {
            throw .init(.conflict, "cannot upgrade: shutting down")
        }
        guard core.live.unconfirmed == nil else {
            throw .init(
                .conflict,
                "a change waits to be confirmed; “confirm” keeps it, “rollback” undoes it")
        }
        guard core.live.isIdle else {
            throw .init(.busy, "a change is being made; try again when it is over")
        }
        guard let invocation = core.options.invocation, core.options.file != "-" else {
            throw .init(
                .invalid,
                core.options.invocation == nil
                    ? "this daemon was not started by “proxyd run”, so nothing can be started in its place"
                    : "the configuration came from standard input, which is read already; restart instead"
            )
        }
        return invocation
    }

    private func launch(
        _ invocation: Invocation, _ file: Configuration?, within time: Duration,
        then finish: @escaping (Result<UpgradeAttempt.Outcome, ConfigurationEdit.Failure>) -> Void
    ) throws(ConfigurationEdit.Failure) -> UpgradeAttempt {
        var invocation = invocation
        // The working directory is the one that we were started in, unless we have left it since.
        if !core.options.isInBackground || core.configuration.privileges.chroot != nil {
            invocation.directory = nil
        }
        let environment =
            Spawn.inheritedEnvironment + [
                "\(OldProcessLink.variable)=\(NewProcessLauncher.connection)"
            ]
        do throws(SystemError) {
            let pair = try PacketSocket.Pair()
            let process = try privileges.passOn { () throws(SystemError) in
                try NewProcessLauncher.start(
                    invocation, environment: environment, connection: pair.other)
            }
            let connection = HandoverConnection(pair.takeOwn())
            try host.watchUpgrade(connection.number)
            return UpgradeAttempt(
                process: process, connection: connection, began: core.now,
                due: core.now.advanced(by: time), file: file, finish: finish)
        } catch {
            throw .init(.invalid, "cannot start \(invocation.path): \(error)")
        }
    }

    // MARK: What the new process says

    func resume() {
        do throws(HandoverError) {
            while let attempt, let arrival = try attempt.connection.receiveIfThere() {
                arrival.closeDescriptors()
                try handle(arrival, attempt)
            }
        } catch {
            fail(error.words, isClosed: error == .closed)
        }
    }

    private func handle(
        _ arrival: HandoverArrival, _ attempt: UpgradeAttempt
    ) throws(HandoverError) {
        switch (arrival.kind, attempt.step) {
        case (.present, .starting):
            let revision = try HandoverRevision(arrival.record)
            if let mismatch = revision.mismatch(takingOverFrom: .own) {
                throw .incompatible(mismatch)
            }
            attempt.revision = revision
            for frame in offer(attempt) { try attempt.connection.send(frame) }
            attempt.step = .preparing
        case (.refused, _): throw .refused(OldProcessLink.refusal(arrival.record))
        case (.prepared, .preparing):
            attempt.step = .settling
            quiesceIfSettled(attempt)
        case (.running, .committed):
            conclude(attempt, pause: arrival.record.number(OldProcessLink.RunningTag.pause))
        case (nil, _): break
        case (.some(let kind), _): throw .malformed("“\(kind)” comes out of its turn")
        }
    }

    private func offer(_ attempt: UpgradeAttempt) -> [HandoverFrame] {
        var offer = host.handoverOffer()
        offer.isFileUnchanged =
            core.options.file == nil || attempt.file.map { $0 == core.fileAsTaken } ?? false
        if let number = pidPipeNumber { offer.add(.pidPipe, number) }
        return offer.frames(things: core.topology.handed)
    }

    /// The pipe is made by the first upgrade. A service manager is notified in other ways, and in the background no
    /// process waits.
    private var pidPipeNumber: CInt? {
        if pidPipe == nil, !core.options.isInBackground, !host.hasServiceManager || getpid() == 1 {
            pidPipe = try? SuccessorPIDPipe()
        }
        return pidPipe?.outgoing.number
    }

    // MARK: Quiescing

    /// A check or a trigger that runs must not be run again by the new process.
    private func quiesceIfSettled(_ attempt: UpgradeAttempt) {
        guard attempt.step == .settling else { return }
        attempt.nextLook = nil
        guard !elections.isRunningScript else {
            attempt.nextLook = core.now.advanced(by: .milliseconds(50))
            return
        }
        attempt.step = .stopping
        attempt.stoodStillAt = .now
        core.workers.ask({ .quiesce(question: $0) }) { [unowned self] _ in
            guard self.attempt === attempt, attempt.step == .stopping else { return }
            core.workers.ask({ .handOver(question: $0) }) { [unowned self] replies in
                guard self.attempt === attempt, attempt.step == .stopping else { return }
                handOver(
                    replies.compactMap { reply in
                        if case .handedOver(let state) = reply { state } else { nil }
                    }, attempt)
            }
        }
    }

    private func handOver(_ states: [WorkerHandoverState], _ attempt: UpgradeAttempt) {
        let whole = states.reduce(into: WorkerHandoverState()) { $0.add($1) }
        var encoder = HandoverEncoder()
        encoder.add(
            generation: core.share.generation, lastEvent: core.events.ring.last,
            stoodStillAt: attempt.stoodStillAt, whole)
        encoder.add(core.topology, connectTimes: states.map(\.connectTimes), now: .now)
        encoder.add(whole)
        host.addState(to: &encoder)
        do throws(HandoverError) {
            for frame in encoder.frames { try attempt.connection.send(frame) }
            try attempt.connection.send(.stateEnd)
            try waitUntilTaken(attempt)
            // The service manager believes the new process only once we have named it.
            host.announceMainProcess(attempt.process)
            try attempt.connection.send(.go)
        } catch {
            host.announceMainProcess(getpid())
            return fail(error.words, isClosed: error == .closed)
        }
        attempt.step = .committed
        attempt.outcome = UpgradeAttempt.Outcome(
            process: attempt.process, version: attempt.revision.version,
            sessions: whole.sessions.count + whole.clients.count, left: whole.leftBehind)
        attempt.due = Instant.now.advanced(by: Self.longestStart)
        retire(for: attempt.process)
    }

    private func waitUntilTaken(_ attempt: UpgradeAttempt) throws(HandoverError) {
        let due = Instant.now.advanced(by: HandoverConnection.patience)
        while true {
            let arrival = try attempt.connection.receive(until: due)
            arrival.closeDescriptors()
            switch arrival.kind {
            case .taken: return
            case .refused: throw .refused(OldProcessLink.refusal(arrival.record))
            default: break
            }
        }
    }

    // MARK: Failing

    /// The new process is ended before anything goes on here, so that no byte is moved twice.
    private func fail(_ words: String, isClosed: Bool = false) {
        guard let attempt else { return }
        guard attempt.step != .committed else { return conclude(attempt, pause: nil) }
        let refusal = isClosed ? attempt.connection.lastRefusal() : nil
        let end = isClosed ? attempt.end() : nil
        if end == nil { _ = NewProcessLauncher.end(attempt.process) }
        host.unwatchUpgrade(attempt.connection.number)
        self.attempt = nil
        if attempt.step == .stopping { core.workers.send(.resume) }
        core.live.release()
        let reason =
            refusal.map(OldProcessLink.refusal) ?? end.map { "\($0) before it was ready" } ?? words
        core.events.emit(
            .error, .upgraded, of: .daemon, from: String(attempt.process), because: reason,
            "upgrade failed, and nothing has changed: \(reason)")
        attempt.finish(.failure(.init(.invalid, "\(reason); nothing has changed")))
    }

    /// The daemon ends while another process gets ready.
    func abandon() {
        if attempt?.step != .committed { fail("the daemon ends") }
    }

    // MARK: Succeeding

    private func retire(for process: pid_t) {
        // The new process may be replaced and end long before we have ended; its successor must be our child then.
        if pidPipe?.isOurs == true { Ancestry.adoptOrphans() }
        core.workers.send(.releaseAll)
        host.detach()
        oldProcessDrain = OldProcessDrain(
            process: process, until: core.options.linger.map { Instant.now.advanced(by: $0) },
            next: .now, replies: Instant.now.advanced(by: Self.longestStart + .seconds(2)))
    }

    private func conclude(_ attempt: UpgradeAttempt, pause: UInt64?) {
        self.attempt = nil
        host.unwatchUpgrade(attempt.connection.number)
        guard var outcome = attempt.outcome else { return }
        outcome.pause = pause
        guard let pause else {
            let words = "process \(outcome.process) has taken over, and does not say that it serves"
            core.events.emit(
                .error, .upgraded, of: .daemon, to: String(outcome.process), "upgrade: \(words)")
            attempt.finish(.failure(.init(.internal, words)))
            return
        }
        let left = outcome.left == 0 ? "" : "; \(outcome.left) that cannot be moved go on here"
        core.events.emit(
            .notice, .upgraded, of: .daemon, to: String(outcome.process),
            "upgrade: process \(outcome.process) has taken over \(outcome.sessions) sessions, which stood "
                + "still for \(Double(pause / 10_000) / 100) ms\(left)")
        attempt.finish(.success(outcome))
        sendHistory(over: attempt.connection)
    }

    /// Events and samples, which the new process does not wait for. If they are lost, nothing else is.
    private func sendHistory(over connection: HandoverConnection) {
        do throws(HandoverError) {
            for entry in core.events.ring.entries(since: 0).entries {
                try connection.send(.events, entry.handed)
            }
            for (serial, series) in history.all {
                try connection.send(.history, TransferredSeries(series, of: serial).fields)
            }
            try connection.send(.farewell)
        } catch {
            Log.line("upgrade: the past is not handed over whole: \(error.words)", .warning)
        }
    }

    // MARK: Time

    var nextDeadline: Instant? {
        [attempt?.nextDeadline, oldProcessDrain?.next].compactMap(\.self).min()
    }

    func meetDeadlines(now: Instant) {
        if let attempt { meetDeadlines(of: attempt, now: now) }
        endIfDrained(now: now)
    }

    private func meetDeadlines(of attempt: UpgradeAttempt, now: Instant) {
        if let look = attempt.nextLook, look <= now { quiesceIfSettled(attempt) }
        guard self.attempt === attempt, attempt.due <= now else { return }
        let time = Age(milliseconds: now.milliseconds(since: attempt.began))
        switch attempt.step {
        case .settling:
            fail("a check or a trigger of an election still runs after \(time)")
        case .committed: conclude(attempt, pause: nil)
        default: fail("process \(attempt.process) was not ready after \(time)")
        }
    }

    /// Ends this process once its last session has ended.
    private func endIfDrained(now: Instant) {
        guard let drain = oldProcessDrain, drain.next <= now, attempt == nil else { return }
        let left = core.share.admission.current
        let isOver = drain.until.map { $0 <= now } ?? false
        let areRepliesRead = !host.hasControlConnections || drain.replies <= now
        if areRepliesRead, left == 0 || isOver {
            if left > 0 {
                Log.line("\(left) sessions are left, and their time is over (--linger)", .notice)
            }
            core.isStopping = true
        }
        oldProcessDrain?.next = now.advanced(by: DaemonDrain.interval)
    }

    // MARK: Signals

    /// A signal to a process that has retired is meant for the one that is the daemon; an end ends both.
    func passOn(_ signal: SignalSource.Arrival) {
        guard let drain = oldProcessDrain else { return }
        if let pidPipe, pidPipe.isOurs, !signal.isFromKernel {
            // The process that has taken over may have been replaced in turn.
            let process = pidPipe.take() ?? drain.process
            oldProcessDrain?.process = process
            _ = kill(process, signal.number)
        }
        switch signal.number {
        case SIGTERM, SIGQUIT:
            guard let time = core.options.drain else { return }
            let until = core.now.advanced(by: time)
            oldProcessDrain?.until = min(drain.until ?? until, until)
        case SIGINT: core.isStopping = true
        default: break
        }
    }

    /// What stays where the daemon was started; nil: nothing has to. `inherited` are the numbers of passed
    /// sockets.
    func foregroundShim(without inherited: [CInt]) -> ForegroundShim? {
        guard let drain = oldProcessDrain, let pidPipe, pidPipe.isOurs else { return nil }
        let kept = (core.options.invocation?.inherited ?? []).filter { !inherited.contains($0) }
        return ForegroundShim(for: drain.process, pidPipe: pidPipe, keeping: kept)
    }
}

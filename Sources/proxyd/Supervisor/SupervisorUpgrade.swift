internal import DequeModule
internal import Glibc
internal import Shared

/// The old process's part of an upgrade: start the new one, wait until it is ready, hand over, and go.
///
/// Until the last packet that hands over is sent everything can be undone: the workers only stand still, and
/// the new process moves no byte.
extension Supervisor {
    func upgrade(
        within time: Duration, by actor: Actor,
        then finish: @escaping (Result<UpgradeAttempt.Outcome, ConfigurationEdit.Failure>) -> Void
    ) {
        upgrade(within: time, because: "upgrade", by: actor, then: finish)
    }

    func upgrade(
        within time: Duration, because cause: String, by actor: Actor? = nil,
        then finish: @escaping (Result<UpgradeAttempt.Outcome, ConfigurationEdit.Failure>) -> Void
    ) {
        let who = actor.map { "by \($0)" } ?? cause
        do throws(ConfigurationEdit.Failure) {
            let invocation = try checkUpgrade()
            let succession = try start(invocation, within: time, then: finish)
            self.succession = succession
            live.hold("an upgrade is under way; try again when it is over")
            tell(
                .notice, .upgrading, of: .daemon, to: String(succession.process), because: cause,
                by: actor,
                "upgrade: \(invocation.path) is process \(succession.process) and gets ready: \(who)"
            )
        } catch {
            tell(
                .error, .upgraded, of: .daemon, because: error.message, by: actor,
                "upgrade failed, and nothing has changed: \(error.message)")
            finish(.failure(error))
        }
    }

    private func checkUpgrade() throws(ConfigurationEdit.Failure) -> Invocation {
        guard succession == nil, retirement == nil else {
            throw .init(.busy, "an upgrade is under way; try again when it is over")
        }
        guard draining == nil, !isStopping else {
            throw .init(.conflict, "the daemon is ending, and nobody shall take over from it")
        }
        guard live.unconfirmed == nil else {
            throw .init(
                .conflict,
                "a change waits to be confirmed; “confirm” keeps it, “rollback” undoes it")
        }
        guard live.isIdle else {
            throw .init(.busy, "a change is being made; try again when it is over")
        }
        guard let invocation = options.invocation, options.file != "-" else {
            throw .init(
                .invalid,
                options.invocation == nil
                    ? "this daemon was not started by “proxyd run”, so nothing can be started in its place"
                    : "the configuration came from standard input, which is read already; restart instead"
            )
        }
        return invocation
    }

    private func start(
        _ invocation: Invocation, within time: Duration,
        then finish: @escaping (Result<UpgradeAttempt.Outcome, ConfigurationEdit.Failure>) -> Void
    ) throws(ConfigurationEdit.Failure) -> UpgradeAttempt {
        var invocation = invocation
        // Where we are is where we were started, unless we have gone elsewhere since.
        if !options.isInBackground || configuration.privileges.chroot != nil {
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
            try poller.add(connection.number, Token(.upgrade), .readable)
            return UpgradeAttempt(
                process: process, connection: connection, began: now,
                due: now.advanced(by: time), finish: finish)
        } catch {
            throw .init(.invalid, "cannot start \(invocation.path): \(error)")
        }
    }

    // MARK: What the new process says

    func resumeUpgrade() {
        do throws(HandoverError) {
            while let succession, let arrival = try succession.connection.receiveIfThere() {
                arrival.closeDescriptors()
                try hear(arrival, succession)
            }
        } catch {
            upgradeFailed(error.words, isClosed: error == .closed)
        }
    }

    private func hear(
        _ arrival: HandoverArrival, _ succession: UpgradeAttempt
    ) throws(HandoverError) {
        switch (arrival.kind, succession.step) {
        case (.present, .starting):
            let revision = try HandoverRevision(arrival.record)
            if let mismatch = revision.mismatch(takingOverFrom: .own) {
                throw .incompatible(mismatch)
            }
            succession.revision = revision
            for frame in offer() { try succession.connection.send(frame) }
            succession.step = .preparing
        case (.refused, _): throw .refused(OldProcessLink.refusal(arrival.record))
        case (.prepared, .preparing):
            succession.step = .settling
            stopWorkersIfSettled(succession)
        case (.running, .committed):
            concludeUpgrade(
                succession, pause: arrival.record.number(OldProcessLink.RunningTag.pause))
        case (nil, _): break
        case (.some(let kind), _): throw .malformed("“\(kind)” comes out of its turn")
        }
    }

    private func offer() -> [HandoverFrame] {
        var offer = HandoverOffer(revision: .own)
        offer.process = getpid()
        offer.epoch = identity.epoch
        offer.started = identity.started
        offer.upgrades = identity.upgrades
        offer.configuration = ConfigurationText.yaml(configuration)
        offer.isFileUnchanged = isFileUnchanged
        offer.hasGivenUpPrivileges = configuration.privileges.isAsked
        offer.watchdog = manager?.watchdogNanoseconds ?? 0
        offer.keepsState = keeping != nil
        offer.lastSerial = live.serials.last
        if let socket = control.listening {
            offer.descriptors = passed.handed(
                sockets, of: topology, control: (socket, control.path),
                metrics: scrapes.map { scrapes in
                    let asked = configuration.metrics.listen?.endpoint ?? scrapes.endpoint
                    return (scrapes.socket, asked, scrapes.endpoint)
                })
        }
        func add(_ role: HandoverDescriptor.Role, _ number: CInt?) {
            guard let number else { return }
            var handed = HandoverDescriptor(role)
            handed.number = number
            offer.descriptors.append(handed)
        }
        add(.pidFile, pidFile?.number)
        add(.notices, manager?.number)
        add(.post, postNumber)
        return offer.frames(things: topology.handed)
    }

    /// Whether the file says what it said when it was taken last. One that cannot be read is another one: the
    /// new program may understand it.
    private var isFileUnchanged: Bool {
        guard options.file != nil else { return true }
        guard let file = try? options.reload() else { return false }
        return file == fileAsTaken
    }

    /// Where the process that was started in the foreground hears who is the daemon; it is made by the first
    /// upgrade. A service manager is told otherwise, and in the background nobody waits.
    private var postNumber: CInt? {
        if post == nil, !options.isInBackground, manager == nil || getpid() == 1 {
            post = try? SuccessorPIDPipe()
        }
        return post?.outgoing.number
    }

    // MARK: Standing still

    /// A check or a trigger that runs must not be run again by the new process.
    private func stopWorkersIfSettled(_ succession: UpgradeAttempt) {
        guard succession.step == .settling else { return }
        succession.nextLook = nil
        guard !elections.isRunningScript else {
            succession.nextLook = now.advanced(by: .milliseconds(50))
            return
        }
        succession.step = .stopping
        succession.stoodStillAt = .now
        ask({ .quiesce(question: $0) }) { [unowned self] _ in
            guard self.succession === succession, succession.step == .stopping else { return }
            ask({ .handOver(question: $0) }) { [unowned self] answers in
                guard self.succession === succession, succession.step == .stopping else { return }
                handOver(
                    answers.compactMap { answer in
                        if case .handedOver(let estate) = answer { estate } else { nil }
                    }, succession)
            }
        }
    }

    private func handOver(_ estates: [WorkerHandoverState], _ succession: UpgradeAttempt) {
        var whole = WorkerHandoverState()
        for estate in estates {
            whole.sessions += estate.sessions
            whole.clients += estate.clients
            whole.leftBehind += estate.leftBehind
            whole.lastSession = max(whole.lastSession, estate.lastSession)
            whole.ends.merge(estate.ends, uniquingKeysWith: +)
            whole.totals.add(estate.totals)
        }
        var writer = HandoverEncoder()
        writer.add(
            generation: share.generation, lastEvent: events.last,
            stoodStillAt: succession.stoodStillAt, whole)
        writer.add(topology, connectTimes: estates.map(\.connectTimes), now: .now)
        writer.add(whole)
        for leaver in expiringSessions {
            writer.addLeavers(due: leaver.due, serials: leaver.removal.serialsInUse)
        }
        writer.addShedding(Array(shedding))
        do throws(HandoverError) {
            for frame in writer.frames { try succession.connection.send(frame) }
            try succession.connection.send(.stateEnd)
            try waitUntilTaken(succession)
            // It is believed only once we have said who it is.
            manager?.tellMainProcess(succession.process)
            try succession.connection.send(.go)
        } catch {
            manager?.tellMainProcess(getpid())
            return upgradeFailed(error.words, isClosed: error == .closed)
        }
        succession.step = .committed
        succession.outcome = UpgradeAttempt.Outcome(
            process: succession.process, version: succession.revision.version,
            sessions: whole.sessions.count + whole.clients.count, left: whole.leftBehind)
        succession.due = Instant.now.advanced(by: Self.longestStart)
        retire(for: succession.process)
    }

    private func waitUntilTaken(_ succession: UpgradeAttempt) throws(HandoverError) {
        let due = Instant.now.advanced(by: HandoverConnection.patience)
        while true {
            let arrival = try succession.connection.receive(until: due)
            arrival.closeDescriptors()
            switch arrival.kind {
            case .taken: return
            case .refused: throw .refused(OldProcessLink.refusal(arrival.record))
            default: break
            }
        }
    }

    // MARK: No

    /// The new process is ended before anything goes on here, so that no byte is moved twice.
    private func upgradeFailed(_ words: String, isClosed: Bool = false) {
        guard let succession else { return }
        guard succession.step != .committed else {
            return concludeUpgrade(succession, pause: nil)
        }
        let refusal = isClosed ? succession.connection.lastRefusal() : nil
        let end = isClosed ? succession.end() : nil
        if end == nil { _ = NewProcessLauncher.end(succession.process) }
        poller.remove(succession.connection.number)
        self.succession = nil
        if succession.step == .stopping {
            for worker in share.workers { worker.mailbox.post(.goOn) }
        }
        live.release()
        let reason =
            refusal.map(OldProcessLink.refusal) ?? end.map { "\($0) before it was ready" } ?? words
        tell(
            .error, .upgraded, of: .daemon, from: String(succession.process), because: reason,
            "upgrade failed, and nothing has changed: \(reason)")
        succession.finish(.failure(.init(.invalid, "\(reason); nothing has changed")))
    }

    func meetUpgradeDeadline() {
        guard let succession else { return }
        if let look = succession.nextLook, look <= now { stopWorkersIfSettled(succession) }
        guard succession.due <= now else { return }
        let time = Age(milliseconds: now.milliseconds(since: succession.began))
        switch succession.step {
        case .settling:
            upgradeFailed("a check or a trigger of an election still runs after \(time)")
        case .committed: concludeUpgrade(succession, pause: nil)
        default: upgradeFailed("process \(succession.process) was not ready after \(time)")
        }
    }

    /// The daemon ends while another process gets ready.
    func abandonUpgrade() {
        if succession?.step != .committed { upgradeFailed("the daemon ends") }
    }

    // MARK: Yes

    /// How long the new process may take to say that it serves, once everything is its own.
    private static let longestStart = Duration.seconds(5)

    /// Everything is another process's: what is left here ends, and nothing that is its own is touched.
    private func retire(for process: pid_t) {
        // It may be replaced and end long before we have ended here; its successor has to be our child then.
        if post?.isOurs == true { Ancestry.adoptOrphans() }
        for worker in share.workers { worker.mailbox.post(.letGo) }
        elections.stop()
        prober.stop()
        names.end()
        live.setSockets([])
        passed.forgetAll()
        pidFile?.giveAway()
        scrapes = nil
        statsd = nil
        manager = nil
        keeping = nil
        expiringSessions = []
        shedding = []
        retirement = OldProcessDrain(
            process: process, until: options.linger.map { Instant.now.advanced(by: $0) },
            next: .now, replies: Instant.now.advanced(by: Self.longestStart + .seconds(2)))
    }

    private func concludeUpgrade(_ succession: UpgradeAttempt, pause: UInt64?) {
        self.succession = nil
        poller.remove(succession.connection.number)
        guard var outcome = succession.outcome else { return }
        outcome.pause = pause
        guard let pause else {
            let words = "process \(outcome.process) has taken over, and does not say that it serves"
            tell(.error, .upgraded, of: .daemon, to: String(outcome.process), "upgrade: \(words)")
            succession.finish(.failure(.init(.internal, words)))
            control.retire(poller: poller)
            return
        }
        let left =
            outcome.left == 0
            ? "" : "; \(outcome.left) that cannot be moved go on here"
        tell(
            .notice, .upgraded, of: .daemon, to: String(outcome.process),
            "upgrade: process \(outcome.process) has taken over \(outcome.sessions) sessions, which stood "
                + "still for \(Double(pause / 10_000) / 100) ms\(left)")
        succession.finish(.success(outcome))
        control.retire(poller: poller)
        sendHistory(over: succession.connection)
    }

    /// What nobody has to wait for: events and samples. Should it be lost, no more is lost.
    private func sendHistory(over connection: HandoverConnection) {
        do throws(HandoverError) {
            for entry in events.entries(since: 0).entries {
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

    // MARK: The rest

    func endIfRetired() {
        guard let retirement, retirement.next <= now, succession == nil else { return }
        let left = share.admission.current
        let isOver = retirement.until.map { $0 <= now } ?? false
        let areRepliesRead = control.connectionCount == 0 || retirement.replies <= now
        if areRepliesRead, left == 0 || isOver {
            if left > 0 {
                Log.line("\(left) sessions are left, and their time is over (--linger)", .notice)
            }
            isStopping = true
        }
        self.retirement?.next = now.advanced(by: Self.drainInterval)
    }

    /// A signal to a process that has retired is meant for the one that is the daemon; an end ends both.
    func passOn(_ signal: SignalSource.Arrival, after retirement: OldProcessDrain) {
        if let post, post.isOurs, !signal.isFromKernel {
            // The one that has taken our place may have been replaced in turn.
            let process = post.take() ?? retirement.process
            self.retirement?.process = process
            _ = kill(process, signal.number)
        }
        switch signal.number {
        case SIGTERM, SIGQUIT:
            guard let drain = options.drain else { return }
            let until = now.advanced(by: drain)
            self.retirement?.until = min(retirement.until ?? until, until)
        case SIGINT: isStopping = true
        default: break
        }
    }

    /// Who stays where the daemon was started.
    var placeholder: ForegroundShim? {
        guard let retirement, let post, post.isOurs else { return nil }
        let kept = (options.invocation?.inherited ?? []).filter { !passedNumbers.contains($0) }
        return ForegroundShim(for: retirement.process, post: post, keeping: kept)
    }
}

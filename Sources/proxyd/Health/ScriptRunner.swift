internal import Glibc

/// Runs scripts beside the loop of the thread that made it: a few at once, the others in turn.
///
/// Its loop watches `descriptor` for reading and then calls `resume`; it waits no longer than until
/// `nextDeadline`, and then calls `meetDeadlines`. How a script ended is reported once, in
/// one of these two calls and never within `start`.
final class ScriptRunner {
    /// Tells a script that runs or waits for its turn from all others.
    typealias Number = UInt64

    private struct Waiting {
        var number: Number
        var job: ScriptJob
        /// Until when it is tried again while the script is open for writing; set by the first try.
        var giveUp: Instant?
    }

    private let poller: Poller
    private let limit: Int
    private let showsOutput: Bool
    private var scripts = SlotTable<Script>()
    private var slots: [Number: Int] = [:]
    private var queue: [Waiting] = []
    /// Scripts that are open for writing at the moment.
    private var unfinished: [Waiting] = []
    private var callbacks: [Number: (ScriptResult) -> Void] = [:]
    private var finished: [(Number, ScriptResult)] = []
    private var deadlines = DeadlineQueue()
    private var lastNumber: Number = 0
    /// Process groups of scripts that have ended, of which some process is still on its way out.
    private var orphans: [pid_t] = []
    private var lookAt: Instant?
    private var space = [UInt8](repeating: 0, count: 65_536)

    /// Scripts that may wait for their turn; past it they cannot be started.
    private static let mostWaiting = 4096
    /// Between asking a script to end and ending it.
    private static let patience = Duration.seconds(1)
    /// How long a script that is open for writing is waited for.
    private static let writersPatience = Duration.seconds(1)
    /// How often processes are looked at whose end causes no event.
    private static let lookInterval = Duration.milliseconds(20)

    /// With `showsOutput`, scripts write to our own standard output and error, and nothing of it is kept.
    init(limit: Int = 16, showsOutput: Bool = false) throws(SystemError) {
        self.limit = limit
        self.showsOutput = showsOutput
        poller = try Poller(eventsPerWait: 64)
    }

    var descriptor: CInt { poller.number }
    var runningCount: Int { scripts.count }
    var waitingCount: Int { queue.count }

    // MARK: Starting and ending

    /// Starts a script, or puts it in the queue; `finish` is called once with what became of it.
    @discardableResult
    func start(
        _ job: ScriptJob, now: Instant, then finish: @escaping (ScriptResult) -> Void
    ) -> Number {
        lastNumber += 1
        let number = lastNumber
        callbacks[number] = finish
        if scripts.count + unfinished.count < limit, queue.isEmpty {
            launch(Waiting(number: number, job: job), now: now)
        } else if queue.count < Self.mostWaiting {
            queue.append(Waiting(number: number, job: job))
        } else {
            conclude(number, .cannotStart(EAGAIN))
        }
        return number
    }

    /// Ends it at once; its callback is not called.
    func cancel(_ number: Number) {
        callbacks[number] = nil
        queue.removeAll { $0.number == number }
        unfinished.removeAll { $0.number == number }
        finished.removeAll { $0.0 == number }
        guard let slot = slots[number], let script = scripts[slot: slot] else { return }
        Spawn.signal(SIGKILL, toGroup: script.process)
    }

    /// Ends all of them, as the daemon ends.
    func stop() {
        for number in Array(slots.keys) { cancel(number) }
        queue.removeAll()
        unfinished.removeAll()
        callbacks.removeAll()
    }

    private func launch(_ waiting: Waiting, now: Instant) {
        let job = waiting.job
        do throws(SystemError) {
            let child = try Spawn(
                path: job.path, arguments: job.arguments, environment: Self.environment(job),
                sharesStreams: showsOutput)
            let script = scripts.insert { slot, generation in
                Script(
                    job, number: waiting.number, slot: slot, generation: generation, child: child,
                    now: now)
            }
            slots[waiting.number] = script.slot
            if let timeout = job.timeout {
                deadlines.schedule(slot: script.slot, at: now.advanced(by: timeout))
            }
            // Unwatched, it is looked at now and then.
            do throws(SystemError) { try script.watch(with: poller) } catch { lookSoon(now: now) }
            if !script.tellsOfItsEnd { lookSoon(now: now) }
        } catch {
            guard error.number == ETXTBSY, waitForWriter(of: waiting, now: now) else {
                return conclude(waiting.number, .cannotStart(error.number))
            }
        }
    }

    private func launchNext(now: Instant) {
        while scripts.count + unfinished.count < limit, !queue.isEmpty {
            launch(queue.removeFirst(), now: now)
        }
    }

    /// A script that is open for writing cannot be started (execve(2)). Copying another one over it is
    /// done in a moment, and neither a probe nor an election shall fail for that.
    private func waitForWriter(of waiting: Waiting, now: Instant) -> Bool {
        var waiting = waiting
        let giveUp = waiting.giveUp ?? now.advanced(by: Self.writersPatience)
        guard now < giveUp else { return false }
        waiting.giveUp = giveUp
        unfinished.append(waiting)
        lookSoon(now: now)
        return true
    }

    private static func environment(_ job: ScriptJob) -> [String] {
        let inherited = Spawn.inheritedEnvironment.filter { entry in
            let name = String(entry.prefix { $0 != "=" })
            return job.environment[name] == nil && !ProcessEnvironment.isSecret(name)
        }
        return inherited + job.environment.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }
    }

    private func conclude(_ number: Number, _ outcome: ScriptResult.Outcome) {
        finished.append((number, ScriptResult(outcome: outcome, tail: "", nanoseconds: 0)))
    }

    // MARK: Events

    func resume(now: Instant) {
        for event in 0..<poller.wait(milliseconds: 0) {
            let (token, _) = poller[event]
            guard let script = scripts[token] else { continue }
            switch token.kind {
            case .output: script.read(into: &space, poller: poller)
            case .process: finish(script, now: now)
            default: break
            }
        }
        deliver()
    }

    var nextDeadline: Instant? {
        if !finished.isEmpty { return .zero }
        return [deadlines.next, lookAt].compactMap(\.self).min()
    }

    func meetDeadlines(now: Instant) {
        while let slot = deadlines.popExpired(now: now) {
            guard let script = scripts[slot: slot] else { continue }
            script.press()
            deadlines.schedule(slot: slot, at: now.advanced(by: Self.patience))
        }
        if let lookAt, lookAt <= now { look(now: now) }
        deliver()
    }

    private func lookSoon(now: Instant) {
        if lookAt == nil { lookAt = now.advanced(by: Self.lookInterval) }
    }

    /// For kernels that report no end, and for those whose parent was a script.
    private func look(now: Instant) {
        lookAt = nil
        for slot in 0..<scripts.slotCount {
            guard let script = scripts[slot: slot] else { continue }
            script.read(into: &space, poller: poller)
            if Spawn.hasEnded(script.process) {
                finish(script, now: now)
            } else if !script.tellsOfItsEnd {
                lookSoon(now: now)
            }
        }
        orphans.removeAll { !Spawn.reapOrphans(of: $0) }
        if !orphans.isEmpty { lookSoon(now: now) }
        let again = unfinished
        unfinished = []
        for waiting in again { launch(waiting, now: now) }
        launchNext(now: now)
    }

    private func finish(_ script: Script, now: Instant) {
        guard let result = script.finish(space: &space, poller: poller, now: now) else {
            return lookSoon(now: now)
        }
        if Spawn.reapOrphans(of: script.process) {
            orphans.append(script.process)
            lookSoon(now: now)
        }
        deadlines.cancel(slot: script.slot)
        slots[script.number] = nil
        scripts.remove(slot: script.slot)
        finished.append((script.number, result))
        launchNext(now: now)
    }

    /// Tells those who wait; they may start the next script meanwhile.
    private func deliver() {
        let concluded = finished
        finished.removeAll()
        for (number, result) in concluded { callbacks.removeValue(forKey: number)?(result) }
    }
}

internal import DequeModule
internal import Shared

/// A request to change the running configuration.
struct ChangeRequest {
    /// What the configuration becomes: pure, and applied to whatever runs when its turn comes.
    var edit: (Configuration) throws(ConfigurationEdit.Failure) -> Configuration
    /// Who wants it; nil: the daemon itself.
    var actor: Actor?
    /// Whether the sessions of channels that go are ended.
    var cuts = false
    /// Undone by itself after so long unless it is confirmed.
    var confirmWithin: Duration?
    /// Files that the configuration names are read again, though it has not changed.
    var rereads = false
    /// The number of the change that it undoes, which still waits to be confirmed; nil: it undoes none.
    var undoes: UInt64?
    var finish: (Result<ChangeResult, ConfigurationEdit.Failure>) -> Void
}

/// What a change has come to.
struct ChangeResult {
    var difference: ConfigurationDifference
    /// Sessions that were ended.
    var cut = 0
    /// Listeners and channels with other certificates than before.
    var certificates: [String] = []
}

/// What the topology needs of the supervisor.
protocol TopologyAudience: AnyObject {
    /// Opens what the configuration names besides listeners, before anything is changed.
    func prepare(_ configuration: Configuration) throws(StartError)

    /// Resolves names without blocking.
    func lookUp(_ names: [Endpoint], then finish: @escaping (WorkerReply) -> Void)

    /// Does what reads files on another thread; `finish` gets what came of it, or that it takes too long.
    func readFiles<Value: Sendable>(
        _ work: @escaping @Sendable () -> Value,
        then finish: @escaping (Result<Value, ConfigurationEdit.Failure>) -> Void)

    /// The topology is another one, in force as soon as this returns.
    func topologyChanged(
        _ difference: ConfigurationDifference, by actor: Actor?, removed: [Channel])

    /// Ends the sessions of these channels; `finish` gets their number.
    func cut(_ channels: [Channel], then finish: @escaping (Int) -> Void)

    /// Ends the sessions of what was removed, for that reason; `finish` gets their number, when every worker has
    /// taken up the change.
    func end(_ removals: [Reconfiguration.Removal], then finish: @escaping (Int) -> Void)

    /// Ends those that are left after a while.
    func end(_ removal: Reconfiguration.Removal, after time: Duration)
}

/// The running configuration and what it is made of. Changes are made one after the other, each as a whole
/// or not at all.
final class LiveTopology: Timed {
    private(set) var state: Reconfiguration.State
    /// The configuration as the file had it when it was read or written last.
    var written: Configuration
    let serials: Serials
    /// Why nothing can be changed now.
    private var held: String?
    private let workerCount: Int
    private let passed: InheritedSockets
    private weak var audience: (any TopologyAudience)?
    private var waiting: Deque<ChangeRequest> = []
    private var isBusy = false
    /// What a change that waits to be confirmed has replaced, and until when it waits.
    private(set) var unconfirmed: (previous: Configuration, due: Instant, number: UInt64)?
    private var confirmableCount: UInt64 = 0

    /// More than so many waiting changes are refused.
    private static let mostWaiting = 1000

    init(
        _ state: Reconfiguration.State, serials: Serials, workerCount: Int,
        passed: InheritedSockets = InheritedSockets()
    ) {
        self.passed = passed
        self.state = state
        written = state.configuration
        self.serials = serials
        self.workerCount = workerCount
    }

    func start(for audience: any TopologyAudience) { self.audience = audience }

    /// `when-empty: refuse` closes listeners and opens them again.
    func setSockets(_ sockets: [ListeningSocket]) { state.sockets = sockets }

    // MARK: Changing

    /// Whether no change is being made.
    var isIdle: Bool { !isBusy && waiting.isEmpty }

    /// Refuses changes from now on, as another process takes over what runs.
    func hold(_ reason: String) { held = reason }

    func release() { held = nil }

    func change(_ request: ChangeRequest) {
        if let held { return request.finish(.failure(.init(.busy, held))) }
        guard waiting.count < Self.mostWaiting else {
            return request.finish(
                .failure(.init(.busy, "\(waiting.count) changes wait already; try again later")))
        }
        waiting.append(request)
        makeNext()
    }

    private func makeNext() {
        while !isBusy, let request = waiting.popFirst() {
            do throws(ConfigurationEdit.Failure) {
                try checkTurn(of: request)
                let target = try request.edit(state.configuration)
                try prepare(target, for: request)
            } catch {
                request.finish(.failure(error))
            }
        }
    }

    /// While a change waits to be confirmed, only the undoing of it is accepted; and a change that was confirmed is
    /// not undone by a request that came before.
    private func checkTurn(of request: ChangeRequest) throws(ConfigurationEdit.Failure) {
        guard request.undoes != unconfirmed?.number else { return }
        guard request.undoes == nil else {
            throw .init(.conflict, "the change was confirmed or undone meanwhile")
        }
        throw .init(
            .conflict, "a change waits to be confirmed; “confirm” keeps it, “rollback” undoes it")
    }

    private func prepare(
        _ target: Configuration, for request: ChangeRequest
    ) throws(ConfigurationEdit.Failure) {
        let names = NameLookups.needed(from: state.configuration, to: target)
        guard !names.isEmpty, let audience else {
            return try readCertificates(target, [:], for: request)
        }
        isBusy = true
        audience.lookUp(names) { [self] answer in
            goOn(with: request) { () throws(ConfigurationEdit.Failure) in
                switch answer {
                case .addresses(let addresses):
                    try readCertificates(target, addresses, for: request)
                case .noAddress(let name, let failure):
                    throw .init(.invalid, StartError(unresolved: name, failure).message)
                default: throw .init(.internal, "no answer of the resolver")
                }
            }
        }
    }

    /// On another thread, too, where any have to be read.
    private func readCertificates(
        _ target: Configuration, _ addresses: [Endpoint: [Endpoint]], for request: ChangeRequest
    ) throws(ConfigurationEdit.Failure) {
        let (old, rereads) = (state.tls, request.rereads)
        let read = { @Sendable in
            Result { () throws(StartError) in
                try TLSMaterial(target, after: old, rereads: rereads)
            }
        }
        guard let audience, TLSMaterial.readsFiles(target, after: old, rereads: rereads) else {
            return try make(target, addresses, read(), for: request)
        }
        isBusy = true
        audience.readFiles(read) { [self] result in
            goOn(with: request) { () throws(ConfigurationEdit.Failure) in
                try make(target, addresses, try result.get(), for: request)
            }
        }
    }

    /// After another thread has answered; meanwhile the other changes wait.
    private func goOn(
        with request: ChangeRequest, _ step: () throws(ConfigurationEdit.Failure) -> Void
    ) {
        isBusy = false
        do throws(ConfigurationEdit.Failure) {
            try checkTurn(of: request)
            try step()
        } catch {
            request.finish(.failure(error))
        }
        makeNext()
    }

    private func make(
        _ target: Configuration, _ addresses: [Endpoint: [Endpoint]],
        _ material: Result<TLSMaterial, StartError>, for request: ChangeRequest
    ) throws(ConfigurationEdit.Failure) {
        let tls: TLSMaterial
        do throws(StartError) {
            tls = try material.get()
        } catch {
            throw .init(.invalid, error.message)
        }
        let old = state.configuration
        let difference = ConfigurationDifference(from: old, to: target)
        guard !difference.isEmpty else {
            let certificates = request.rereads ? takeCertificates(tls) : []
            return request.finish(
                .success(ChangeResult(difference: difference, certificates: certificates)))
        }
        var change = Reconfiguration(
            from: state, to: target, addresses: addresses, tls: tls, serials: serials,
            workerCount: workerCount, now: .now, passed: passed)
        do throws(StartError) {
            try audience?.prepare(target)
            try change.open()
        } catch {
            throw .init(.invalid, error.message)
        }
        let outcome = change.commit()
        let certificates = request.rereads ? outcome.state.tls.changes(after: state.tls) : []
        state = outcome.state
        if request.rereads { reportCertificates() }
        unconfirmed = request.confirmWithin.map { within in
            confirmableCount += 1
            return (old, Instant.now.advanced(by: within), confirmableCount)
        }
        audience?.topologyChanged(difference, by: request.actor, removed: outcome.removed)
        endSessions(of: outcome, cuts: request.cuts) { count in
            request.finish(
                .success(
                    ChangeResult(difference: difference, cut: count, certificates: certificates)))
        }
    }

    /// Nothing has changed but, perhaps, what is in the files; returns whose.
    private func takeCertificates(_ tls: TLSMaterial) -> [String] {
        let changes = tls.changes(after: state.tls)
        state.tls = tls
        for listener in state.topology.listeners { listener.applyTLS(tls.servers[listener.path]) }
        for channel in state.topology.channels {
            channel.applyTLS(tls.clients[channel.path], probes: tls.probes[channel.path])
        }
        reportCertificates()
        return changes
    }

    /// Logs which certificates end soon, or could not be read.
    func reportCertificates() {
        let now = Int64(WallClock.milliseconds / 1000)
        for line in state.tls.kept + state.tls.endings(at: now) { Log.line(line, .warning) }
    }

    /// Each service says what becomes of the sessions of what it has no longer (`on-remove`), unless the
    /// request says that they are cut. `finish` gets the number of those that were ended now.
    private func endSessions(
        of outcome: Reconfiguration.Outcome, cuts: Bool, then finish: @escaping (Int) -> Void
    ) {
        guard let audience else { return finish(0) }
        for removal in outcome.removals where !cuts || removal.channels.isEmpty {
            if case .drain(let time) = removal.policy { audience.end(removal, after: time) }
        }
        let now = outcome.removals.filter { $0.policy == .cut }
        // A port is free when the last worker has let its socket go: the answer comes when it is free.
        let closes = outcome.removals.contains { !$0.listeners.isEmpty }
        let endNow = { (count: Int) in
            guard closes || !now.isEmpty else { return finish(count) }
            audience.end(now) { finish(count + $0) }
        }
        guard cuts, !outcome.removed.isEmpty else { return endNow(0) }
        audience.cut(outcome.removed, then: endNow)
    }

    // MARK: Confirming

    /// Keeps the change that waits; false when there is none.
    func confirm() -> Bool {
        defer { unconfirmed = nil }
        return unconfirmed != nil
    }

    /// Undoes the change that waits.
    func rollBack(
        by actor: Actor?,
        then finish: @escaping (Result<ChangeResult, ConfigurationEdit.Failure>) -> Void
    ) {
        guard let (previous, _, number) = unconfirmed else {
            return finish(.failure(.init(.conflict, "no change waits to be confirmed")))
        }
        change(
            ChangeRequest(
                edit: { _ in previous }, actor: actor, undoes: number, finish: finish))
    }

    var nextDeadline: Instant? { unconfirmed?.due }

    func meetDeadlines(now: Instant) {
        guard let due = unconfirmed?.due, due <= now else { return }
        // Tried once more in a while should it fail: an old listener's port may be taken by now.
        unconfirmed?.due = now.advanced(by: .seconds(1))
        rollBack(by: nil) { result in
            guard case .failure(let mistake) = result else { return }
            Log.line(
                "an unconfirmed change cannot be undone: \(mistake.message)", .error)
        }
    }
}

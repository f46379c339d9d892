internal import DequeModule
internal import Shared

/// A wish to change the running configuration.
struct ChangeRequest {
    /// What the configuration becomes: pure, and applied to whatever runs when its turn comes.
    var edit: (Configuration) throws(ConfigurationEdit.Mistake) -> Configuration
    /// Who wants it; nil: the daemon itself.
    var actor: Actor?
    /// Whether the sessions of channels that go are ended.
    var cuts = false
    /// Undone by itself after so long unless it is confirmed.
    var confirmWithin: Duration?
    /// Whether it may pass although another change waits to be confirmed: it is the undoing of that.
    var isRollback = false
    var finish: (Result<ChangeResult, ConfigurationEdit.Mistake>) -> Void
}

/// What a change has come to.
struct ChangeResult {
    var difference: ConfigurationDifference
    /// Sessions that were ended.
    var cut = 0
}

/// What the topology needs of whoever runs it.
protocol TopologyAudience: AnyObject {
    /// Opens what the configuration names besides listeners, before anything is changed.
    func prepare(_ configuration: Configuration) throws(StartError)

    /// Resolves names without blocking.
    func lookUp(_ names: [Endpoint], then finish: @escaping (Answer) -> Void)

    /// The topology is another one, in force as soon as this returns.
    func topologyChanged(
        _ difference: ConfigurationDifference, by actor: Actor?, removed: [Channel])

    /// Ends the sessions of these channels; `finish` gets their number.
    func cut(_ channels: [Channel], then finish: @escaping (Int) -> Void)
}

/// The running configuration and what it is made of. Changes are made one after the other, each as a whole
/// or not at all.
final class LiveTopology {
    private(set) var state: Reconfiguration.State
    private let serials: Serials
    private let workerCount: Int
    private weak var audience: (any TopologyAudience)?
    private var waiting: Deque<ChangeRequest> = []
    private var isBusy = false
    /// What a change that waits to be confirmed has replaced, and until when it waits.
    private(set) var unconfirmed: (previous: Configuration, due: Instant)?

    /// More than so many waiting changes are refused.
    private static let mostWaiting = 1000

    init(_ state: Reconfiguration.State, serials: Serials, workerCount: Int) {
        self.state = state
        self.serials = serials
        self.workerCount = workerCount
    }

    func start(for audience: any TopologyAudience) { self.audience = audience }

    /// `when-empty: refuse` closes listeners and opens them again.
    func setSockets(_ sockets: [ListeningSocket]) { state.sockets = sockets }

    // MARK: Changing

    func change(_ request: ChangeRequest) {
        guard waiting.count < Self.mostWaiting else {
            return request.finish(
                .failure(.init(.busy, "\(waiting.count) changes wait already; try again later")))
        }
        waiting.append(request)
        makeNext()
    }

    /// Names are looked up on another thread, and meanwhile the others wait.
    private func makeNext() {
        while !isBusy, let request = waiting.popFirst() {
            do throws(ConfigurationEdit.Mistake) {
                if unconfirmed != nil, !request.isRollback {
                    throw .init(
                        .conflict,
                        "a change waits to be confirmed; “confirm” keeps it, “rollback” undoes it")
                }
                let target = try request.edit(state.configuration)
                try prepare(target, for: request)
            } catch {
                request.finish(.failure(error))
            }
        }
    }

    private func prepare(
        _ target: Configuration, for request: ChangeRequest
    ) throws(ConfigurationEdit.Mistake) {
        let names = Reconfiguration.names(from: state.configuration, to: target)
        guard !names.isEmpty, let audience else { return try make(target, [:], for: request) }
        isBusy = true
        audience.lookUp(names) { [self] answer in
            isBusy = false
            do throws(ConfigurationEdit.Mistake) {
                switch answer {
                case .addresses(let addresses): try make(target, addresses, for: request)
                case .noAddress(let name, let failure):
                    throw .init(.invalid, StartError(unresolved: name, failure).message)
                default: throw .init(.internal, "no answer of the resolver")
                }
            } catch {
                request.finish(.failure(error))
            }
            makeNext()
        }
    }

    private func make(
        _ target: Configuration, _ addresses: [Endpoint: [Endpoint]], for request: ChangeRequest
    ) throws(ConfigurationEdit.Mistake) {
        let old = state.configuration
        let difference = ConfigurationDifference(from: old, to: target)
        guard !difference.isEmpty else {
            return request.finish(.success(ChangeResult(difference: difference)))
        }
        var change = Reconfiguration(
            from: state, to: target, addresses: addresses, serials: serials,
            workerCount: workerCount, now: .now)
        do throws(StartError) {
            try audience?.prepare(target)
            try change.open()
        } catch {
            throw .init(.invalid, error.message)
        }
        let outcome = change.commit()
        state = outcome.state
        unconfirmed = request.confirmWithin.map { (old, Instant.now.advanced(by: $0)) }
        audience?.topologyChanged(difference, by: request.actor, removed: outcome.removed)
        guard request.cuts, !outcome.removed.isEmpty, let audience else {
            return request.finish(.success(ChangeResult(difference: difference)))
        }
        audience.cut(outcome.removed) { count in
            request.finish(.success(ChangeResult(difference: difference, cut: count)))
        }
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
        then finish: @escaping (Result<ChangeResult, ConfigurationEdit.Mistake>) -> Void
    ) {
        guard let previous = unconfirmed?.previous else {
            return finish(.failure(.init(.conflict, "no change waits to be confirmed")))
        }
        change(
            ChangeRequest(
                edit: { _ in previous }, actor: actor, isRollback: true, finish: finish))
    }

    var nextDeadline: Instant? { unconfirmed?.due }

    func meetDeadlines(now: Instant) {
        guard let due = unconfirmed?.due, due <= now else { return }
        // Tried once more in a while should it fail: an old listener's port may be taken by now.
        unconfirmed?.due = now.advanced(by: .seconds(1))
        rollBack(by: nil) { result in
            guard case .failure(let mistake) = result else { return }
            Log.line(
                "a change that nobody has confirmed cannot be undone: \(mistake.message)", .error)
        }
    }
}

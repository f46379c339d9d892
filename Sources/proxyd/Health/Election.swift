/// The election of one group's primary, as decisions only: no clock, descriptor or process.
///
/// Channels are known by their place in the list. A candidate has to accept a connection and to pass
/// the check; then the triggers run, and only then sessions go there.
struct Election: Sendable {
    /// What a candidate is going through.
    enum Step: Equatable, Sendable {
        case connect, check, triggers
    }

    /// Why a primary that works may be replaced.
    enum Purpose: Equatable, Sendable {
        case promotion, failback
    }

    enum Phase: Equatable, Sendable {
        /// No channel takes sessions until the candidate, or another one, is elected.
        case selecting(candidate: Int, step: Step)
        case serving(primary: Int)
        /// `from` takes sessions until `to` has proved to be good.
        case changing(from: Int, to: Int, step: Step, Purpose)
        /// No channel would do; after a pause they are tried again.
        case waiting(backoff: Duration)
    }

    enum Event: Equatable, Sendable {
        case start
        /// This one is primary already.
        case adopt(Int)
        case connectSucceeded, connectFailed
        case checkPassed, checkFailed
        case triggersDone
        /// A client's connect failed; `slowly` when the time for it ran out.
        case primaryFailed(Int, slowly: Bool)
        /// The pause is over.
        case timer
        case failbackDue
        /// A person wants this one.
        case promote(Int)
        /// A person wants a new election.
        case elect
        case enabled(Int), disabled(Int)
    }

    enum Action: Equatable, Sendable {
        /// Sessions go nowhere until a primary is installed, which is about to happen.
        case vacate
        case connect(Int), check(Int), runTriggers(Int)
        /// Whatever is under way or waited for is of no interest any more.
        case cancel
        /// Sessions go there from now on.
        case install(Int)
        /// No channel would do; `timer` is wanted after the pause.
        case adjourn(Duration)
        /// The attempt to replace this one came to nothing.
        case keep(Int)
        /// `failbackDue` is wanted after so long; nil: not any more.
        case scheduleFailback(Duration?)
    }

    static let firstBackoff = Duration.seconds(1)

    private(set) var phase = Phase.waiting(backoff: Self.firstBackoff)
    private let settings: ElectionConfiguration
    private var isEnabled: [Bool]
    /// Who is tried if the present candidate fails.
    private var remaining: [Int] = []
    private var backoff = Self.firstBackoff
    /// The group has no primary: clients are refused at once and do not wait for the next one.
    private var isQuiet = false
    /// Who was primary last.
    private var previous: Int?

    init(_ settings: ElectionConfiguration, isEnabled: [Bool]) {
        self.settings = settings
        self.isEnabled = isEnabled
    }

    // MARK: Events

    mutating func handle(_ event: Event) -> [Action] {
        switch (event, phase) {
        case (.start, .waiting), (.elect, .waiting):
            return select()
        case (.elect, _):
            return [.cancel] + select()
        case (.adopt(let primary), .waiting):
            return adopt(primary)
        case (.timer, .waiting):
            isQuiet = true
            return beginRound()
        case (.connectSucceeded, .selecting(let candidate, .connect)):
            return connected(candidate)
        case (.connectSucceeded, .changing(let from, let to, .connect, let purpose)):
            guard settings.check != nil else { return passed(to) }
            phase = .changing(from: from, to: to, step: .check, purpose)
            return [.check(to)]
        case (.checkPassed, .selecting(let candidate, .check)),
            (.checkPassed, .changing(_, let candidate, .check, _)):
            return passed(candidate)
        case (.connectFailed, .selecting(_, .connect)), (.checkFailed, .selecting(_, .check)):
            return next()
        case (.connectFailed, .changing(let from, _, .connect, let purpose)),
            (.checkFailed, .changing(let from, _, .check, let purpose)):
            return nextReplacement(of: from, purpose)
        case (.triggersDone, .selecting(let candidate, .triggers)):
            return install(candidate)
        case (.primaryFailed(let failed, let slowly), .serving(let primary)) where failed == primary:
            return select(last: slowly ? failed : nil)
        case (.primaryFailed(let failed, _), .changing(let from, let to, let step, _))
        where failed == from:
            return becomeOnly(to, step)
        case (.failbackDue, .serving(let primary)):
            remaining = order.filter { $0 < primary }
            return nextReplacement(of: primary, .failback)
        case (.promote(let wanted), _) where isEnabled[wanted]:
            return promote(wanted)
        case (.enabled(let channel), _):
            return enabled(channel)
        case (.disabled(let channel), _):
            return disabled(channel)
        default:
            // What was true of a former candidate.
            return []
        }
    }

    private mutating func promote(_ wanted: Int) -> [Action] {
        switch phase {
        case .serving(wanted), .selecting(wanted, _), .changing(_, wanted, _, .promotion):
            return []
        case .serving(let primary), .changing(let primary, _, _, _):
            remaining = []
            phase = .changing(from: primary, to: wanted, step: .connect, .promotion)
            return [.cancel, .scheduleFailback(nil), .connect(wanted)]
        case .selecting, .waiting:
            remaining = [wanted] + order.filter { $0 != wanted }
            isQuiet = false
            return [.cancel, .vacate] + next()
        }
    }

    private mutating func enabled(_ channel: Int) -> [Action] {
        isEnabled[channel] = true
        switch phase {
        case .waiting: return [.cancel] + select()
        case .selecting: remaining.append(channel)
        case .serving: return [.scheduleFailback(failbackDelay)]
        case .changing: break
        }
        return []
    }

    private mutating func disabled(_ channel: Int) -> [Action] {
        isEnabled[channel] = false
        remaining.removeAll { $0 == channel }
        switch phase {
        case .serving(channel):
            return select()
        case .selecting(channel, _):
            return [.cancel] + next()
        case .changing(channel, let to, let step, _):
            return becomeOnly(to, step)
        case .changing(let from, channel, _, let purpose):
            return [.cancel] + nextReplacement(of: from, purpose)
        case .serving(let primary) where channel < primary:
            return [.scheduleFailback(failbackDelay)]
        case .serving, .selecting, .changing, .waiting:
            return []
        }
    }

    // MARK: Rounds

    /// Enabled channels, as they stand in the list.
    private var order: [Int] { isEnabled.indices.filter { isEnabled[$0] } }

    /// Begins a new selection, with the shortest pause again.
    private mutating func select(last: Int? = nil) -> [Action] {
        backoff = Self.firstBackoff
        isQuiet = false
        return [.scheduleFailback(nil), .vacate] + beginRound(last: last)
    }

    /// Tries everybody in order, but `last` at the end, because trying that one takes long.
    private mutating func beginRound(last: Int? = nil) -> [Action] {
        remaining = order
        if settings.prefer == .previous, let previous, isEnabled[previous] {
            remaining = [previous] + remaining.filter { $0 != previous }
        }
        if let last, isEnabled[last] { remaining = remaining.filter { $0 != last } + [last] }
        return next()
    }

    private mutating func next() -> [Action] {
        guard !remaining.isEmpty else {
            let pause = backoff
            backoff = min(pause * 2, settings.maxBackoff)
            phase = .waiting(backoff: pause)
            return [.adjourn(pause)]
        }
        let candidate = remaining.removeFirst()
        phase = .selecting(candidate: candidate, step: .connect)
        return [.connect(candidate)]
    }

    private mutating func connected(_ candidate: Int) -> [Action] {
        guard settings.check != nil else { return passed(candidate) }
        phase = .selecting(candidate: candidate, step: .check)
        return [.check(candidate)]
    }

    private mutating func passed(_ candidate: Int) -> [Action] {
        var actions: [Action] = []
        if case .changing = phase { isQuiet = true }
        if isQuiet { actions.append(.vacate) }
        isQuiet = false
        guard settings.triggers != nil else { return actions + install(candidate) }
        phase = .selecting(candidate: candidate, step: .triggers)
        remaining = order.filter { $0 != candidate }
        return actions + [.runTriggers(candidate)]
    }

    private mutating func adopt(_ primary: Int) -> [Action] {
        phase = .serving(primary: primary)
        previous = primary
        return [.scheduleFailback(failbackDelay)]
    }

    private mutating func install(_ candidate: Int) -> [Action] {
        phase = .serving(primary: candidate)
        previous = candidate
        return [.install(candidate), .scheduleFailback(failbackDelay)]
    }

    // MARK: Replacing a primary that works

    private mutating func nextReplacement(of primary: Int, _ purpose: Purpose) -> [Action] {
        guard purpose == .failback, !remaining.isEmpty else {
            phase = .serving(primary: primary)
            return [.keep(primary), .scheduleFailback(failbackDelay)]
        }
        let candidate = remaining.removeFirst()
        phase = .changing(from: primary, to: candidate, step: .connect, purpose)
        return [.connect(candidate)]
    }

    /// The primary that was to be replaced has gone meanwhile: the candidate stays one.
    private mutating func becomeOnly(_ candidate: Int, _ step: Step) -> [Action] {
        backoff = Self.firstBackoff
        remaining = order.filter { $0 != candidate }
        phase = .selecting(candidate: candidate, step: step)
        return [.vacate]
    }

    /// How long until channels before the primary are tried; nil when there is no reason to.
    private var failbackDelay: Duration? {
        guard settings.failback == .auto, case .serving(let primary) = phase,
            order.contains(where: { $0 < primary })
        else { return nil }
        return settings.failbackDelay
    }
}

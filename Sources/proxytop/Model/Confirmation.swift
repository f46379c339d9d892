internal import Shared

/// An act that waits for the operator's word.
struct Confirmation: Equatable, Sendable {
    /// So that an answer to an earlier one is not taken for one to this.
    let id: Int
    private(set) var act: Act
    /// nil: the daemon has not said yet what would happen.
    private(set) var consequence: Consequence?
    /// The daemon has no `plan`: nobody can say what would happen.
    let isBlind: Bool
    /// Of the machine, for what ends everything.
    let host: String
    /// Answers to the present question that have come.
    private var coming = Plan()
    /// Whether the daemon was asked at all.
    private(set) var isExpecting = false
    /// The number that may be typed; it stands still while sessions come and go.
    private(set) var victims: UInt64 = 0
    var typed = ""
    /// Set once it has been on the screen. Keys from before that were meant for something else.
    var isPainted = false
    /// Something the operator should see before going on.
    var warning: String?

    static let longestAnswer = 40

    init(_ act: Act, id: Int, host: String, isBlind: Bool) {
        self.id = id
        self.act = act
        self.host = host
        self.isBlind = isBlind
    }

    var tier: Consequence.Tier { consequence?.tier ?? .type }
    var needsTyping: Bool { isBlind || tier != .look }
    /// Whether it is known well enough what is agreed to.
    var isReady: Bool { consequence != nil || isBlind }

    /// What may be typed, in the order it is offered.
    var answers: [String] {
        if tier == .host { return [host] }
        switch act.verb {
        case .typed, .undo: return victims > 0 ? [String(victims)] : [act.name]
        default: break
        }
        guard act.targets.count == 1, let target = act.targets.first else {
            return [String(victims > 0 ? victims : UInt64(act.targets.count))]
        }
        if case .session(let id) = target.subject { return [String(id)] }
        return victims > 0 ? [String(victims), target.name] : [target.name, target.path]
    }

    var isAnswered: Bool { isAnswered(by: typed) }

    func isAnswered(by text: String) -> Bool {
        answers.contains(text)
            || tier == .type && act.targets.count == 1 && text == act.targets.first?.path
    }

    /// Looks again at a newer picture. False when a target is gone.
    mutating func follow(_ picture: Picture, _ window: SessionWindow) -> Bool {
        for index in act.targets.indices {
            guard let target = Act.Target(act.targets[index].subject, in: picture, window),
                target.serials == act.targets[index].serials
            else { return false }
            // A connection that has left the window keeps the name it had.
            if case .session = target.subject { continue }
            act.targets[index] = target
        }
        if isBlind { act.generation = picture.generation }
        return true
    }

    /// Whether a drain is followed by switching off.
    mutating func toggleEnd() { act.endsOff.toggle() }

    mutating func expectPlan() {
        coming = Plan()
        isExpecting = true
    }

    /// One answer of the plan; with the last one the consequence is known.
    mutating func take(
        _ attributes: [Reply.Attribute], _ lines: [String], isLast: Bool, in picture: Picture
    ) {
        coming.add(attributes, lines)
        guard isLast else { return }
        if let generation = coming.generation { act.generation = generation }
        let fresh = Consequence(act, coming, in: picture)
        if let consequence, fresh.differs(from: consequence) {
            warning = "The outcome has changed: look again."
            typed = ""
            victims = fresh.cut
        } else if consequence == nil {
            victims = fresh.cut
        }
        consequence = fresh
    }
}

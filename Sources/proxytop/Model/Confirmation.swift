internal import Shared

/// An act that waits for the operator's word.
struct Confirmation: Equatable, Sendable {
    private(set) var act: Act
    private(set) var consequence: Consequence
    /// The number that may be typed; it stands still while sessions come and go.
    private(set) var victims: UInt64
    var typed = ""
    /// Set once it has been on the screen. Keys from before that were meant for something else.
    var isPainted = false
    /// Something the operator should see before going on.
    var warning: String?

    static let longestAnswer = 40

    init(_ act: Act, in picture: Picture) {
        self.act = act
        consequence = Consequence(act.verb, act.target, in: picture)
        victims = consequence.cut
    }

    var needsTyping: Bool { consequence.tier == .type }

    /// What may be typed, in the order it is offered.
    var answers: [String] {
        victims > 0 ? [String(victims), act.target.name] : [act.target.name, act.target.path]
    }

    var isAnswered: Bool { answers.contains(typed) || typed == act.target.path }

    /// Looks again at a newer picture. False when the target is gone.
    mutating func recompute(in picture: Picture) -> Bool {
        guard let target = Act.Target(act.target.subject, in: picture),
            target.serials == act.target.serials
        else { return false }
        act.target = target
        act.generation = picture.generation
        let fresh = Consequence(act.verb, target, in: picture)
        if fresh.differs(from: consequence) {
            warning = "The outcome has changed: look again."
            typed = ""
            victims = fresh.cut
        }
        consequence = fresh
        return true
    }
}

internal import Shared

/// An act that waits for the operator's word.
struct Confirmation: Equatable, Sendable {
    /// So that an answer to an earlier one is not taken for one to this.
    let id: Int
    private(set) var act: Act
    /// nil: the daemon has not said yet what would happen.
    private(set) var consequence: Consequence?
    /// The daemon has no `plan`: the effects are not known beforehand.
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
    /// The time that is typed for what follows a drain, and whether digits go there though an answer has to be typed.
    private(set) var clock = ClockTyping()
    private(set) var isSettingTime = false
    /// Set once it has been on the screen. Keys from before that were meant for something else.
    var isPainted = false
    /// When the frame came that can be answered; nil: there was none to wait for.
    private var answerableAt: UInt64?
    /// Whether the link was slow when there was something to answer.
    private var wasSlow = false
    /// Something the operator should see before going on.
    var warning: String?

    static let longestAnswer = 40
    /// Over a slow link keys come late: what comes so soon after the question was on the screen was typed before it.
    static let flushMilliseconds: UInt64 = 400

    init(_ act: Act, id: Int, host: String, isBlind: Bool) {
        self.id = id
        self.act = act
        self.host = host
        self.isBlind = isBlind
    }

    /// The question can be answered from now on. Over a slow link it has to be on the screen first, as it is now.
    mutating func becomeAnswerable(isSlow: Bool) {
        guard isSlow, needsTyping else { return }
        wasSlow = true
        isPainted = false
    }

    /// The present frame is on the terminal.
    mutating func paint(at now: UInt64) {
        if wasSlow, answerableAt == nil, isReady { answerableAt = now }
        isPainted = true
    }

    /// Whether a key that comes now cannot be an answer to what is on the screen.
    func isTooSoon(at now: UInt64) -> Bool {
        guard let answerableAt, needsTyping else { return !isPainted }
        return !isPainted || now < answerableAt + Self.flushMilliseconds
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

    /// Looks again at a newer snapshot. False when a target is gone.
    mutating func follow(_ snapshot: DaemonSnapshot, _ window: SessionWindow) -> Bool {
        for index in act.targets.indices {
            guard let target = Act.Target(act.targets[index].subject, in: snapshot, window),
                target.serials == act.targets[index].serials
            else { return false }
            // A connection that has left the window keeps the name it had.
            if case .session = target.subject { continue }
            act.targets[index] = target
        }
        if isBlind { act.generation = snapshot.generation }
        return true
    }

    // MARK: What follows a drain

    /// Tab: off when it is empty, and digits say at what time at the latest. Where an answer is typed, the next Tab
    /// goes on to that; the last one takes it back.
    mutating func turnEnding() {
        if !act.endsOff {
            act.endsOff = true
            isSettingTime = true
        } else if isSettingTime, needsTyping {
            guard !objectsToTime() else { return }
            isSettingTime = false
        } else {
            act.endsOff = false
            act.endsAt = nil
            clock = ClockTyping()
            isSettingTime = false
        }
    }

    /// Whether digits are a time; otherwise they belong to the answer.
    var takesTime: Bool { act.endsOff && (isSettingTime || !needsTyping) }

    /// False: the key does not edit the time.
    mutating func editTime(_ key: Key, at now: Moment) -> Bool {
        switch key {
        case .character(let scalar) where clock.append(scalar): break
        case .backspace: clock.deleteLast()
        case .enter where needsTyping:
            if !objectsToTime() { isSettingTime = false }
            return true
        case .character where needsTyping:
            warning = "Digits set the time; Tab goes on to the answer."
            return true
        default: return false
        }
        warning = nil
        act.endsAt = clock.time?.next(after: now)
        return true
    }

    /// An incomplete time, or one that does not exist, cannot be confirmed.
    mutating func objectsToTime() -> Bool {
        guard !clock.isEmpty, clock.time == nil else { return false }
        warning = "Finish the time, 00:00 to 23:59, or take it back with Backspace."
        return true
    }

    /// Whether the time is still the one that was on the screen; when it has passed, it is tomorrow's now.
    mutating func isTimely(at now: Moment) -> Bool {
        guard act.endsOff, let time = clock.time else { return true }
        let next = time.next(after: now)
        guard next != act.endsAt else { return true }
        act.endsAt = next
        typed = ""
        warning = "\(time.text) has passed and means tomorrow now: look again."
        return false
    }

    /// As it was promised already.
    mutating func adopt(_ action: ScheduledActions.Action) {
        act.endsOff = true
        act.endsAt = action.dueAt
        let time = action.dueAt.map { CalendarTime(seconds: $0) }
        if let time, let typed = ClockTime(hour: time.hour, minute: time.minute) {
            clock = ClockTyping(typed)
        }
    }

    mutating func expectPlan() {
        coming = Plan()
        isExpecting = true
    }

    /// One answer of the plan; with the last one the consequence is known.
    mutating func receive(
        _ attributes: [Reply.Attribute], _ lines: [String], isLast: Bool,
        in snapshot: DaemonSnapshot
    ) {
        coming.add(attributes, lines)
        guard isLast else { return }
        if let generation = coming.generation { act.generation = generation }
        let fresh = Consequence(act, coming, in: snapshot)
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

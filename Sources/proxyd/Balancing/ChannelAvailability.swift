internal import Shared
internal import Synchronization

/// Whether a channel may take sessions, and why.
extension Channel {
    func state(now: Instant) -> ChannelState {
        switch position {
        case .off, .removed: return .off
        case .auto: return .auto
        case .draining: return .drain
        case .on: break
        }
        if isDown { return .down }
        if isInGrace(now: now) { return .grace }
        if let primaryState, primaryState.isCandidate(serial) { return .check }
        if isDiscarded.load(ordering: .relaxed), !isElected { return .down }
        return maxc.map { current >= $0 } ?? false ? .full : .up
    }

    /// Whether a new session may be placed here if there is room.
    func isUsable(now: Instant) -> Bool {
        isSwitchedOn && !isDown && !isInGrace(now: now) && isElected
    }

    /// Whether no election keeps sessions away from it.
    var isElected: Bool {
        guard let groupPrimaryState else { return true }
        return groupPrimaryState.isHeld(by: serial) || !groupPrimaryState.isUsed
    }

    var isSwitchedOn: Bool { switched.load(ordering: .relaxed) == Switch.on.rawValue }

    /// Whether something has connected since its last grace time.
    var isProven: Bool { !awaitsProof.load(ordering: .relaxed) }

    func isInGrace(now: Instant) -> Bool { graceEnd.load(ordering: .relaxed) > now.nanoseconds }

    /// Ends a grace time before it is over.
    func endGrace() { graceEnd.store(0, ordering: .relaxed) }

    /// How much of its weight a channel has that has returned, of 1, when it takes `slowStart` to get it
    /// all.
    func share(of slowStart: Duration, now: Instant) -> Double {
        let end = Instant(nanoseconds: graceEnd.load(ordering: .relaxed))
        let switchedOn = Instant(nanoseconds: returned.load(ordering: .relaxed))
        let returned = max(end, switchedOn)
        guard returned > .zero, returned <= now else { return 1 }
        let length = max(1, slowStart.wholeNanoseconds)
        return min(1, Double(now.elapsed(since: returned)) / Double(length))
    }

    /// When it returns by itself; nil when it is not in grace, or down besides.
    func returns(now: Instant) -> Instant? {
        guard !isDown else { return nil }
        let end = Instant(nanoseconds: graceEnd.load(ordering: .relaxed))
        return end > now ? end : nil
    }

    /// Since when it is in its present state, why, and by whom.
    func note(now: Instant) -> Note {
        if isSwitchedOn, let down = probes.last.down { return down }
        var note = note.withLock { $0 }
        let end = Instant(nanoseconds: graceEnd.load(ordering: .relaxed))
        if isSwitchedOn, end > .zero, end <= now {
            note = Note(since: end, why: "grace over")
        }
        if state(now: now) == .full {
            note = Note(
                since: Instant(nanoseconds: slots.filledAt.load(ordering: .relaxed)), why: "maxc")
        }
        return note
    }

    var position: Switch { Switch(rawValue: switched.load(ordering: .relaxed)) ?? .on }

    /// Moves the switch, which also ends a grace time.
    func turn(_ new: Switch, by actor: String, now: Instant) {
        switched.store(new.rawValue, ordering: .relaxed)
        graceEnd.store(0, ordering: .relaxed)
        awaitsProof.store(false, ordering: .relaxed)
        returned.store(now.nanoseconds, ordering: .relaxed)
        note.withLock { $0 = Note(since: now, why: nil, by: actor) }
    }

    /// As the previous daemon left it; no session uses it yet.
    func restore(_ position: Switch, _ note: Note) {
        switched.store(position.rawValue, ordering: .relaxed)
        self.note.withLock { $0 = note }
    }
}

internal import Shared
internal import Synchronization

/// A destination of sessions: what it is, what it may do now, and what it has carried.
///
/// One object for all workers. What changes is atomic; a slot under `maxc` is reserved before a
/// connect and given back once, whatever becomes of it.
final class Channel: Sendable {
    let serial: UInt64
    let name: String
    /// `service/group/channel`.
    let path: String
    let endpoint: Endpoint
    /// `endpoint` as it was resolved.
    let address: SocketAddress
    let label: String?
    /// Its share against its siblings.
    let weight: Int
    /// Sessions at once; nil: no limit.
    let maxc: Int?
    /// By worker.
    let counters: [TrafficCounters]
    /// Its group's, where an election says who takes the sessions.
    let seat: PrimarySeat?

    private let reserved = Atomic<Int>(0)
    private let switched = Atomic<UInt8>(Switch.on.rawValue)
    /// Nanoseconds of the monotonic clock; 0 when it is not in grace.
    private let graceEnd = Atomic<UInt64>(0)
    /// When the last free slot was taken.
    private let filledAt = Atomic<UInt64>(0)
    /// Whether it was no good when the election tried it last.
    private let isDiscarded = Atomic<Bool>(false)
    private let note: Mutex<Note>

    /// What a person has said about it.
    enum Switch: UInt8, Sendable {
        case on, draining, off
    }

    /// Why it is as it is.
    struct Note: Sendable {
        var since: Instant
        var why: String?
        var by: String?
    }

    /// A channel that nobody has tried yet; `path` is its group's.
    init(
        _ settings: ChannelConfiguration, in path: String, serial: UInt64, address: SocketAddress,
        workerCount: Int, now: Instant, seat: PrimarySeat? = nil
    ) {
        self.seat = seat
        self.serial = serial
        name = settings.name
        self.path = path + "/" + settings.name
        endpoint = settings.endpoint
        self.address = address
        label = settings.label
        weight = settings.weight
        maxc = settings.maxc
        counters = TrafficCounters.perWorker(workerCount)
        note = Mutex(Note(since: now))
    }

    /// Sessions here now, connecting ones too.
    var current: Int { reserved.load(ordering: .relaxed) }

    // MARK: Slots

    /// Takes a slot; false when `maxc` are taken.
    func reserve(now: Instant) -> Bool {
        guard let maxc else {
            reserved.wrappingAdd(1, ordering: .relaxed)
            return true
        }
        var seen = reserved.load(ordering: .relaxed)
        while seen < maxc {
            let (exchanged, original) = reserved.compareExchange(
                expected: seen, desired: seen + 1, ordering: .relaxed)
            if exchanged {
                if seen + 1 == maxc { filledAt.store(now.nanoseconds, ordering: .relaxed) }
                return true
            }
            seen = original
        }
        return false
    }

    /// Gives a slot back.
    func release() {
        let left = reserved.wrappingSubtract(1, ordering: .relaxed).newValue
        assert(left >= 0, "a slot is given back once")
    }

    // MARK: State

    func state(now: Instant) -> ChannelState {
        switch position {
        case .off: return .off
        case .draining: return .drain
        case .on: break
        }
        if isInGrace(now: now) { return .grace }
        if let seat, seat.isCandidate(serial) { return .check }
        if isDiscarded.load(ordering: .relaxed), !isElected { return .down }
        return maxc.map { current >= $0 } ?? false ? .full : .up
    }

    /// Whether a new session may be placed here if there is room.
    func isUsable(now: Instant) -> Bool {
        isSwitchedOn && !isInGrace(now: now) && isElected
    }

    /// Whether no election keeps sessions away from it.
    var isElected: Bool { seat?.isHeld(by: serial) ?? true }

    var isSwitchedOn: Bool { switched.load(ordering: .relaxed) == Switch.on.rawValue }

    func isInGrace(now: Instant) -> Bool { graceEnd.load(ordering: .relaxed) > now.nanoseconds }

    /// When it returns by itself; nil when it is not in grace.
    func returns(now: Instant) -> Instant? {
        let end = Instant(nanoseconds: graceEnd.load(ordering: .relaxed))
        return end > now ? end : nil
    }

    /// Since when it is in its present state, why, and by whom.
    func note(now: Instant) -> Note {
        var note = note.withLock { $0 }
        let end = Instant(nanoseconds: graceEnd.load(ordering: .relaxed))
        if isSwitchedOn, end > .zero, end <= now {
            note = Note(since: end, why: "grace over")
        }
        if state(now: now) == .full {
            note = Note(since: Instant(nanoseconds: filledAt.load(ordering: .relaxed)), why: "maxc")
        }
        return note
    }

    var position: Switch { Switch(rawValue: switched.load(ordering: .relaxed)) ?? .on }

    /// Moves the switch, which also ends a grace time.
    func turn(_ new: Switch, by actor: String, now: Instant) {
        switched.store(new.rawValue, ordering: .relaxed)
        graceEnd.store(0, ordering: .relaxed)
        note.withLock { $0 = Note(since: now, why: nil, by: actor) }
    }

    /// A connect has failed: it is left alone for `grace`.
    ///
    /// - Returns: whether that is news. A failure within the grace time is not, and neither is one of
    ///   a channel that was switched off while the connect was under way.
    func failed(why: String, grace: Duration, now: Instant) -> Bool {
        guard grace > .zero, isSwitchedOn else { return false }
        let end = now.advanced(by: grace).nanoseconds
        // Exchanged, so that of workers that fail at once only one has news.
        let isNews = graceEnd.exchange(end, ordering: .relaxed) <= now.nanoseconds
        note.withLock { note in
            if isNews { note = Note(since: now, why: why) } else { note.why = why }
        }
        return isNews
    }

    /// A connect has succeeded.
    ///
    /// - Returns: whether that ended a grace time.
    func succeeded(now: Instant) -> Bool {
        guard isInGrace(now: now),
            graceEnd.exchange(0, ordering: .relaxed) > now.nanoseconds
        else { return false }
        note.withLock { $0 = Note(since: now, why: "connected again") }
        return true
    }

    // MARK: Elections

    /// The election has found something out about it.
    func judge(isGood: Bool, why: String?, now: Instant) {
        isDiscarded.store(!isGood, ordering: .relaxed)
        note.withLock { $0 = Note(since: now, why: why) }
    }
}

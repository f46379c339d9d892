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
    private let book: Mutex<AddressBook>
    let label: String?
    /// Its share against its siblings.
    let weight: Int
    /// Sessions at once; nil: no limit.
    let maxc: Int?
    /// By worker.
    let counters: [TrafficCounters]
    /// How long connecting takes lately.
    let latency = PeakLatency()

    /// Its group's, which it takes its slots from too.
    private let places: Admission
    private let reserved = Atomic<Int>(0)
    private let switched = Atomic<UInt8>(Switch.on.rawValue)
    /// Nanoseconds of the monotonic clock; 0 when it is not in grace.
    private let graceEnd = Atomic<UInt64>(0)
    /// When a person switched it on again, or it connected in its grace time.
    private let returned = Atomic<UInt64>(0)
    /// When the last free slot was taken.
    private let filledAt = Atomic<UInt64>(0)
    private let note: Mutex<Note>
    private let health = Mutex(PassiveHealth())
    /// A failure has been noted since the last success, so that successes need no lock in general.
    private let hasFailed = Atomic<Bool>(false)

    /// What a person has said about it.
    enum Switch: UInt8, Sendable {
        case on, draining, off
        /// Switched off by autodisable.
        case auto
    }

    /// Why it is as it is.
    struct Note: Sendable {
        var since: Instant
        var why: String?
        var by: String?
    }

    /// A channel that nobody has tried yet; `path` is its group's.
    init(
        _ settings: ChannelConfiguration, in path: String, serial: UInt64, addresses: [Endpoint],
        workerCount: Int, now: Instant, places: Admission = Admission(limit: nil)
    ) {
        self.serial = serial
        name = settings.name
        self.path = path + "/" + settings.name
        endpoint = settings.endpoint
        book = Mutex(AddressBook(addresses))
        label = settings.label
        weight = settings.weight
        maxc = settings.maxc
        counters = TrafficCounters.perWorker(workerCount)
        self.places = places
        note = Mutex(Note(since: now))
    }

    /// Where to connect: a name's addresses in turns.
    func nextAddress() -> SocketAddress? { book.withLock { $0.next() } }

    /// The first of its addresses.
    var firstAddress: Endpoint? { book.withLock { $0.endpoints.first } }

    /// How many addresses it has.
    var addressCount: Int { book.withLock { $0.count } }

    /// Takes a new answer of the name server, and says what it changed.
    func update(addresses: [Endpoint]) -> AddressBook.Change? {
        book.withLock { $0.update(addresses) }
    }

    /// Sessions here now, connecting ones too.
    var current: Int { reserved.load(ordering: .relaxed) }

    // MARK: Slots

    /// Takes a slot; false when `maxc` are taken, or all of the group's places.
    func reserve(now: Instant) -> Bool {
        guard places.admit() else { return false }
        if takeSlot(now: now) { return true }
        places.leave()
        return false
    }

    private func takeSlot(now: Instant) -> Bool {
        guard let maxc else {
            reserved.wrappingAdd(1, ordering: .acquiringAndReleasing)
            return true
        }
        var seen = reserved.load(ordering: .relaxed)
        while seen < maxc {
            let (exchanged, original) = reserved.compareExchange(
                expected: seen, desired: seen + 1, ordering: .acquiringAndReleasing)
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
        let left = reserved.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue
        assert(left >= 0, "a slot is given back once")
        places.leave()
    }

    // MARK: State

    func state(now: Instant) -> ChannelState {
        switch position {
        case .off: return .off
        case .auto: return .auto
        case .draining: return .drain
        case .on: break
        }
        if isInGrace(now: now) { return .grace }
        return maxc.map { current >= $0 } ?? false ? .full : .up
    }

    /// Whether a new session may be placed here if there is room.
    func isUsable(now: Instant) -> Bool {
        isSwitchedOn && !isInGrace(now: now)
    }

    var isSwitchedOn: Bool { switched.load(ordering: .relaxed) == Switch.on.rawValue }

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
        returned.store(now.nanoseconds, ordering: .relaxed)
        note.withLock { $0 = Note(since: now, why: nil, by: actor) }
    }

    /// A connect has failed, and the rules say what comes of it.
    ///
    /// - Returns: whether that is news. A failure within the grace time is not, and neither is one of
    ///   a channel that was switched off while the connect was under way.
    func failed(
        why: String, grace: Duration, rules: PassiveHealthRules = PassiveHealthRules(),
        isLast: Bool = false, now: Instant
    ) -> Bool {
        guard isSwitchedOn else { return false }
        hasFailed.store(true, ordering: .relaxed)
        let verdict = health.withLock {
            $0.failed(rules, grace: grace, isLast: isLast, now: now)
        }
        switch verdict {
        case .none:
            return false
        case .auto:
            let (isNews, _) = switched.compareExchange(
                expected: Switch.on.rawValue, desired: Switch.auto.rawValue, ordering: .relaxed)
            if isNews { note.withLock { $0 = Note(since: now, why: why, by: "autodisable") } }
            return isNews
        case .grace(let length):
            return startGrace(length, why: why, now: now)
        }
    }

    private func startGrace(_ length: Duration, why: String, now: Instant) -> Bool {
        let end = now.advanced(by: length).nanoseconds
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
        if hasFailed.load(ordering: .relaxed) {
            hasFailed.store(false, ordering: .relaxed)
            health.withLock { $0.connected() }
        }
        guard isInGrace(now: now),
            graceEnd.exchange(0, ordering: .relaxed) > now.nanoseconds
        else { return false }
        returned.store(now.nanoseconds, ordering: .relaxed)
        note.withLock { $0 = Note(since: now, why: "connected again") }
        return true
    }
}

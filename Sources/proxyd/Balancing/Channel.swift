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
    private let present: CountedMutex<Present>
    private let weightNow: Atomic<Int>
    private let mostSessions: Atomic<Int>
    /// By worker.
    let counters: [TrafficCounters]
    /// By worker.
    let timings: [ChannelTimings]
    /// What has gone wrong with it lately.
    let mishaps = ChannelErrors()
    /// What `reset` has taken off the counters that tables show.
    let baseline = CounterBaseline()
    /// How long connecting takes lately.
    let latency = PeakLatency()
    /// Its group's, where an election says who takes the sessions.
    private let groupSeat: PrimaryState?
    private let leaves: CountedMutex<OutboundOptions?>
    private let hasEgress: Atomic<Bool>
    /// What was worked out of its connect times last.
    let connects = ConnectMemory()
    private let security = CountedMutex<(sessions: TLSClient?, probes: TLSClient?)>((nil, nil))
    private let isSecured = Atomic<Bool>(false)

    /// Its group's, which it takes its slots from too.
    let places: SessionLimit
    let reserved = Atomic<Int>(0)
    let switched = Atomic<UInt8>(Switch.on.rawValue)
    /// Nanoseconds of the monotonic clock; 0 when it is not in grace.
    let graceEnd = Atomic<UInt64>(0)
    /// When a person switched it on again, or it connected in its grace time.
    let returned = Atomic<UInt64>(0)
    /// When the last free slot was taken.
    let filledAt = Atomic<UInt64>(0)
    /// Whether it was no good when the election tried it last.
    let isDiscarded = Atomic<Bool>(false)
    let note: CountedMutex<Note>
    let probes = ProbeRecord()
    let health = CountedMutex(PassiveHealth())
    /// A failure has been noted since the last success, so that successes need no lock in general.
    let hasFailed = Atomic<Bool>(false)
    /// It had a grace time, and nothing has connected since.
    let awaitsProof = Atomic<Bool>(false)

    /// What it was told to be, and its endpoint as it was resolved.
    private struct Present {
        var settings: ChannelConfiguration
        var book: AddressBook
    }

    /// What a person has said about it.
    enum Switch: UInt8, Sendable {
        case on, draining, off
        /// Switched off by autodisable.
        case auto
        /// No longer in its group; running sessions go on.
        case removed
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
        workerCount: Int, now: Instant, places: SessionLimit = SessionLimit(limit: nil),
        seat: PrimaryState? = nil
    ) {
        groupSeat = seat
        self.serial = serial
        name = settings.name
        self.path = path + "/" + settings.name
        present = CountedMutex(Present(settings: settings, book: AddressBook(addresses)))
        weightNow = Atomic(settings.weight)
        mostSessions = Atomic(settings.maxc ?? Int.max)
        let egress = OutboundOptions(settings)
        leaves = CountedMutex(egress)
        hasEgress = Atomic(egress != nil)
        counters = TrafficCounters.perWorker(workerCount)
        timings = (0..<workerCount).map { _ in ChannelTimings() }
        self.places = places
        note = CountedMutex(Note(since: now))
        if !settings.isEnabled {
            switched.store(Switch.off.rawValue, ordering: .relaxed)
            note.withLock { $0.why = "enabled: false" }
        }
    }

    // MARK: Settings

    var settings: ChannelConfiguration { present.withLock { $0.settings } }
    var endpoint: Endpoint { present.withLock { $0.settings.endpoint } }
    var label: String? { present.withLock { $0.settings.label } }
    var probePlan: ProbePlan { present.withLock { $0.settings.probes } }

    /// Its share against its siblings.
    var weight: Int { weightNow.load(ordering: .relaxed) }

    /// Sessions at once; nil: no limit.
    var maxc: Int? {
        let most = mostSessions.load(ordering: .relaxed)
        return most == Int.max ? nil : most
    }

    /// Other settings from the next session on. At another address it is another place: nothing that was
    /// found out about the old one holds.
    func take(_ settings: ChannelConfiguration, addresses: [Endpoint], now: Instant) {
        let isElsewhere = present.withLock { present in
            let isElsewhere = present.settings.endpoint != settings.endpoint
            if isElsewhere { present.book = AddressBook(addresses) }
            present.settings = settings
            return isElsewhere
        }
        let egress = OutboundOptions(settings)
        leaves.withLock { $0 = egress }
        hasEgress.store(egress != nil, ordering: .relaxed)
        weightNow.store(settings.weight, ordering: .relaxed)
        let most = settings.maxc ?? Int.max
        if most <= current, most != mostSessions.load(ordering: .relaxed) {
            filledAt.store(now.nanoseconds, ordering: .relaxed)
        }
        mostSessions.store(most, ordering: .relaxed)
        guard isElsewhere else { return }
        if let seat { _ = seat.lose(serial, in: seat.term) }
        graceEnd.store(0, ordering: .relaxed)
        health.withLock { $0 = PassiveHealth() }
        _ = probes.clearDown()
        note.withLock { $0 = Note(since: now, why: "has another address") }
    }

    /// Where to connect: a name's addresses in turns.
    func nextAddress() -> SocketAddress? { present.withLock { $0.book.next() } }

    /// All of its addresses.
    var addresses: [Endpoint] { present.withLock { $0.book.endpoints } }

    /// How connections to it leave; nil: as the kernel likes.
    var egress: OutboundOptions? {
        hasEgress.load(ordering: .relaxed) ? leaves.withLock { $0 } : nil
    }

    /// TLS with it; nil: bytes go to it as they come.
    var tls: TLSClient? {
        isSecured.load(ordering: .relaxed) ? security.withLock { $0.sessions } : nil
    }

    /// TLS of probes that speak it: as sessions do, or else as is usual.
    var probeTLS: TLSClient? { security.withLock { $0.sessions ?? $0.probes } }

    /// From the next connection on.
    func takeTLS(_ tls: TLSClient?, probes: TLSClient? = nil) {
        security.withLock { $0 = (tls, probes) }
        isSecured.store(tls != nil, ordering: .relaxed)
    }

    /// Connections to it that could still be made by ports of ours, of a range that wide; nil: they take none.
    func portsLeft(range: Int) -> UInt64? {
        guard !endpoint.isUnix else { return nil }
        let ports = (egress?.ports(range: range) ?? range) * max(1, addressCount)
        return UInt64(max(0, ports - current))
    }

    /// The first of its addresses.
    var firstAddress: Endpoint? { present.withLock { $0.book.endpoints.first } }

    /// How many addresses it has.
    var addressCount: Int { present.withLock { $0.book.count } }

    /// Takes a new answer of the name server to `endpoint`, and says what it changed.
    func update(addresses: [Endpoint], of endpoint: Endpoint) -> AddressBook.Change? {
        present.withLock { present in
            // It may have been told to be elsewhere meanwhile.
            guard present.settings.endpoint == endpoint else { return nil }
            return present.book.update(addresses)
        }
    }

    /// Its group's seat, where an election says who takes the sessions; nil where none does.
    var seat: PrimaryState? { groupSeat.flatMap { $0.isUsed ? $0 : nil } }

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
        let maxc = mostSessions.load(ordering: .relaxed)
        guard maxc < Int.max else {
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
        case .off, .removed: return .off
        case .auto: return .auto
        case .draining: return .drain
        case .on: break
        }
        if isDown { return .down }
        if isInGrace(now: now) { return .grace }
        if let seat, seat.isCandidate(serial) { return .check }
        if isDiscarded.load(ordering: .relaxed), !isElected { return .down }
        return maxc.map { current >= $0 } ?? false ? .full : .up
    }

    /// Whether a new session may be placed here if there is room.
    func isUsable(now: Instant) -> Bool {
        isSwitchedOn && !isDown && !isInGrace(now: now) && isElected
    }

    /// Whether no election keeps sessions away from it.
    var isElected: Bool {
        guard let groupSeat else { return true }
        return groupSeat.isHeld(by: serial) || !groupSeat.isUsed
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
            note = Note(since: Instant(nanoseconds: filledAt.load(ordering: .relaxed)), why: "maxc")
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

    /// As it was when the daemon ended that was here before; nobody uses it yet.
    func restore(_ position: Switch, _ note: Note) {
        switched.store(position.rawValue, ordering: .relaxed)
        self.note.withLock { $0 = note }
    }

    // MARK: Probes

    /// Whether its probes say that it fails.
    var isDown: Bool { probes.isDown }

    /// Its probes have failed: no sessions until `clearDown`.
    ///
    /// - Returns: whether that is news.
    func setDown(why: String, now: Instant) -> Bool {
        probes.setDown(Note(since: now, why: why, by: "probe"))
    }

    /// Its probes are good. That ends a grace time, too, if it was down: they know better.
    ///
    /// - Returns: whether that is news.
    func clearDown(why: String, now: Instant) -> Bool {
        guard probes.clearDown() else { return false }
        guard isSwitchedOn else { return true }
        graceEnd.store(0, ordering: .relaxed)
        awaitsProof.store(false, ordering: .relaxed)
        returned.store(now.nanoseconds, ordering: .relaxed)
        note.withLock { $0 = Note(since: now, why: why, by: "probe") }
        return true
    }

    // MARK: Connects

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
        awaitsProof.store(true, ordering: .relaxed)
        note.withLock { note in
            if isNews { note = Note(since: now, why: why) } else { note.why = why }
        }
        return isNews
    }

    /// A connect has succeeded.
    ///
    /// - Returns: whether that ended a grace time, or is the first one after it.
    func succeeded(now: Instant) -> Bool {
        var isProof = false
        if hasFailed.load(ordering: .relaxed) {
            hasFailed.store(false, ordering: .relaxed)
            health.withLock { $0.connected() }
            isProof = awaitsProof.exchange(false, ordering: .relaxed)
        }
        guard isInGrace(now: now),
            graceEnd.exchange(0, ordering: .relaxed) > now.nanoseconds
        else { return isProof }
        returned.store(now.nanoseconds, ordering: .relaxed)
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

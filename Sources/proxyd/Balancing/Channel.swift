internal import Shared
internal import Synchronization

/// A destination of sessions: what it is, what it may do now, and what it has carried.
///
/// One object for all workers. Its settings are published (`ChannelView`), what changes by the
/// session is atomic, and a lock is taken only where something has gone wrong.
final class Channel: Sendable {
    let serial: UInt64
    let name: String
    /// `service/group/channel`.
    let path: String
    private let published: Published<ChannelView>
    /// Of its addresses.
    let turns = AddressTurns()
    private let weightNow: Atomic<Int>
    let slots: ChannelSlots
    /// By worker.
    let counters: [TrafficCounters]
    /// By worker.
    let timings: [ChannelTimings]
    /// What has gone wrong with it lately.
    let errors = ChannelErrors()
    /// What `reset` has taken off the counters that tables show.
    let baseline = CounterBaseline()
    /// How long connecting takes lately.
    let latency = PeakLatency()
    /// What was worked out of its connect times last.
    let connects = PercentileCache()
    /// Its group's, where an election says who takes the sessions.
    let groupPrimaryState: PrimaryState?

    let switched = Atomic<UInt8>(Switch.on.rawValue)
    /// Nanoseconds of the monotonic clock; 0 when it is not in grace.
    let graceEnd = Atomic<UInt64>(0)
    /// When a person switched it on again, or it connected in its grace time.
    let returned = Atomic<UInt64>(0)
    /// Whether it was no good when the election tried it last.
    let isDiscarded = Atomic<Bool>(false)
    let note: CountedMutex<Note>
    let probes = ProbeRecord()
    let health = CountedMutex(PassiveHealth())
    /// A failure has been noted since the last success, so that successes need no lock in general.
    let hasFailed = Atomic<Bool>(false)
    /// It had a grace time, and nothing has connected since.
    let awaitsProof = Atomic<Bool>(false)

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

    /// A channel that was not tried yet; `path` is its group's.
    init(
        _ settings: ChannelConfiguration, in path: String, serial: UInt64, addresses: [Endpoint],
        workerCount: Int, now: Instant, groupSlots: SessionLimit = SessionLimit(limit: nil),
        primaryState: PrimaryState? = nil
    ) {
        groupPrimaryState = primaryState
        self.serial = serial
        name = settings.name
        self.path = path + "/" + settings.name
        published = Published(
            ChannelView(
                settings, addresses: AddressBook(addresses), outbound: OutboundOptions(settings)),
            readerCount: workerCount)
        weightNow = Atomic(settings.weight)
        slots = ChannelSlots(maxc: settings.maxc, ofGroup: groupSlots)
        counters = TrafficCounters.perWorker(workerCount)
        timings = (0..<workerCount).map { _ in ChannelTimings() }
        note = CountedMutex(Note(since: now))
        if !settings.isEnabled {
            switched.store(Switch.off.rawValue, ordering: .relaxed)
            note.withLock { $0.why = "enabled: false" }
        }
    }

    // MARK: Settings

    /// For that worker's thread, which takes no lock.
    func view(for worker: Int) -> ChannelView { published.value(for: worker) }

    /// For everything else.
    var view: ChannelView { published.value }

    var settings: ChannelConfiguration { view.settings }
    var endpoint: Endpoint { view.settings.endpoint }
    var label: String? { view.settings.label }
    var probePlan: ProbePlan { view.settings.probes }

    /// Its share against its siblings.
    var weight: Int { weightNow.load(ordering: .relaxed) }

    /// Other settings from the next session on, with their TLS: no session meets one without the other. At another
    /// address it is another place: nothing that was found out about the old one holds.
    func apply(
        _ settings: ChannelConfiguration, addresses: [Endpoint], tls: TLSClient?,
        probes: TLSClient?, now: Instant
    ) {
        let old = view
        let isElsewhere = old.settings.endpoint != settings.endpoint
        published.publish(
            ChannelView(
                settings, addresses: isElsewhere ? AddressBook(addresses) : old.addresses,
                outbound: OutboundOptions(settings), tls: tls, probeTLS: tls ?? probes))
        weightNow.store(settings.weight, ordering: .relaxed)
        slots.setMaxc(settings.maxc, now: now)
        if isElsewhere {
            turns.forget()
            forgetHealth(now: now)
        }
    }

    private func forgetHealth(now: Instant) {
        if let primaryState { _ = primaryState.lose(serial, in: primaryState.term) }
        graceEnd.store(0, ordering: .relaxed)
        health.withLock { $0 = PassiveHealth() }
        _ = probes.clearDown()
        note.withLock { $0 = Note(since: now, why: "has another address") }
    }

    /// From the next connection on.
    func applyTLS(_ tls: TLSClient?, probes: TLSClient? = nil) {
        let (old, probeTLS) = (view, tls ?? probes)
        guard old.tls !== tls || old.probeTLS !== probeTLS else { return }
        published.publish(old.with(tls: tls, probeTLS: probeTLS))
    }

    /// How connections to it leave; nil: as the kernel likes.
    var outbound: OutboundOptions? { view.outbound }
    var tls: TLSClient? { view.tls }
    var probeTLS: TLSClient? { view.probeTLS }

    // MARK: Addresses

    /// All of its addresses.
    var addresses: [Endpoint] { view.addresses.endpoints }

    /// The first of its addresses.
    var firstAddress: Endpoint? { view.addresses.endpoints.first }

    /// How many addresses it has.
    var addressCount: Int { view.addresses.count }

    /// Takes a new answer of the name server to `endpoint`, and says what it changed.
    func update(addresses: [Endpoint], of endpoint: Endpoint) -> AddressBook.Change? {
        let old = view
        // Its address may have been changed meanwhile.
        guard old.settings.endpoint == endpoint else { return nil }
        var book = old.addresses
        let change = book.update(addresses)
        published.publish(old.with(addresses: book))
        return change
    }

    /// Connections to it that could still be made by ports of ours, of a range that wide; nil: they take none.
    func portsLeft(range: Int) -> UInt64? {
        let view = view
        guard !view.settings.endpoint.isUnix else { return nil }
        let ports = (view.outbound?.ports(range: range) ?? range) * max(1, view.addresses.count)
        return UInt64(max(0, ports - current))
    }

    /// Its group's, where an election says who takes the sessions; nil where none does.
    var primaryState: PrimaryState? { groupPrimaryState.flatMap { $0.isUsed ? $0 : nil } }

    // MARK: Measurements

    /// What all workers have measured.
    var histograms:
        (
            connect: TimeHistogram.Totals, firstByte: TimeHistogram.Totals,
            session: TimeHistogram.Totals
        )
    {
        var (connect, firstByte, session) = (
            TimeHistogram.Totals(), TimeHistogram.Totals(), TimeHistogram.Totals()
        )
        for timing in timings {
            timing.connect.add(to: &connect)
            timing.firstByte.add(to: &firstByte)
            timing.session.add(to: &session)
        }
        return (connect, firstByte, session)
    }
}

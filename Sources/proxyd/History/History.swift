/// What every channel and service did lately, sampled once a second by the supervisor, whose alone it is.
///
/// Memory is bounded twice: a series has a fixed size, and there are at most so many. What comes when all are
/// taken has no history until another one goes, and a command that asks for it gets an error.
final class History {
    /// Whose past a series is. The channel or service itself is kept, so that reading its counters needs no
    /// search.
    private struct Entry {
        enum Source {
            case channel(Channel)
            case service(Service)
        }

        let serial: UInt64
        let source: Source
        var series: SampleSeries
    }

    /// Bytes of all series together.
    static let standardLimit = 64 << 20

    let mostSeries: Int
    private var entries: [Entry] = []
    /// Things of the topology that found no room.
    private(set) var leftOut = 0
    private var generation: UInt64 = 0
    private var due = Instant.zero
    /// The second that is being sampled, and with which entry that goes on; 0: none is.
    private var second: UInt64 = 0
    private var nextEntry = 0

    /// Entries that are sampled in one turn of the loop.
    static let entriesPerTurn = 512

    init(limit: Int = standardLimit) { mostSeries = limit / SampleSeries.bytes }

    var count: Int { entries.count }

    /// When the present second is over; at once while it is being sampled.
    var nextDeadline: Instant { nextEntry > 0 ? .zero : due }

    /// Samples if a second is over, some entries per turn. `generation` tells when the topology may have changed.
    func meetDeadline(_ topology: Topology, generation: UInt64, now: Instant) {
        if nextEntry == 0 {
            guard now >= due else { return }
            if generation != self.generation || entries.isEmpty {
                follow(topology)
                self.generation = generation
            }
            second = Self.second(of: now)
            due = Instant(nanoseconds: (second + 1) * 1_000_000_000)
        }
        let end = min(nextEntry + Self.entriesPerTurn, entries.count)
        sample(nextEntry..<end, now: now)
        nextEntry = end < entries.count ? end : 0
    }

    static func second(of instant: Instant) -> UInt64 { instant.nanoseconds / 1_000_000_000 }

    /// Takes up what is new and lets go of what has been removed.
    func follow(_ topology: Topology) {
        var known: [UInt64: Int] = [:]
        for index in entries.indices { known[entries[index].serial] = index }
        var kept: [Entry] = []
        kept.reserveCapacity(entries.count)
        leftOut = 0
        func keep(_ serial: UInt64, _ source: Entry.Source) {
            guard kept.count < mostSeries else { return leftOut += 1 }
            // A change may have made another object of it, with the same past.
            let series =
                known[serial].map { entries[$0].series }
                ?? SampleSeries(from: Self.reading(of: source))
            kept.append(Entry(serial: serial, source: source, series: series))
        }
        for service in topology.services { keep(service.serial, .service(service)) }
        for channel in topology.channels { keep(channel.serial, .channel(channel)) }
        (entries, nextEntry) = (kept, 0)
    }

    private func sample(_ range: Range<Int>, now: Instant) {
        for index in range {
            let source = entries[index].source
            entries[index].series.add(
                Self.reading(of: source), current: Self.current(of: source),
                state: Self.state(of: source, now: now), second: second)
        }
    }

    private static func reading(of source: Entry.Source) -> CounterReading {
        var reading = CounterReading()
        switch source {
        case .channel(let channel):
            for counters in channel.counters { counters.add(to: &reading.traffic) }
            for timing in channel.timings {
                let connect = timing.connect.summary
                reading.connects &+= connect.count
                reading.connectNanoseconds &+= connect.nanoseconds
            }
        case .service(let service):
            for listener in service.listeners {
                for counters in listener.counters { counters.add(to: &reading.traffic) }
            }
        }
        return reading
    }

    private static func current(of source: Entry.Source) -> Int {
        switch source {
        case .channel(let channel): max(0, channel.current)
        case .service(let service): service.listeners.reduce(0) { $0 + max(0, $1.current) }
        }
    }

    private static func state(of source: Entry.Source, now: Instant) -> Sample.State {
        switch source {
        case .channel(let channel): Sample.State(channel.state(now: now))
        case .service(let service): service.isUsable(now: now) ? .usable : .exhausted
        }
    }

    /// Everything, for another process.
    var all: [(serial: UInt64, series: SampleSeries)] { entries.map { ($0.serial, $0.series) } }

    /// Another process has seen what came before.
    func change(_ serial: UInt64, _ body: (inout SampleSeries) -> Void) {
        guard let index = entries.firstIndex(where: { $0.serial == serial }) else { return }
        body(&entries[index].series)
    }

    /// Nil for what has no series.
    func series(of serial: UInt64) -> SampleSeries? {
        entries.first { $0.serial == serial }?.series
    }
}

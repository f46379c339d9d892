internal import Shared

/// What `HandoverEncoder` has sent, as the new process receives it.
struct HandoverDecoder {
    var generation: UInt64 = 0
    var lastEvent: UInt64 = 0
    var stoodStillAt = Instant.zero
    /// Of all workers together.
    var workers = WorkerHandoverState()
    private(set) var sessions = ArrivedSessions()
    private(set) var clients = ArrivedSessions()
    private(set) var expiringSessions: [(due: Instant, serials: [UInt64])] = []
    private(set) var shedding: [(due: Instant, id: UInt64)] = []
    private var things: HandoverThings
    private let workerCount: Int
    /// Channels that are somewhere else now.
    private let relocated: Set<UInt64>

    init(_ things: HandoverThings, workerCount: Int, relocated: Set<UInt64> = []) {
        self.things = things
        self.workerCount = workerCount
        self.relocated = relocated
    }

    /// Takes what sessions and clients held in the other process, before anything else takes it here.
    mutating func adoptHoldings(in share: SharedState) {
        sessions.adoptHoldings(in: share)
        clients.adoptHoldings(in: share)
    }

    func channels(of serials: Set<UInt64>) -> [Channel] {
        serials.compactMap { things.channels[$0] }
    }

    func listeners(of serials: Set<UInt64>) -> [Listener] {
        serials.compactMap { things.listeners[$0]?.listener }
    }

    /// Reads until all has come. Objects are filled at once: should the rest not come, this process ends.
    mutating func read(from connection: HandoverConnection) throws(HandoverError) {
        while true {
            // Only the old process knows how long its workers take; should it end, the connection does.
            let arrival = try connection.receive(until: nil)
            if arrival.kind == .stateEnd { return }
            try decode(arrival)
        }
    }

    private mutating func decode(_ arrival: HandoverArrival) throws(HandoverError) {
        let record = arrival.record
        switch arrival.kind {
        case .state: try decodeState(record)
        case .channel:
            let serial = record.number(HandoverEncoder.ThingTag.serial)
            guard let standing = try record.record(HandoverEncoder.ThingTag.standing),
                let channel = things.channels[serial]
            else { return }
            let whole = try ChannelRuntimeState(handed: standing)
            channel.restore(relocated.contains(serial) ? whole.counted : whole)
            let times = record.numbers(HandoverEncoder.ThingTag.connectTimes)
            if !times.isEmpty {
                workers.connectTimes[serial] = ConnectTimes(now: .now, recent: times)
            }
        case .listener:
            let serial = record.number(HandoverEncoder.ThingTag.serial)
            guard let listener = things.listeners[serial]?.listener else { return }
            listener.counters.first?.restore(
                TrafficCounters.Totals(handed: record.numbers(HandoverEncoder.ThingTag.totals)))
            listener.baseline.reset(
                to: TrafficCounters.Totals(
                    handed: record.numbers(HandoverEncoder.ThingTag.baseline)))
        case .group: decodeGroup(record)
        case .departed: decodeDeparted(record)
        case .heldBytes: sessions.decode(held: record)
        case .session: try sessions.decode(arrival, in: things)
        case .client: try clients.decode(arrival, in: things)
        case .expiringSessions:
            expiringSessions.append(
                (
                    record.instant(HandoverEncoder.ListTag.due),
                    record.numbers(HandoverEncoder.ListTag.serials)
                ))
        case .shedding:
            let numbers = record.numbers(HandoverEncoder.ListTag.serials)
            for index in stride(from: 0, to: numbers.count - 1, by: 2) {
                shedding.append((Instant(nanoseconds: numbers[index]), numbers[index + 1]))
            }
        default: arrival.closeDescriptors()
        }
    }

    private mutating func decodeState(_ record: HandoverRecord) throws(HandoverError) {
        typealias Tag = HandoverEncoder.StateTag
        generation = record.number(Tag.generation)
        lastEvent = record.number(Tag.lastEvent)
        stoodStillAt = record.instant(Tag.stoodStillAt)
        workers.lastSession = record.number(Tag.lastSession)
        workers.totals = TrafficCounters.Totals(handed: record.numbers(Tag.totals))
        for end in try record.records(Tag.end) {
            typealias Tag = HandoverEncoder.EndTag
            let who = EndReason.Who(rawValue: UInt8(truncatingIfNeeded: end.number(Tag.who)))
            let when = EndReason.When(rawValue: UInt8(truncatingIfNeeded: end.number(Tag.when)))
            let cause = end.text(Tag.cause).flatMap { EndReason.Cause(rawValue: $0) }
            guard let who, let when else { continue }
            let reason = EndReason(who: who, when: when, cause: cause ?? .other)
            workers.ends[reason, default: 0] += end.number(Tag.count)
        }
    }

    private mutating func decodeGroup(_ record: HandoverRecord) {
        typealias Tag = HandoverEncoder.ThingTag
        guard let group = things.groups[record.number(Tag.serial)] else { return }
        group.resume(spills: record.number(Tag.spills), last: record.instant(Tag.lastSpill))
        let primary = record.number(Tag.primary)
        if primary != 0, let primaryState = group.primaryState,
            group.channels.contains(where: { $0.serial == primary })
        {
            primaryState.set(primary)
        }
    }

    /// Sessions go on with what was removed; nothing new gets there.
    private mutating func decodeDeparted(_ record: HandoverRecord) {
        typealias Tag = HandoverEncoder.ThingTag
        let serial = record.number(Tag.serial)
        let name = record.text(Tag.name) ?? "?"
        let endpoint = Endpoint(handed: record.text(Tag.endpoint))
        switch HandoverEncoder.DepartedKind(rawValue: record.number(Tag.kind)) {
        case .channel:
            let path = record.text(Tag.path) ?? name
            let parent = path.split(separator: "/").dropLast().joined(separator: "/")
            var settings = ChannelConfiguration(name: name, endpoint: endpoint)
            settings.label = record.text(Tag.label)
            let channel = Channel(
                settings, in: parent, serial: serial, addresses: [endpoint],
                workerCount: workerCount, now: .now)
            channel.turn(.removed, by: "removed", now: .now)
            things.add(channel)
        case .listener:
            let parent =
                things.services[record.number(Tag.service)] ?? Self.formerService(serial: 0, name)
            things.add(
                Listener(
                    ListenerConfiguration(name: name, endpoint: endpoint), in: parent.name,
                    serial: serial, endpoint: endpoint, workerCount: workerCount), of: parent)
        case .service: things.add(Self.formerService(serial: serial, name))
        case nil: break
        }
    }

    /// A service that is not configured any more; sessions still run on it.
    private static func formerService(serial: UInt64, _ name: String) -> Service {
        Service(ServiceConfiguration(name: name), serial: serial, listeners: [], groups: [])
    }
}

internal import Shared

/// Everything that has to be told when the old process stands still, as packets.
struct HandoverEncoder {
    private(set) var frames: [HandoverFrame] = []
    private var seen: Set<UInt64> = []

    fileprivate enum StateTag: UInt16, HandoverTag {
        case generation = 1
        case lastEvent, lastSession, stoodStillAt, totals, end
    }

    fileprivate enum EndTag: UInt16, HandoverTag {
        case who = 1
        case when, cause, count
    }

    fileprivate enum ThingTag: UInt16, HandoverTag {
        case serial = 1
        case totals, baseline, standing, primary, spills, lastSpill
        // Of what is no more.
        case kind, name, path, service, endpoint, label
        case connectTimes
    }

    fileprivate enum ListTag: UInt16, HandoverTag {
        case due = 1
        case serials
    }

    fileprivate enum DepartedKind: UInt64 { case channel = 1, listener, service }

    /// What the daemon as a whole has come to.
    mutating func add(
        generation: UInt64, lastEvent: UInt64, stoodStillAt: Instant, _ estate: WorkerHandoverState
    ) {
        var fields = HandoverFields()
        fields.put(StateTag.generation, generation)
        fields.put(StateTag.lastEvent, lastEvent)
        fields.put(StateTag.lastSession, estate.lastSession)
        fields.put(StateTag.stoodStillAt, stoodStillAt)
        fields.put(StateTag.totals, estate.totals.handed)
        for (reason, count) in estate.ends {
            var end = HandoverFields()
            end.put(EndTag.who, UInt64(reason.who.rawValue))
            end.put(EndTag.when, UInt64(reason.when.rawValue))
            end.put(EndTag.cause, reason.cause.rawValue)
            end.put(EndTag.count, count)
            fields.put(StateTag.end, end)
        }
        frames.append(HandoverFrame(kind: .state, fields: fields))
    }

    /// `connectTimes` are by channel, and by worker.
    mutating func add(
        _ topology: Topology, connectTimes: [[UInt64: ConnectTimes]], now: Instant
    ) {
        for service in topology.services {
            seen.insert(service.serial)
            for listener in service.listeners { add(listener) }
            for group in service.groups {
                var fields = HandoverFields()
                fields.put(ThingTag.serial, group.serial)
                fields.put(ThingTag.spills, group.spillCount)
                fields.put(ThingTag.lastSpill, group.lastSpillAt)
                if let seat = group.seat {
                    let primary = group.channels.first { seat.isHeld(by: $0.serial) }
                    fields.put(ThingTag.primary, primary?.serial ?? 0)
                }
                frames.append(HandoverFrame(kind: .group, fields: fields))
                for channel in group.channels {
                    let times = connectTimes.compactMap { $0[channel.serial] }
                    add(channel, ConnectTimes.numbers(of: times, now: now))
                }
            }
        }
    }

    private mutating func add(_ listener: Listener) {
        seen.insert(listener.serial)
        var fields = HandoverFields()
        fields.put(ThingTag.serial, listener.serial)
        fields.put(ThingTag.totals, listener.totals.handed)
        fields.put(ThingTag.baseline, listener.baseline.present.handed)
        frames.append(HandoverFrame(kind: .listener, fields: fields))
    }

    private mutating func add(_ channel: Channel, _ connectTimes: [UInt64]) {
        seen.insert(channel.serial)
        var fields = HandoverFields()
        fields.put(ThingTag.serial, channel.serial)
        var standing = HandoverFields()
        channel.standing.put(into: &standing)
        fields.put(ThingTag.standing, standing)
        fields.put(ThingTag.connectTimes, connectTimes)
        frames.append(HandoverFrame(kind: .channel, fields: fields))
    }

    /// Sessions, and in front of them what they are of that is in no topology any more.
    mutating func add(_ estate: WorkerHandoverState) {
        for session in estate.sessions {
            addDeparted(session.service)
            addDeparted(session.listener, of: session.service)
            if let channel = session.channel { addDeparted(channel) }
        }
        for client in estate.clients {
            addDeparted(client.service)
            addDeparted(client.listener, of: client.service)
        }
        // Those in line come in the order in which they stand there, or nearly.
        let sessions = estate.sessions.sorted { $0.started < $1.started }
        frames += TransferredSession.frames(sessions)
        let clients = estate.clients.map { client in
            TransferredSession(
                id: 0, listener: client.listener, service: client.service,
                client: client.address, clientSocket: client.descriptor, started: .now)
        }
        frames += TransferredSession.frames(clients).map { frame in
            HandoverFrame(kind: .client, fields: frame.fields, descriptors: frame.descriptors)
        }
    }

    private mutating func addDeparted(_ service: Service) {
        guard seen.insert(service.serial).inserted else { return }
        var fields = HandoverFields()
        fields.put(ThingTag.kind, DepartedKind.service.rawValue)
        fields.put(ThingTag.serial, service.serial)
        fields.put(ThingTag.name, service.name)
        frames.append(HandoverFrame(kind: .departed, fields: fields))
    }

    private mutating func addDeparted(_ listener: Listener, of service: Service) {
        guard seen.insert(listener.serial).inserted else { return }
        var fields = HandoverFields()
        fields.put(ThingTag.kind, DepartedKind.listener.rawValue)
        fields.put(ThingTag.serial, listener.serial)
        fields.put(ThingTag.name, listener.name)
        fields.put(ThingTag.service, service.serial)
        fields.put(ThingTag.endpoint, "\(listener.endpoint)")
        frames.append(HandoverFrame(kind: .departed, fields: fields))
    }

    private mutating func addDeparted(_ channel: Channel) {
        guard seen.insert(channel.serial).inserted else { return }
        var fields = HandoverFields()
        fields.put(ThingTag.kind, DepartedKind.channel.rawValue)
        fields.put(ThingTag.serial, channel.serial)
        fields.put(ThingTag.name, channel.name)
        fields.put(ThingTag.path, channel.path)
        fields.put(ThingTag.endpoint, "\(channel.endpoint)")
        fields.put(ThingTag.label, channel.label)
        frames.append(HandoverFrame(kind: .departed, fields: fields))
    }

    /// Sessions of these serials have until then.
    mutating func addLeavers(due: Instant, serials: Set<UInt64>) {
        var fields = HandoverFields()
        fields.put(ListTag.due, due)
        fields.put(ListTag.serials, Array(serials))
        frames.append(HandoverFrame(kind: .expiringSessions, fields: fields))
    }

    /// These sessions are being shed, each at its time.
    mutating func addShedding(_ list: [(due: Instant, id: UInt64)]) {
        for start in stride(from: 0, to: list.count, by: 2000) {
            let part = list[start..<min(start + 2000, list.count)]
            var fields = HandoverFields()
            fields.put(ListTag.serials, part.flatMap { [$0.due.nanoseconds, $0.id] })
            frames.append(HandoverFrame(kind: .shedding, fields: fields))
        }
    }
}

/// The same, as the new process has got it.
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
            try take(arrival)
        }
    }

    private mutating func take(_ arrival: HandoverArrival) throws(HandoverError) {
        let record = arrival.record
        switch arrival.kind {
        case .state: try takeState(record)
        case .channel:
            let serial = record.number(HandoverEncoder.ThingTag.serial)
            guard let standing = try record.record(HandoverEncoder.ThingTag.standing),
                let channel = things.channels[serial]
            else { return }
            let whole = try ChannelRuntimeState(handed: standing)
            channel.resume(relocated.contains(serial) ? whole.counted : whole)
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
        case .group: takeGroup(record)
        case .departed: takeDeparted(record)
        case .heldBytes: sessions.take(held: record)
        case .session: try sessions.take(arrival, in: things)
        case .client: try clients.take(arrival, in: things)
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

    private mutating func takeState(_ record: HandoverRecord) throws(HandoverError) {
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

    private mutating func takeGroup(_ record: HandoverRecord) {
        typealias Tag = HandoverEncoder.ThingTag
        guard let group = things.groups[record.number(Tag.serial)] else { return }
        group.resume(spills: record.number(Tag.spills), last: record.instant(Tag.lastSpill))
        let primary = record.number(Tag.primary)
        if primary != 0, let seat = group.seat,
            group.channels.contains(where: { $0.serial == primary })
        {
            seat.install(primary)
        }
    }

    /// Sessions go on with what is no more; nothing new gets there.
    private mutating func takeDeparted(_ record: HandoverRecord) {
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
            let parent = things.services[record.number(Tag.service)] ?? Self.nobody(serial: 0, name)
            things.add(
                Listener(
                    ListenerConfiguration(name: name, endpoint: endpoint), in: parent.name,
                    serial: serial, endpoint: endpoint, workerCount: workerCount), of: parent)
        case .service: things.add(Self.nobody(serial: serial, name))
        case nil: break
        }
    }

    private static func nobody(serial: UInt64, _ name: String) -> Service {
        Service(ServiceConfiguration(name: name), serial: serial, listeners: [], groups: [])
    }
}

internal import Shared

/// Everything to be handed over when the old process stands still, as packets.
struct HandoverEncoder {
    private(set) var frames: [HandoverFrame] = []
    private var seen: Set<UInt64> = []

    enum StateTag: UInt16, HandoverTag {
        case generation = 1
        case lastEvent, lastSession, stoodStillAt, totals, end
    }

    enum EndTag: UInt16, HandoverTag {
        case who = 1
        case when, cause, count
    }

    enum ThingTag: UInt16, HandoverTag {
        case serial = 1
        case totals, baseline, standing, primary, spills, lastSpill
        // Of what no longer exists.
        case kind, name, path, service, endpoint, label
        case connectTimes
    }

    enum ListTag: UInt16, HandoverTag {
        case due = 1
        case serials
    }

    enum DepartedKind: UInt64 { case channel = 1, listener, service }

    /// What the daemon as a whole has come to.
    mutating func add(
        generation: UInt64, lastEvent: UInt64, stoodStillAt: Instant, _ workers: WorkerHandoverState
    ) {
        var fields = HandoverFields()
        fields.put(StateTag.generation, generation)
        fields.put(StateTag.lastEvent, lastEvent)
        fields.put(StateTag.lastSession, workers.lastSession)
        fields.put(StateTag.stoodStillAt, stoodStillAt)
        fields.put(StateTag.totals, workers.totals.handed)
        for (reason, count) in workers.ends {
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
                if let primaryState = group.primaryState {
                    let primary = group.channels.first { primaryState.isHeld(by: $0.serial) }
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
        channel.runtimeState.put(into: &standing)
        fields.put(ThingTag.standing, standing)
        fields.put(ThingTag.connectTimes, connectTimes)
        frames.append(HandoverFrame(kind: .channel, fields: fields))
    }

    /// Sessions, and in front of them what they are of that is in no topology any more.
    mutating func add(_ workers: WorkerHandoverState) {
        for session in workers.sessions {
            addDeparted(session.service)
            addDeparted(session.listener, of: session.service)
            if let channel = session.channel { addDeparted(channel) }
        }
        for client in workers.clients {
            addDeparted(client.service)
            addDeparted(client.listener, of: client.service)
        }
        // Those in line come in the order in which they stand there, or nearly.
        let sessions = workers.sessions.sorted { $0.started < $1.started }
        frames += TransferredSession.frames(sessions)
        let clients = workers.clients.map { client in
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
    mutating func addExpiring(due: Instant, serials: Set<UInt64>) {
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

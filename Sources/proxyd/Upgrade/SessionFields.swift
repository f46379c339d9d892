internal import Shared

/// The things that sessions belong to, found by the serials that both processes have for them.
struct HandoverThings {
    private(set) var listeners: [UInt64: (listener: Listener, service: Service)] = [:]
    private(set) var channels: [UInt64: Channel] = [:]
    private(set) var services: [UInt64: Service] = [:]
    private(set) var groups: [UInt64: Group] = [:]

    init() {}

    mutating func add(_ topology: Topology) {
        for service in topology.services {
            services[service.serial] = service
            for listener in service.listeners { add(listener, of: service) }
            for group in service.groups {
                groups[group.serial] = group
                for channel in group.channels { add(channel) }
            }
        }
    }

    mutating func add(_ listener: Listener, of service: Service) {
        listeners[listener.serial] = (listener, service)
    }

    mutating func add(_ channel: Channel) { channels[channel.serial] = channel }
    mutating func add(_ service: Service) { services[service.serial] = service }
}

private enum SessionTag: UInt16, HandoverTag {
    case id = 1
    case listener, service, channel, client, channelAddress, phase, halfClosedSide, failures
    case lastFailure, started, inMoved, outMoved, connectStarted, connectedAt, firstByteAt
    case lastRefusal, lastSpeaker, tried, addressesLeft, topologyGeneration, isPlaced, hasPlace
    case isOfSource, waitUntil, waitsForRoom, hasChannelSocket, inFlow, outFlow
    case preambleStage, preambleBytes, preambleUntil, preambleHeard, routedGroup
}

extension Side {
    /// `channel` is 1.
    fileprivate var handed: UInt64 { self == .client ? 0 : 1 }
    fileprivate init(handed number: UInt64) { self = number == 0 ? .client : .channel }
}

extension SessionLife.Phase {
    fileprivate var handed: UInt64 {
        switch self {
        case .connecting: 1
        case .holding: 2
        case .relaying: 3
        case .halfClosed: 4
        // A session that only delivers what is on its way does not move (`isMovable`).
        case .flushing, .closed: 5
        case .preread: 6
        }
    }

    fileprivate init(handed record: HandoverRecord, of id: UInt64) throws(HandoverError) {
        switch record.number(SessionTag.phase) {
        case 1: self = .connecting
        case 2: self = .holding
        case 3: self = .relaying
        case 4: self = .halfClosed(Side(handed: record.number(SessionTag.halfClosedSide)))
        case 6: self = .preread
        case let other: throw .malformed("session \(id) is in phase \(other)")
        }
    }
}

extension TransferredSession {
    /// What is held in buffers goes in packets of its own, in front of the session.
    static func frames(_ sessions: [TransferredSession]) -> [HandoverFrame] {
        var frames: [HandoverFrame] = []
        var batch = HandoverFrame(kind: .session)
        for session in sessions {
            for side in [Side.client, .channel] {
                let held = side == .client ? session.inFlow.pending : session.outFlow.pending
                if !held.isEmpty { frames.append(Self.frame(held, of: session.id, from: side)) }
            }
            let fields = session.fields
            let descriptors = session.descriptors
            if batch.fields.bytes.count + fields.bytes.count > 32_768
                || batch.descriptors.count + descriptors.count > PacketSocket.mostDescriptors
            {
                frames.append(batch)
                batch = HandoverFrame(kind: .session)
            }
            batch.fields.put(BatchTag.session, fields)
            batch.descriptors += descriptors
        }
        if !batch.descriptors.isEmpty { frames.append(batch) }
        return frames
    }

    fileprivate enum BatchTag: UInt16, HandoverTag { case session = 1 }

    fileprivate enum HeldTag: UInt16, HandoverTag {
        case id = 1
        case side, bytes
    }

    private static func frame(
        _ held: [UInt8], of id: UInt64, from side: Side
    ) -> HandoverFrame {
        var fields = HandoverFields()
        fields.put(HeldTag.id, id)
        fields.put(HeldTag.side, side.handed)
        fields.put(HeldTag.bytes, held)
        return HandoverFrame(kind: .heldBytes, fields: fields)
    }

    private var fields: HandoverFields {
        var fields = HandoverFields()
        fields.put(SessionTag.id, id)
        fields.put(SessionTag.listener, listener.serial)
        fields.put(SessionTag.service, service.serial)
        fields.put(SessionTag.channel, channel?.serial ?? 0)
        fields.put(SessionTag.client, "\(client)")
        fields.put(SessionTag.channelAddress, attempts.address.map { "\($0)" })
        fields.put(SessionTag.phase, life.phase.handed)
        if case .halfClosed(let side) = life.phase {
            fields.put(SessionTag.halfClosedSide, side.handed)
        }
        fields.put(SessionTag.failures, life.failures)
        fields.put(SessionTag.lastFailure, life.lastFailure?.rawValue)
        fields.put(SessionTag.started, started)
        fields.put(SessionTag.inMoved, inFlow.moved)
        fields.put(SessionTag.outMoved, outFlow.moved)
        fields.put(SessionTag.connectStarted, attempts.began)
        fields.put(SessionTag.connectedAt, attempts.connectedAt)
        fields.put(SessionTag.firstByteAt, firstByteAt)
        fields.put(SessionTag.lastRefusal, attempts.failedAt)
        fields.put(SessionTag.lastSpeaker, lastSpeaker.handed)
        fields.put(SessionTag.tried, attempts.tried)
        fields.put(SessionTag.addressesLeft, attempts.addressesLeft)
        fields.put(SessionTag.topologyGeneration, topologyGeneration)
        fields.put(SessionTag.isPlaced, isPlaced)
        fields.put(SessionTag.hasPlace, hasServiceSlot)
        fields.put(SessionTag.isOfSource, hasSourceSlot)
        fields.put(SessionTag.waitUntil, wait?.until ?? .zero)
        fields.put(SessionTag.waitsForRoom, wait?.isForRoom ?? false)
        fields.put(SessionTag.hasChannelSocket, channelSocket >= 0)
        if let preread {
            switch preread.stage {
            case .tarpitted, .handshake, .lingeringClose:
                // The last two are never moved.
                fields.put(SessionTag.preambleStage, UInt64(1))
            case .bytes(let count):
                fields.put(SessionTag.preambleStage, UInt64(2))
                fields.put(SessionTag.preambleBytes, count)
            case .header(let needs):
                fields.put(SessionTag.preambleStage, UInt64(3))
                fields.put(SessionTag.preambleBytes, needs)
            case .routing(let needs):
                fields.put(SessionTag.preambleStage, UInt64(4))
                fields.put(SessionTag.preambleBytes, needs)
            }
            fields.put(SessionTag.preambleUntil, preread.until ?? .zero)
            fields.put(SessionTag.preambleHeard, preread.heard)
        }
        fields.put(SessionTag.routedGroup, routedGroup)
        fields.put(SessionTag.inFlow, inFlow.fields)
        fields.put(SessionTag.outFlow, outFlow.fields)
        return fields
    }

    fileprivate init(
        _ record: HandoverRecord, in things: HandoverThings, _ numbers: inout ArraySlice<CInt>
    ) throws(HandoverError) {
        let id = record.number(SessionTag.id)
        guard let (listener, service) = things.listeners[record.number(SessionTag.listener)] else {
            throw .malformed("session \(id) refers to an unknown listener")
        }
        guard let clientSocket = numbers.popFirst() else {
            throw .malformed("session \(id) comes without its connections")
        }
        self.init(
            id: id, listener: listener,
            service: things.services[record.number(SessionTag.service)] ?? service,
            client: Endpoint(handed: record.text(SessionTag.client)), clientSocket: clientSocket,
            started: record.instant(SessionTag.started))
        if record.flag(SessionTag.hasChannelSocket) {
            guard let number = numbers.popFirst() else {
                throw .malformed("session \(id) comes without its channel's connection")
            }
            channelSocket = number
        }
        inFlow = try TransferredFlow(record.record(SessionTag.inFlow), &numbers)
        outFlow = try TransferredFlow(record.record(SessionTag.outFlow), &numbers)
        routedGroup = record.text(SessionTag.routedGroup)
        let serial = record.number(SessionTag.channel)
        if serial != 0 {
            guard let channel = things.channels[serial] else {
                throw .malformed("session \(id) refers to an unknown channel")
            }
            self.channel = channel
        }
        attempts.address = record.text(SessionTag.channelAddress).map { Endpoint(handed: $0) }
        let phase = try SessionLife.Phase(handed: record, of: id)
        life = SessionLife(
            resuming: phase, failures: max(0, record.integer(SessionTag.failures)),
            lastFailure: record.text(SessionTag.lastFailure).map {
                EndReason.Cause(rawValue: $0) ?? .other
            })
        if phase == .preread { preread = try Preread(handed: record, of: id) }
        decodeRest(record)
        guard
            channel != nil && channelSocket >= 0 || phase == .connecting || phase == .holding
                || phase == .preread
        else { throw .malformed("session \(id) has no channel") }
    }

    private mutating func decodeRest(_ record: HandoverRecord) {
        inFlow.moved = record.instant(SessionTag.inMoved)
        outFlow.moved = record.instant(SessionTag.outMoved)
        attempts.began = record.instant(SessionTag.connectStarted)
        attempts.connectedAt = record.instant(SessionTag.connectedAt)
        firstByteAt = record.instant(SessionTag.firstByteAt)
        attempts.failedAt = record.instant(SessionTag.lastRefusal)
        lastSpeaker = Side(handed: record.number(SessionTag.lastSpeaker))
        attempts.tried = record.numbers(SessionTag.tried)
        attempts.addressesLeft = max(0, record.integer(SessionTag.addressesLeft))
        topologyGeneration = record.number(SessionTag.topologyGeneration)
        isPlaced = record.flag(SessionTag.isPlaced)
        hasServiceSlot = record.flag(SessionTag.hasPlace)
        hasSourceSlot = record.flag(SessionTag.isOfSource)
        let until = record.instant(SessionTag.waitUntil)
        if until > .zero {
            wait = Session.Wait(until: until, isForRoom: record.flag(SessionTag.waitsForRoom))
        }
    }
}

extension Preread {
    fileprivate init(handed record: HandoverRecord, of id: UInt64) throws(HandoverError) {
        let stage: Stage
        switch record.number(SessionTag.preambleStage) {
        case 1: stage = .tarpitted
        case 2: stage = .bytes(max(0, record.integer(SessionTag.preambleBytes)))
        case 3: stage = .header(needs: max(1, record.integer(SessionTag.preambleBytes)))
        case 4: stage = .routing(needs: max(1, record.integer(SessionTag.preambleBytes)))
        case let other: throw .malformed("session \(id) waits for something else (\(other))")
        }
        let until = record.instant(SessionTag.preambleUntil)
        self.init(
            stage: stage, until: until == .zero ? nil : until,
            heard: record.instant(SessionTag.preambleHeard))
    }
}

private enum FlowTag: UInt16, HandoverTag {
    case byteCount = 1
    case isEnded, isSplicing, hasUrgent, pipeCount
}

extension TransferredFlow {
    fileprivate var fields: HandoverFields {
        var fields = HandoverFields()
        fields.put(FlowTag.byteCount, byteCount)
        fields.put(FlowTag.isEnded, isEnded)
        fields.put(FlowTag.isSplicing, isSplicing)
        fields.put(FlowTag.hasUrgent, hasUrgent)
        fields.put(FlowTag.pipeCount, pipe?.count ?? 0)
        return fields
    }

    fileprivate init(
        _ record: HandoverRecord?, _ numbers: inout ArraySlice<CInt>
    ) throws(HandoverError) {
        guard let record else { throw .malformed("a session has one direction only") }
        byteCount = record.number(FlowTag.byteCount)
        isEnded = record.flag(FlowTag.isEnded)
        isSplicing = record.flag(FlowTag.isSplicing)
        hasUrgent = record.flag(FlowTag.hasUrgent)
        let count = record.integer(FlowTag.pipeCount)
        guard count > 0 else { return }
        guard let readEnd = numbers.popFirst(), let writeEnd = numbers.popFirst() else {
            throw .malformed("a session comes without its pipe")
        }
        pipe = Pipe(readEnd: readEnd, writeEnd: writeEnd, count: count)
    }
}

/// The sessions that have come so far, with what was held of them.
struct ArrivedSessions {
    private(set) var sessions: [TransferredSession] = []
    private var held: [UInt64: (inward: [UInt8], outward: [UInt8])] = [:]

    mutating func decode(held record: HandoverRecord) {
        let bytes = record.bytes(TransferredSession.HeldTag.bytes).map(Array.init) ?? []
        let id = record.number(TransferredSession.HeldTag.id)
        if Side(handed: record.number(TransferredSession.HeldTag.side)) == .client {
            held[id, default: ([], [])].inward = bytes
        } else {
            held[id, default: ([], [])].outward = bytes
        }
    }

    mutating func decode(
        _ arrival: HandoverArrival, in things: HandoverThings
    ) throws(HandoverError) {
        var numbers = arrival.descriptors[...]
        for record in try arrival.record.records(TransferredSession.BatchTag.session) {
            var session = try TransferredSession(record, in: things, &numbers)
            if let bytes = held.removeValue(forKey: session.id) {
                session.inFlow.pending = bytes.inward
                session.outFlow.pending = bytes.outward
            }
            sessions.append(session)
        }
    }

    mutating func adoptHoldings(in share: SharedState) {
        for index in sessions.indices {
            sessions[index].holdings = .adopt(sessions[index], in: share)
        }
    }
}

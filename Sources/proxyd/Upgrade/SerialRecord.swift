internal import Shared

/// A thing of the topology and its serial, which it keeps.
struct SerialRecord: Sendable {
    /// With what it is in front: `channel mail/main/a`.
    var key: String
    var serial: UInt64
    /// A name's addresses.
    var name: Endpoint?
    var addresses: [Endpoint] = []

    private enum Tag: UInt16, HandoverTag {
        case thing = 1
        case key, serial, name, address
    }

    init(_ key: String, _ serial: UInt64) {
        self.key = key
        self.serial = serial
    }

    /// As many to a packet as it holds.
    static func frames(_ things: [SerialRecord]) -> [HandoverFrame] {
        var frames: [HandoverFrame] = []
        var batch = HandoverFields()
        for thing in things {
            batch.put(Tag.thing, thing.fields)
            if batch.bytes.count > 32_768 {
                frames.append(HandoverFrame(kind: .thing, fields: batch))
                batch = HandoverFields()
            }
        }
        if !batch.bytes.isEmpty { frames.append(HandoverFrame(kind: .thing, fields: batch)) }
        return frames
    }

    static func all(in record: HandoverRecord) throws(HandoverError) -> [SerialRecord] {
        try record.records(Tag.thing).map { SerialRecord($0) }
    }

    private var fields: HandoverFields {
        var fields = HandoverFields()
        fields.put(Tag.key, key)
        fields.put(Tag.serial, serial)
        if let name {
            fields.put(Tag.name, "\(name)")
            for address in addresses { fields.put(Tag.address, "\(address)") }
        }
        return fields
    }

    private init(_ record: HandoverRecord) {
        key = record.text(Tag.key) ?? ""
        serial = record.number(Tag.serial)
        name = record.text(Tag.name).map { Endpoint(handed: $0) }
        addresses = record.all(Tag.address).map {
            Endpoint(handed: String(decoding: $0, as: UTF8.self))
        }
    }
}

extension Topology {
    /// Everything that has a serial.
    var handed: [SerialRecord] {
        services.flatMap { service in
            [SerialRecord(Serials.key(service: service.name), service.serial)]
                + service.listeners.map { listener in
                    var thing = SerialRecord(
                        Serials.key(listener: listener.path), listener.serial)
                    thing.add(listener.settings.endpoint, [listener.endpoint])
                    return thing
                }
                + service.groups.map { SerialRecord(Serials.key(group: $0.path), $0.serial) }
                + service.channels.map { channel in
                    var thing = SerialRecord(Serials.key(channel: channel.path), channel.serial)
                    thing.add(channel.endpoint, channel.addresses)
                    return thing
                }
        }
    }
}

extension SerialRecord {
    /// The addresses of an endpoint that is a name, so that it need not be looked up again.
    fileprivate mutating func add(_ endpoint: Endpoint, _ addresses: [Endpoint]) {
        guard case .name = endpoint else { return }
        name = endpoint
        self.addresses = addresses
    }
}

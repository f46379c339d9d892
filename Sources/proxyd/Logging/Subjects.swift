// Things of the topology, as events name them.

extension Event.Subject {
    static func channel(_ channel: Channel) -> Self {
        Self(kind: .channel, name: channel.path, serial: channel.serial)
    }

    static func group(_ group: Group) -> Self {
        Self(kind: .group, name: group.path, serial: group.serial)
    }

    static func listener(_ listener: Listener) -> Self {
        Self(kind: .listener, name: listener.path, serial: listener.serial)
    }

    static func service(_ service: Service) -> Self {
        Self(kind: .service, name: service.name, serial: service.serial)
    }

    static func session(_ id: UInt64) -> Self { Self(kind: .session, name: String(id)) }
}

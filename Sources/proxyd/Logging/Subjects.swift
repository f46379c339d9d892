internal import Shared

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

extension Event {
    /// A difference that has become true.
    init(_ row: ConfigurationDifference.Row, by actor: Actor?) {
        let kind: Kind
        if row.field == row.kind.rawValue, row.from == nil || row.to == nil {
            kind = row.to == nil ? .removed : .created
        } else {
            let own: [Kind] = [.weight, .maxc, .address, .balance]
            kind = own.first { $0.rawValue == row.field } ?? .set
        }
        let subject = Subject(row)
        let head = kind == .created || kind == .removed ? kind.rawValue : row.field
        let (from, to) = (row.from ?? Table.absent, row.to ?? Table.absent)
        let change =
            switch kind {
            case .created: to
            case .removed: from
            default: "\(from) → \(to)"
            }
        self.init(
            .notice, kind, of: subject, from: row.from, to: row.to,
            because: kind == .set ? row.field : nil, by: actor,
            line: "\(subject.text) \(head) \(change): by \(actor.map { "\($0)" } ?? "proxyd")")
    }
}

extension Event.Subject {
    init(_ row: ConfigurationDifference.Row) {
        switch row.kind {
        case .daemon: self = .daemon
        case .service: self = Self(kind: .service, name: row.path)
        case .listener: self = Self(kind: .listener, name: row.path)
        case .group: self = Self(kind: .group, name: row.path)
        case .channel: self = Self(kind: .channel, name: row.path)
        }
    }
}

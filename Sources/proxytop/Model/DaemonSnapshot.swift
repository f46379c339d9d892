internal import Shared

/// Everything the daemon said at one instant.
struct DaemonSnapshot: Equatable, Sendable {
    struct Group: Equatable, Sendable {
        var snapshot: GroupSnapshot
        var channels: [ChannelSnapshot]

        var place: Place { Place(groupPath: snapshot.path) }
        /// `G0` for a group that has no name of its own.
        var title: String {
            let name = place.group
            return name.allSatisfy(\.isNumber) ? "G\(name)" : name
        }
        var usable: [ChannelSnapshot] { channels.filter(\.state.isUsable) }
    }

    struct Service: Equatable, Sendable {
        var name: String
        /// In failover order.
        var groups: [Group]
    }

    /// Of the daemon's start; counters of two epochs have nothing to do with each other.
    var epoch: UInt64
    var generation: UInt64
    /// The daemon's own clock.
    var nowMilliseconds: UInt64
    var services: [Service]
    var listeners: [ListenerSnapshot]

    init(
        epoch: UInt64, generation: UInt64, nowMilliseconds: UInt64, channels: [ChannelSnapshot],
        groups: [GroupSnapshot], listeners: [ListenerSnapshot]
    ) {
        self.epoch = epoch
        self.generation = generation
        self.nowMilliseconds = min(nowMilliseconds, Bounds.milliseconds)
        self.listeners = listeners
        services = Self.services(of: channels.map(\.bounded), in: groups)
    }

    var groups: [Group] { services.flatMap(\.groups) }
    var channels: [ChannelSnapshot] { services.flatMap { $0.groups.flatMap(\.channels) } }

    func channel(serial: UInt64) -> ChannelSnapshot? {
        for service in services {
            for group in service.groups {
                if let found = group.channels.first(where: { $0.serial == serial }) { return found }
            }
        }
        return nil
    }

    func group(serial: UInt64) -> Group? {
        for service in services {
            if let found = service.groups.first(where: { $0.snapshot.serial == serial }) {
                return found
            }
        }
        return nil
    }

    private static func services(
        of channels: [ChannelSnapshot], in groups: [GroupSnapshot]
    ) -> [Service] {
        var gathered: [Group] = groups.map { Group(snapshot: $0, channels: []) }
        var indices: [String: Int] = [:]
        for (index, group) in groups.enumerated() { indices[group.path] = index }
        for channel in channels {
            let path = Place.groupPath(ofChannel: channel.path)
            let index: Int
            if let known = indices[path] {
                index = known
            } else {
                index = gathered.count
                indices[path] = index
                gathered.append(unknownGroup(path))
            }
            gathered[index].channels.append(channel)
        }
        var services: [Service] = []
        for group in gathered {
            let name = group.place.service
            if let index = services.firstIndex(where: { $0.name == name }) {
                services[index].groups.append(group)
            } else {
                services.append(Service(name: name, groups: [group]))
            }
        }
        return services
    }

    /// The group of a channel that came to be between two answers; the next tick knows better.
    private static func unknownGroup(_ path: String) -> Group {
        let snapshot = GroupSnapshot(
            path: path, serial: UInt64.max - UInt64(path.utf8.count), role: .standby, balance: "?",
            usable: 0, channels: 0, current: 0, slots: nil, total: 0, spilled: 0)
        return Group(snapshot: snapshot, channels: [])
    }
}

/// How many sessions fit, and how many are there.
struct Slots: Equatable, Sendable {
    var used: UInt64 = 0
    /// nil: no limit.
    var total: UInt64? = 0

    /// Over the usable channels only: a channel that takes no sessions has no room.
    init(_ channels: some Sequence<ChannelSnapshot>) {
        for channel in channels where channel.state.isUsable {
            used += channel.current
            if let sum = total, let maxc = channel.maxc { total = sum + maxc } else { total = nil }
        }
    }

    /// nil: as many as come.
    var free: UInt64? { total.map { $0 > used ? $0 - used : 0 } }
    var isFull: Bool { free == 0 }

    var description: String { "\(used)/\(total.map(String.init) ?? "-")" }
}

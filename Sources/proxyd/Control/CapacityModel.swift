internal import Shared

/// What could take sessions, now or after a change: a value, so that the two can be compared.
struct CapacityModel: Equatable {
    struct Channel: Equatable {
        var path: String
        var endpoint: Endpoint
        var name: String
        var weight: Int
        var maxc: Int?
        var isUsable: Bool
        var sessions: Int
    }

    struct Group: Equatable {
        var path: String
        var balance: BalanceConfiguration
        var channels: [Channel]

        var usable: Int { channels.count { $0.isUsable && $0.weight > 0 } }

        /// Sessions that the usable channels take at once; nil: without end.
        var slots: Int? {
            let usable = channels.filter { $0.isUsable && $0.weight > 0 }
            guard usable.allSatisfy({ $0.maxc != nil }) else { return nil }
            return usable.reduce(0) { $0 + ($1.maxc ?? 0) }
        }
    }

    struct Service: Equatable {
        var name: String
        var groups: [Group]

        /// The group that takes the next session; nil: none.
        var active: Group? { groups.first { $0.usable > 0 } }
    }

    var services: [Service]

    init(_ topology: Topology, now: Instant) {
        services = topology.services.map { service in
            Service(
                name: service.name,
                groups: service.groups.map { group in
                    Group(
                        path: group.path, balance: group.balance,
                        channels: group.channels.map { channel in
                            Channel(
                                path: channel.path, endpoint: channel.endpoint, name: channel.name,
                                weight: channel.weight, maxc: channel.maxc,
                                isUsable: channel.isUsable(now: now),
                                sessions: max(0, channel.current))
                        })
                })
        }
    }

    /// After the change to another configuration. New channels count as good; a channel that keeps its
    /// address keeps its state.
    func after(_ target: Configuration) -> CapacityModel {
        var after = self
        let present = Dictionary(
            services.flatMap { $0.groups.flatMap(\.channels) }.map { ($0.path, $0) }
        ) { first, _ in first }
        after.services = target.services.map { service in
            Service(
                name: service.name,
                groups: service.groups.map { group in
                    let path = "\(service.name)/\(group.name)"
                    return Group(
                        path: path, balance: group.balance,
                        channels: group.channels.map { channel in
                            let path = "\(path)/\(channel.name)"
                            let old = present[path]
                            let isSame = old?.endpoint == channel.endpoint
                            return Channel(
                                path: path, endpoint: channel.endpoint, name: channel.name,
                                weight: channel.weight, maxc: channel.maxc,
                                isUsable: isSame ? old?.isUsable ?? true : channel.isEnabled,
                                sessions: old?.sessions ?? 0)
                        })
                })
        }
        return after
    }

    /// With some of the channels switched on, or off.
    func turning(_ paths: Set<String>, on isOn: Bool) -> CapacityModel {
        var after = self
        for service in after.services.indices {
            for group in after.services[service].groups.indices {
                for channel in after.services[service].groups[group].channels.indices
                where paths.contains(after.services[service].groups[group].channels[channel].path) {
                    after.services[service].groups[group].channels[channel].isUsable = isOn
                }
            }
        }
        return after
    }
}

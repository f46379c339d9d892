internal import Shared

/// What a change has to look up.
enum NameLookups {
    /// The names that have to be looked up before the change: of whatever is new, or somewhere else.
    static func needed(from old: Configuration, to target: Configuration) -> [Endpoint] {
        var seen: Set<Endpoint> = []
        let known = Set(needs(of: old))
        return needs(of: target).compactMap { need in
            guard case .name = need.endpoint, !known.contains(need) else { return nil }
            return seen.insert(need.endpoint).inserted ? need.endpoint : nil
        }
    }

    /// A thing and where it is, or where it is probed.
    private struct Need: Hashable {
        var path: String
        var endpoint: Endpoint
    }

    private static func needs(of configuration: Configuration) -> [Need] {
        configuration.services.flatMap { service in
            service.listeners.map {
                Need(path: "\(service.name) \($0.name)", endpoint: $0.endpoint)
            }
                + service.groups.flatMap { group in
                    group.channels.flatMap { channel in
                        let path = "\(service.name)/\(group.name)/\(channel.name)"
                        let probed = channel.probes.probes.enumerated().compactMap { index, probe in
                            probe.address.map { Need(path: "\(path) \(index)", endpoint: $0) }
                        }
                        return [Need(path: path, endpoint: channel.endpoint)] + probed
                    }
                }
        }
    }
}

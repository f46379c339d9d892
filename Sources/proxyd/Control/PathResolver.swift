/// Finds what a path of the control protocol names: `service/group/channel`, with names or indexes.
///
/// Names go before indexes. The service may be left out when there is only one; `0/2` is then a
/// channel of its first group, unless the service itself is named `0`.
struct PathResolver {
    let topology: Topology

    /// What a path names: all of a service's channels, a group's, or one.
    func channels(at path: String) -> [Channel]? {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard (1...3).contains(parts.count) else { return nil }
        return inNamedService(parts) ?? inOnlyService(parts) ?? inNumberedService(parts)
    }

    func service(at path: String) -> Service? {
        Self.find(path, in: topology.services, name: \.name)
    }

    /// The group that a path names.
    func group(at path: String) -> Group? {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        if parts.count == 2, let service = Self.find(parts[0], in: topology.services, name: \.name)
        {
            return Self.find(parts[1], in: service.groups, name: \.name)
        }
        guard parts.count == 1, topology.services.count == 1, let service = topology.services.first
        else { return nil }
        return Self.find(parts[0], in: service.groups, name: \.name)
    }

    private func inNamedService(_ parts: [String]) -> [Channel]? {
        let service = topology.services.first { $0.name == parts[0] }
        return service.flatMap { channels(of: $0, parts.dropFirst()) }
    }

    private func inNumberedService(_ parts: [String]) -> [Channel]? {
        let service = Self.find(parts[0], in: topology.services, name: \.name)
        return service.flatMap { channels(of: $0, parts.dropFirst()) }
    }

    private func inOnlyService(_ parts: [String]) -> [Channel]? {
        guard parts.count < 3, let service = topology.services.first,
            topology.services.count == 1
        else { return nil }
        return channels(of: service, parts[...])
    }

    private func channels(of service: Service, _ parts: ArraySlice<String>) -> [Channel]? {
        guard let groupName = parts.first else { return service.channels }
        guard let group = Self.find(groupName, in: service.groups, name: \.name) else { return nil }
        guard parts.count == 2, let channelName = parts.last else { return group.channels }
        return Self.find(channelName, in: group.channels, name: \.name).map { [$0] }
    }

    private static func find<Element>(
        _ text: String, in elements: [Element], name: (Element) -> String
    ) -> Element? {
        ThingPath.find(text, in: elements.map(name)).map { elements[$0] }
    }
}

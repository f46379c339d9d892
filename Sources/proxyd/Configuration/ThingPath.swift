internal import Shared

/// Finds what a path of the control protocol names in a draft, by the rules of `PathResolver`.
struct ThingPath {
    /// A thing by its place in the draft.
    enum Thing: Equatable {
        case service(Int)
        case group(Int, Int)
        case channel(Int, Int, Int)
        case listener(Int, Int)
    }

    let draft: ConfigurationDraft

    /// Everything that the path may mean, the likeliest first.
    func things(at path: String) -> [Thing] {
        let parts = Self.parts(of: path)
        guard (1...3).contains(parts.count) else { return [] }
        var things: [Thing] = []
        func add(_ thing: Thing?) {
            if let thing, !things.contains(thing) { things.append(thing) }
        }
        let services = draft.services ?? []
        add(
            services.firstIndex { $0.name?.value == parts[0] }.flatMap {
                thing(in: $0, parts[1...])
            })
        if services.count == 1, parts.count < 3 { add(thing(in: 0, parts[...])) }
        add(service(at: parts[0]).flatMap { thing(in: $0, parts[1...]) })
        return things
    }

    /// `service/listener`, or the listener alone where there is one service.
    func listener(at path: String) -> Thing? {
        let parts = Self.parts(of: path)
        let services = draft.services ?? []
        let service: Int?
        switch parts.count {
        case 1 where services.count == 1: service = 0
        case 2: service = self.service(at: parts[0])
        default: service = nil
        }
        guard let service, let name = parts.last,
            let index = Self.find(name, in: (services[service].listeners ?? []).map(\.name))
        else { return nil }
        return .listener(service, index)
    }

    func service(at name: String) -> Int? {
        Self.find(name, in: (draft.services ?? []).map(\.name))
    }

    private func thing(in service: Int, _ parts: ArraySlice<String>) -> Thing? {
        guard let groupName = parts.first else { return .service(service) }
        let groups = draft.services?[service].groups ?? []
        guard let group = Self.find(groupName, in: groups.map(\.name)) else { return nil }
        guard let channelName = parts.dropFirst().first else { return .group(service, group) }
        let channels = groups[group].channels ?? []
        guard let channel = Self.find(channelName, in: channels.map(\.name)), parts.count == 2
        else { return nil }
        return .channel(service, group, channel)
    }

    static func parts(of path: String) -> [String] {
        path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    }

    private static func find(_ text: String, in names: [Placed<String>?]) -> Int? {
        find(text, in: names.map { $0?.value ?? "" })
    }

    /// The index of what is called so, or else of what stands there and has a name of its own: when
    /// one in front was removed, another one's number is not its.
    static func find(_ text: String, in names: [String]) -> Int? {
        if let named = names.firstIndex(of: text) { return named }
        guard let index = Int(text), names.indices.contains(index), Int(names[index]) == nil else {
            return nil
        }
        return index
    }
}

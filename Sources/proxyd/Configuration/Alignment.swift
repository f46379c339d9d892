internal import Shared

/// Gives the things of a file that have no name of their own those of the running ones that they are.
///
/// Who has no name is called by its index, and that is another one as soon as a line in front of it goes.
/// The address identifies it.
enum Alignment {
    static func aligned(_ file: Configuration, to running: Configuration) -> Configuration {
        var file = file
        for index in file.services.indices {
            let name = file.services[index].name
            guard let present = running.services.first(where: { $0.name == name }) else { continue }
            align(&file.services[index], to: present)
        }
        return file
    }

    private static func align(
        _ service: inout ServiceConfiguration, to running: ServiceConfiguration
    ) {
        let names = names(
            of: service.listeners.map { ($0.name, $0.endpoint) },
            running: running.listeners.map { ($0.name, $0.endpoint) })
        for index in service.listeners.indices { service.listeners[index].name = names[index] }
        for index in service.groups.indices {
            let name = service.groups[index].name
            guard let present = running.groups.first(where: { $0.name == name }) else { continue }
            let names = self.names(
                of: service.groups[index].channels.map { ($0.name, $0.endpoint) },
                running: present.channels.map { ($0.name, $0.endpoint) })
            for channel in names.indices {
                service.groups[index].channels[channel].name = names[channel]
            }
        }
    }

    private static func names(
        of things: [(name: String, endpoint: Endpoint)],
        running: [(name: String, endpoint: Endpoint)]
    ) -> [String] {
        // Names that were given are sure, and taken.
        var taken = Set(things.map(\.name).filter { Int($0) == nil })
        var names: [String?] = things.map { Int($0.name) == nil ? $0.name : nil }
        // Those with the same name and address first, so that of two alike each stays itself.
        for (index, thing) in things.enumerated() where names[index] == nil {
            guard running.contains(where: { $0 == thing }), taken.insert(thing.name).inserted else {
                continue
            }
            names[index] = thing.name
        }
        for (index, thing) in things.enumerated() where names[index] == nil {
            let same = running.first {
                Int($0.name) != nil && $0.endpoint == thing.endpoint && !taken.contains($0.name)
            }
            guard let same else { continue }
            taken.insert(same.name)
            names[index] = same.name
        }
        // The rest is another address under the same number, or new.
        for (index, thing) in things.enumerated() where names[index] == nil {
            var number = Int(thing.name) ?? index
            while taken.contains(String(number)) { number += 1 }
            taken.insert(String(number))
            names[index] = String(number)
        }
        return names.enumerated().map { $1 ?? String($0) }
    }
}

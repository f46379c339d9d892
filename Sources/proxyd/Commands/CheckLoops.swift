internal import Shared

/// A channel that leads back to a listener of the same daemon, at once or by way of other services.
struct ChannelLoop: Equatable {
    /// `service/group/channel`.
    var channel: String
    var address: Endpoint
    var listener: Endpoint

    var message: String {
        "channel \(channel) at \(address) leads back to the listener at \(listener): "
            + "each session would make another one; give the channel its server's address"
    }
}

extension Configuration {
    /// Every such channel. `addresses` resolves a name, and `isOwn` knows the addresses of this machine.
    func loops(
        addresses: @escaping @Sendable (Endpoint) -> [Endpoint], isOwn: (IPAddress) -> Bool
    ) -> [ChannelLoop] {
        let numbers = Dictionary(
            services.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        var places: [OwnListeners.Place] = []
        for (number, service) in services.enumerated() {
            for listener in service.listeners where listener.isForAllInterfaces {
                guard listener.endpoint.port != 0 else { continue }
                places.append(
                    OwnListeners.Place(
                        serial: UInt64(places.count), endpoint: listener.endpoint,
                        services: [number] + listener.routed(numbers)))
            }
        }
        // Only a name with a port of ours is worth looking up.
        let ports = Set(places.compactMap(\.endpoint.port))
        let channels = services.map { service in
            service.groups.flatMap { group in
                group.channels.map { channel in
                    let endpoint = channel.endpoint
                    let isNear = endpoint.port.map(ports.contains) ?? true
                    return (
                        path: "\(service.name)/\(group.name)/\(channel.name)",
                        addresses: isNear ? addresses(endpoint) : []
                    )
                }
            }
        }
        let own = OwnListeners(places) { channels[$0].flatMap(\.addresses) }
        var found: [ChannelLoop] = []
        for place in places {
            for (path, addresses) in place.services.flatMap({ channels[$0] })
            where !found.contains(where: { $0.channel == path }) {
                let back = addresses.first {
                    own.lead(from: $0, backTo: place.serial, isOwn: isOwn)
                }
                guard let back else { continue }
                found.append(ChannelLoop(channel: path, address: back, listener: place.endpoint))
            }
        }
        return found
    }
}

extension Endpoint {
    fileprivate var port: UInt16? {
        switch self {
        case .ip(_, let port), .name(_, let port): port
        case .unix: nil
        }
    }
}

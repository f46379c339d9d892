internal import Shared

/// The daemon's own listeners, and where their sessions lead. A channel that leads back to the listener that a session
/// came by would make another session of every session, until nothing is left.
final class OwnListeners: Sendable {
    struct Place: Sendable {
        /// The listener's.
        var serial: UInt64
        var endpoint: Endpoint
        /// Its own service and those that its `route` leads to, by their numbers.
        var services: [Int]
    }

    private let places: [Place]
    private let byPort: [UInt16: [Int]]
    /// Whether a place has that port, by its number: every connect asks.
    private let isOwnPort: [Bool]
    /// The addresses of a service's channels.
    private let addresses: @Sendable (_ service: Int) -> [Endpoint]

    init(_ places: [Place], addresses: @escaping @Sendable (_ service: Int) -> [Endpoint]) {
        self.places = places
        self.addresses = addresses
        byPort = Dictionary(
            grouping: places.indices.filter { places[$0].endpoint.port != nil },
            by: { places[$0].endpoint.port ?? 0 })
        var isOwnPort = [Bool](repeating: false, count: places.isEmpty ? 0 : 65_536)
        for port in byPort.keys { isOwnPort[Int(port)] = true }
        self.isOwnPort = isOwnPort
    }

    /// Of no listener.
    convenience init() { self.init([]) { _ in [] } }

    /// Whether a connect to that address makes a session of the listener of that serial, at once or by way of others.
    func lead(
        from address: Endpoint, backTo serial: UInt64, isOwn: (IPAddress) -> Bool
    ) -> Bool {
        var waiting = places(at: address, isOwn)
        guard !waiting.isEmpty else { return false }
        var (seen, services) = (Set(waiting), Set<Int>())
        while let index = waiting.popLast() {
            if places[index].serial == serial { return true }
            for service in places[index].services where services.insert(service).inserted {
                for address in addresses(service) {
                    waiting += places(at: address, isOwn).filter { seen.insert($0).inserted }
                }
            }
        }
        return false
    }

    private func places(at address: Endpoint, _ isOwn: (IPAddress) -> Bool) -> [Int] {
        switch address {
        case .ip(let address, let port):
            guard !isOwnPort.isEmpty, isOwnPort[Int(port)], let candidates = byPort[port] else {
                return []
            }
            return candidates.filter { index in
                guard case .ip(let own, _) = places[index].endpoint else { return false }
                return Self.reaches(own, from: address.unmapped, isOwn)
            }
        case .unix:
            return places.indices.filter { places[$0].endpoint == address }
        case .name:
            return []
        }
    }

    /// Whether a listener at `own` hears a connect to that address. Nothing else can listen at an address of this
    /// machine where a listener has them all.
    private static func reaches(
        _ own: IPAddress, from address: IPAddress, _ isOwn: (IPAddress) -> Bool
    ) -> Bool {
        guard own.isV4 == address.isV4 else { return false }
        if own == address { return true }
        switch own {
        case .anyV4, .anyV6: return address.isLoopback || isOwn(address)
        // A connect to no address in particular goes to this machine (ip(7)).
        case .loopbackV4: return address == .anyV4
        case .loopbackV6: return address == .anyV6
        default: return false
        }
    }
}

extension OwnListeners {
    /// Those of what runs. Where another program listens at a listener's address, it is not ours.
    convenience init(_ topology: Topology) {
        let services = topology.services
        let numbers = Dictionary(
            services.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        var places: [Place] = []
        for (number, service) in services.enumerated() {
            for listener in service.listeners {
                guard listener.settings.isForAllInterfaces, listener.bindFailure == nil else {
                    continue
                }
                places.append(
                    Place(
                        serial: listener.serial, endpoint: listener.endpoint,
                        services: [number] + listener.settings.routed(numbers)))
            }
        }
        self.init(places) { number in
            services[number].groups.flatMap(\.channels).flatMap(\.addresses)
        }
    }
}

extension ListenerConfiguration {
    /// What is bound to an interface does not hear this machine itself.
    var isForAllInterfaces: Bool { settings.socket?.interface == nil }

    /// The services that its `route` leads to, by their numbers.
    func routed(_ numbers: [String: Int]) -> [Int] {
        settings.route.compactMap { rule in
            if case .service(let name) = rule.target { numbers[name] } else { nil }
        }
    }
}

extension Endpoint {
    fileprivate var port: UInt16? { if case .ip(_, let port) = self { port } else { nil } }
}

extension IPAddress {
    fileprivate var isLoopback: Bool {
        switch self {
        case .v4(let number): number >> 24 == 127 || self == .anyV4
        case .v6: self == .loopbackV6 || self == .anyV6
        }
    }
}

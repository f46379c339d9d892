internal import Glibc
internal import Shared

/// From a valid configuration to bound sockets and a topology; nothing runs yet.
struct Startup {
    private let configuration: Configuration
    private let workerCount: Int
    private let now = Instant.now
    private var serial: UInt64 = 0

    private(set) var sockets: [ListeningSocket] = []

    init(_ configuration: Configuration, workerCount: Int) {
        self.configuration = configuration
        self.workerCount = workerCount
    }

    private mutating func nextSerial() -> UInt64 {
        serial += 1
        return serial
    }

    /// Resolves every name, then binds every listener; the first failure ends it all.
    mutating func build() throws(StartError) -> Topology {
        var services: [Service] = []
        var groupsOf: [[Group]] = []
        for settings in configuration.services {
            var groups: [Group] = []
            for group in settings.groups { groups.append(try build(group, in: settings.name)) }
            groupsOf.append(groups)
        }
        for (settings, groups) in zip(configuration.services, groupsOf) {
            services.append(try build(settings, groups: groups))
        }
        return Topology(services: services)
    }

    private mutating func build(
        _ settings: GroupConfiguration, in service: String
    ) throws(StartError) -> Group {
        let serial = nextSerial()
        let path = "\(service)/\(settings.name)"
        let places = Admission(limit: settings.maxSessions)
        var channels: [Channel] = []
        for channel in settings.channels {
            let addresses = try Self.addresses(of: channel.endpoint)
            channels.append(
                Channel(
                    channel, in: path, serial: nextSerial(), addresses: addresses,
                    workerCount: workerCount, now: now, places: places))
        }
        return Group(
            settings, in: service, serial: serial, channels: channels, places: places)
    }

    private static func addresses(of endpoint: Endpoint) throws(StartError) -> [Endpoint] {
        do throws(Resolver.Failure) {
            return try Resolver.resolveAll(endpoint)
        } catch {
            throw StartError(unresolved: endpoint, error)
        }
    }

    private mutating func build(
        _ settings: ServiceConfiguration, groups: [Group]
    ) throws(StartError) -> Service {
        var opened: [(Listener, OpenedSocket)] = []
        for listener in settings.listeners {
            let socket: OpenedSocket
            do throws(StartError) {
                socket = try OpenedSocket(
                    listening: listener, at: listener.endpoint,
                    deadPeer: settings.timeouts.deadPeer)
            } catch {
                for (_, socket) in opened { socket.file?.remove() }
                throw error
            }
            let bound = Socket.localEndpoint(socket.descriptor) ?? listener.endpoint
            let endpoint = if case .unix = listener.endpoint { listener.endpoint } else { bound }
            opened.append(
                (
                    Listener(
                        listener, in: settings.name, serial: nextSerial(), endpoint: endpoint,
                        workerCount: workerCount), socket
                ))
        }
        let service = Service(
            settings, serial: nextSerial(), listeners: opened.map(\.0), groups: groups)
        for (listener, socket) in opened {
            sockets.append(
                ListeningSocket(listener: listener, service: service, socket: socket))
        }
        return service
    }
}

extension ListeningSocket {
    /// A listener that refused its clients listens again, at the same address.
    convenience init(reopening listener: Listener, of service: Service) throws(StartError) {
        let socket = try OpenedSocket(
            listening: listener.settings, at: listener.endpoint,
            deadPeer: service.timeouts.deadPeer)
        self.init(listener: listener, service: service, socket: socket)
    }
}

extension OpenedSocket {
    /// Opens a listener's socket, or says why that cannot be.
    convenience init(
        listening settings: ListenerConfiguration, at endpoint: Endpoint, deadPeer: Duration?
    ) throws(StartError) {
        let address = try SocketAddress(resolving: endpoint)
        do throws(UnixSocketFile.Failure) {
            try self.init(address, settings: settings, deadPeer: deadPeer)
        } catch {
            throw StartError(failure: error, at: "\(endpoint)", doing: "listen on")
        }
    }
}

extension SocketAddress {
    init(resolving endpoint: Endpoint) throws(StartError) {
        do throws(Resolver.Failure) {
            guard let address = SocketAddress(try Resolver.resolve(endpoint)) else {
                throw Resolver.Failure(words: "no such address")
            }
            self = address
        } catch {
            throw StartError(unresolved: endpoint, error)
        }
    }
}

extension StartError {
    init(unresolved endpoint: Endpoint, _ failure: Resolver.Failure) {
        self.init(
            code: .configuration,
            message: "“\(endpoint)” does not resolve: \(failure.words); "
                + "correct the name, or write an address")
    }

    /// What went wrong with a socket's place, and how to mend it.
    init(failure: UnixSocketFile.Failure, at place: String, doing action: String) {
        switch failure {
        case .isAlive:
            self.init(
                code: .unavailable,
                message:
                    "cannot \(action) \(place): another process answers there; stop it, or choose another path"
            )
        case .isOccupied:
            self.init(
                code: .unavailable,
                message:
                    "cannot \(action) \(place): a file that is no socket is in the way; remove it, or choose another path"
            )
        case .system(let error):
            let remedy: String
            let code: Code
            switch error.number {
            case EADDRINUSE:
                (code, remedy) = (
                    .unavailable, "stop whoever listens there, or choose another port"
                )
            case EACCES, EPERM:
                (code, remedy) = (
                    .permission, "ports below 1024 and some directories need privileges"
                )
            case EADDRNOTAVAIL:
                (code, remedy) = (.system, "this machine has no such address")
            case ENOENT:
                (code, remedy) = (.system, "make the directory first")
            default:
                (code, remedy) = (.system, "see \(error.call)(2)")
            }
            self.init(code: code, message: "cannot \(action) \(place): \(error); \(remedy)")
        }
    }
}

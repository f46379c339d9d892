internal import CLinux
internal import Glibc
internal import Shared

/// From a valid configuration to bound sockets and a topology; nothing runs yet.
struct Startup {
    private let configuration: Configuration
    private let workerCount: Int
    private let now = Instant.now
    private var serial: UInt64 = 0

    private(set) var sockets: [ListeningSocket] = []
    private(set) var files: [UnixSocketFile] = []

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
        var channels: [Channel] = []
        for channel in settings.channels {
            let address = try Self.address(of: channel.endpoint)
            channels.append(
                Channel(
                    channel, in: path, serial: nextSerial(), address: address,
                    workerCount: workerCount, now: now))
        }
        return Group(settings, in: service, serial: serial, channels: channels)
    }

    private mutating func build(
        _ settings: ServiceConfiguration, groups: [Group]
    ) throws(StartError) -> Service {
        var opened: [(Listener, OpenedSocket)] = []
        for listener in settings.listeners {
            let socket = try open(listener, deadPeer: settings.timeouts.deadPeer)
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

    private mutating func open(
        _ settings: ListenerConfiguration, deadPeer: Duration?
    ) throws(StartError) -> OpenedSocket {
        let address = try Self.address(of: settings.endpoint)
        do throws(UnixSocketFile.Failure) {
            let socket = try OpenedSocket(address, settings: settings, deadPeer: deadPeer)
            if let file = socket.file { files.append(file) }
            return socket
        } catch {
            throw StartError(failure: error, at: "\(settings.endpoint)", doing: "listen on")
        }
    }

    private static func address(of endpoint: Endpoint) throws(StartError) -> SocketAddress {
        do throws(Resolver.Failure) {
            let resolved = try Resolver.resolve(endpoint)
            guard let address = SocketAddress(resolved) else {
                throw Resolver.Failure(words: "no such address")
            }
            return address
        } catch {
            throw StartError(
                code: .configuration,
                message: "“\(endpoint)” does not resolve: \(error.words); correct the name, or write an address")
        }
    }
}

extension StartError {
    /// What went wrong with a socket's place, and how to mend it.
    init(failure: UnixSocketFile.Failure, at place: String, doing action: String) {
        switch failure {
        case .isAlive:
            self.init(
                code: .unavailable,
                message: "cannot \(action) \(place): another process answers there; stop it, or choose another path")
        case .isOccupied:
            self.init(
                code: .unavailable,
                message: "cannot \(action) \(place): a file that is no socket is in the way; remove it, or choose another path")
        case .system(let error):
            let remedy: String
            let code: Code
            switch error.number {
            case EADDRINUSE:
                (code, remedy) = (.unavailable, "stop whoever listens there, or choose another port")
            case EACCES, EPERM:
                (code, remedy) = (.permission, "ports below 1024 and some directories need privileges")
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

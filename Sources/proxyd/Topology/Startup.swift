internal import Glibc
internal import Shared

/// From a valid configuration to bound sockets and a topology; nothing runs yet.
struct Startup {
    private let configuration: Configuration
    private let workerCount: Int
    private let serials: Serials
    private let passed: InheritedSockets
    /// Of names that need not be looked up again.
    private let known: [Endpoint: [Endpoint]]
    /// Names that do not resolve are left for later.
    private let isTolerant: Bool
    private(set) var state = Reconfiguration.State()

    var sockets: [ListeningSocket] { state.sockets }

    init(
        _ configuration: Configuration, workerCount: Int, serials: Serials = Serials(),
        passed: InheritedSockets = InheritedSockets(), known: [Endpoint: [Endpoint]] = [:],
        isTolerant: Bool = false
    ) {
        self.configuration = configuration
        self.known = known
        self.isTolerant = isTolerant
        self.passed = passed
        self.workerCount = workerCount
        self.serials = serials
    }

    /// Resolves every name, then binds every listener; the first failure ends it all.
    mutating func build() throws(StartError) -> Topology {
        _ = try become(configuration)
        return state.topology
    }

    /// The same for another configuration.
    mutating func become(
        _ configuration: Configuration
    ) throws(StartError) -> Reconfiguration.Outcome {
        var addresses = known
        for name in NameLookups.needed(from: state.configuration, to: configuration)
        where known[name] == nil {
            do throws(Resolver.Failure) {
                addresses[name] = try Resolver.resolveAll(name)
            } catch {
                guard isTolerant else {
                    var start = StartError(unresolved: name, error)
                    let listeners = configuration.services.flatMap(\.listeners)
                    if listeners.contains(where: { $0.endpoint == name }) {
                        start.cause = .unresolvedListener(words: error.words)
                    }
                    throw start
                }
                addresses[name] = []
            }
        }
        var change = Reconfiguration(
            from: state, to: configuration, addresses: addresses,
            tls: try TLSMaterial(configuration, after: state.tls, rereads: false),
            serials: serials, workerCount: workerCount, now: .now, passed: passed)
        try change.open()
        let outcome = change.commit()
        state = outcome.state
        return outcome
    }
}

extension ListeningSocket {
    /// A listener that refused its clients listens again, at the same address.
    convenience init(
        reopening listener: Listener, of service: Service, passed: InheritedSockets
    ) throws(StartError) {
        let socket = try passed.open(
            listener.settings, at: listener.endpoint, deadPeer: service.timeouts.deadPeer,
            for: listener.path)
        self.init(listener: listener, service: service, socket: socket)
    }
}

extension OpenedSocket {
    /// Opens a listener's socket, or says why that cannot be.
    convenience init(
        listening settings: ListenerConfiguration, at endpoint: Endpoint, deadPeer: Duration?,
        sharesPort: Bool = false
    ) throws(StartError) {
        do throws(UnixSocketFile.Failure) {
            if case .unix(let path) = endpoint, !endpoint.isAbstract {
                try self.init(
                    unix: path, settings: settings, owner: try settings.userNumber,
                    group: try settings.groupNumber)
                return
            }
        } catch {
            throw StartError(failure: error, at: "\(endpoint)", doing: "listen on")
        }
        let address: SocketAddress
        do throws(Resolver.Failure) {
            address = try SocketAddress(found: endpoint)
        } catch {
            var start = StartError(unresolved: endpoint, error)
            start.cause = .unresolvedListener(words: error.words)
            throw start
        }
        do throws(UnixSocketFile.Failure) {
            try self.init(
                address, settings: settings, deadPeer: deadPeer, sharesPort: sharesPort)
        } catch {
            throw StartError(failure: error, at: "\(endpoint)", doing: "listen on")
        }
    }
}

extension ListenerConfiguration {
    fileprivate var userNumber: UInt32? {
        get throws(UnixSocketFile.Failure) { try Self.number(settings.user, Principals.user) }
    }

    fileprivate var groupNumber: UInt32? {
        get throws(UnixSocketFile.Failure) { try Self.number(settings.group, Principals.group) }
    }

    /// The reader has looked the name up already; it may have been removed since.
    private static func number(
        _ name: String?, _ number: (String) throws(ValueError) -> UInt32
    ) throws(UnixSocketFile.Failure) -> UInt32? {
        guard let name else { return nil }
        do throws(ValueError) {
            return try number(name)
        } catch {
            throw .system(SystemError("chown", ENOENT))
        }
    }
}

extension SocketAddress {
    init(resolving endpoint: Endpoint) throws(StartError) {
        do throws(Resolver.Failure) {
            self = try SocketAddress(found: endpoint)
        } catch {
            throw StartError(unresolved: endpoint, error)
        }
    }

    fileprivate init(found endpoint: Endpoint) throws(Resolver.Failure) {
        guard let address = SocketAddress(try Resolver.resolve(endpoint)) else {
            throw Resolver.Failure(words: "no such address")
        }
        self = address
    }
}

extension Endpoint {
    fileprivate var host: String {
        switch self {
        case .ip(let address, _): "\(address)"
        case .name(let name, _): name
        case .unix(let path): path
        }
    }
}

extension StartError {
    init(unresolved endpoint: Endpoint, _ failure: Resolver.Failure) {
        self.init(
            code: .configuration,
            message: "“\(endpoint)” does not resolve: \(failure.words); "
                + "correct the name, or write an address", cause: .unresolved(host: endpoint.host))
    }

    /// A socket option that could not be set, by its name.
    init(option error: SystemError, of owner: String) {
        let remedy: String
        switch (error.call.description, error.number) {
        case ("bind", EADDRNOTAVAIL):
            remedy = "an address of “source” is not this machine's; see “ip address”"
        case ("IP_TRANSPARENT", EPERM):
            remedy = "“source: client” takes CAP_NET_ADMIN; start it as root, or name an address"
        case ("SO_MARK", EPERM):
            remedy = "“mark” takes CAP_NET_ADMIN; start it as root, or leave it out"
        case ("SO_BINDTODEVICE", EPERM):
            remedy = "“interface” takes CAP_NET_RAW here; start it as root, or leave it out"
        case ("SO_BINDTODEVICE", ENODEV):
            remedy = "“interface” names none of this machine's; see “ip link”"
        case ("TCP_CONGESTION", _):
            remedy =
                "“congestion” is to be one of /proc/sys/net/ipv4/tcp_available_congestion_control, "
                + "and without root one of tcp_allowed_congestion_control there"
        default: remedy = "see tcp(7), ip(7) and socket(7)"
        }
        self.init(
            code: error.number == EPERM ? .permission : .system,
            message: "\(owner): cannot set up its socket: \(error); \(remedy)")
    }

    /// What went wrong with a socket's path or address, and how to mend it.
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
                    "cannot \(action) \(place): a file that is not a socket is in the way; remove it, or choose another path"
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
            case _ where SystemError.isOption(error.call):
                self.init(option: error, of: "listener \(place)")
                return
            case ENOENT:
                (code, remedy) = (.system, "make the directory first")
            default:
                (code, remedy) = (.system, "see \(error.call)(2)")
            }
            self.init(
                code: code, message: "cannot \(action) \(place): \(error); \(remedy)",
                cause: action == "listen on" ? .listener(errno: error.number) : nil)
        }
    }
}

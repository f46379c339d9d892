internal import CLinux
internal import Glibc

/// Socket options that people ask for by name (tcp(7), ip(7), socket(7)); nil leaves the kernel's own.
struct SocketOptions: Equatable, Sendable {
    /// The network interface that packets leave through (SO_BINDTODEVICE).
    var interface: String?
    /// What firewalls and routing rules know its packets by (SO_MARK).
    var mark: UInt32?
    /// The class of its packets (IP_TOS, IPV6_TCLASS), 0 to 63.
    var dscp: Int?
    /// Multipath TCP where the kernel and the other end have it, plain TCP where not.
    var mptcp = false
    var congestion: String?
    /// Of listeners: the first packet of a client that was here before may carry bytes (TCP_FASTOPEN).
    var fastOpen = false
    /// Of listeners: clients are accepted once they have sent something; seconds.
    var deferAccept: Int?
    /// Seconds of silence before the first question, and between questions; and how many.
    var keepAliveIdle: Int?
    var keepAliveInterval: Int?
    var keepAliveCount: Int?

    var isEmpty: Bool { self == SocketOptions() }

    /// Requests of clients that the kernel holds whose first packet carried bytes.
    private static let fastOpenQueue: CInt = 256

    /// A socket with these options, but for a listener's own.
    func open(family: CInt) throws(SystemError) -> FileDescriptor {
        if mptcp, family != AF_UNIX {
            do throws(SystemError) {
                return try Socket.open(family: family, protocol: 262)
            } catch {
                // Not in this kernel, or switched off in it.
                guard [EPROTONOSUPPORT, ENOPROTOOPT, EINVAL].contains(error.number) else {
                    throw error
                }
            }
        }
        return try Socket.open(family: family)
    }

    /// - Throws: with the name of the option as the call.
    func set(on descriptor: borrowing FileDescriptor, family: CInt) throws(SystemError) {
        guard family != AF_UNIX else { return }
        if let interface {
            try Socket.set("SO_BINDTODEVICE", .bindToDevice, to: interface, on: descriptor)
        }
        if let mark {
            try Socket.set("SO_MARK", .mark, to: CInt(bitPattern: mark), on: descriptor)
        }
        if let dscp {
            let value = CInt(dscp) << 2
            if family == AF_INET6 {
                try Socket.set("IPV6_TCLASS", .trafficClass, to: value, on: descriptor)
            } else {
                try Socket.set("IP_TOS", .typeOfService, to: value, on: descriptor)
            }
        }
        if let congestion {
            try Socket.set("TCP_CONGESTION", .congestion, to: congestion, on: descriptor)
        }
        if let keepAliveIdle {
            try Socket.set("TCP_KEEPIDLE", .keepAliveIdle, to: CInt(keepAliveIdle), on: descriptor)
        }
        if let keepAliveInterval {
            try Socket.set(
                "TCP_KEEPINTVL", .keepAliveInterval, to: CInt(keepAliveInterval), on: descriptor)
        }
        if let keepAliveCount {
            try Socket.set("TCP_KEEPCNT", .keepAliveCount, to: CInt(keepAliveCount), on: descriptor)
        }
    }

    /// What concerns only a socket that listens.
    func setListening(on descriptor: borrowing FileDescriptor) throws(SystemError) {
        if fastOpen {
            try Socket.set("TCP_FASTOPEN", .fastOpen, to: Self.fastOpenQueue, on: descriptor)
        }
        if let deferAccept {
            try Socket.set(
                "TCP_DEFER_ACCEPT", .deferAccept, to: CInt(deferAccept), on: descriptor)
        }
    }
}

extension SocketOption {
    static let bindToDevice = SocketOption(level: SOL_SOCKET, name: SO_BINDTODEVICE)
    static let mark = SocketOption(level: SOL_SOCKET, name: SO_MARK)
    static let typeOfService = SocketOption(level: CInt(IPPROTO_IP), name: IP_TOS)
    static let trafficClass = SocketOption(level: CInt(IPPROTO_IPV6), name: IPV6_TCLASS)
    static let congestion = SocketOption(level: CInt(IPPROTO_TCP), name: TCP_CONGESTION)
    static let keepAliveIdle = SocketOption(level: CInt(IPPROTO_TCP), name: TCP_KEEPIDLE)
    static let keepAliveInterval = SocketOption(level: CInt(IPPROTO_TCP), name: TCP_KEEPINTVL)
    static let keepAliveCount = SocketOption(level: CInt(IPPROTO_TCP), name: TCP_KEEPCNT)
    static let fastOpen = SocketOption(level: CInt(IPPROTO_TCP), name: TCP_FASTOPEN)
    static let deferAccept = SocketOption(level: CInt(IPPROTO_TCP), name: TCP_DEFER_ACCEPT)
    /// A source of its own without a port until the connect, which can share one among destinations.
    static let bindWithoutPort = SocketOption(
        level: CInt(IPPROTO_IP), name: IP_BIND_ADDRESS_NO_PORT)
    static let transparent = SocketOption(level: CInt(IPPROTO_IP), name: IP_TRANSPARENT)
    static let transparent6 = SocketOption(level: CInt(IPPROTO_IPV6), name: IPV6_TRANSPARENT)
    static let timeToLive = SocketOption(level: CInt(IPPROTO_IP), name: IP_TTL)
    static let repair = SocketOption(level: CInt(IPPROTO_TCP), name: TCP_REPAIR)
}

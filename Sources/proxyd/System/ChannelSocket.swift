internal import CLinux
internal import Glibc
internal import Shared

/// The socket options of our two kinds of connections, in one place.
enum ConnectionOptions {
    /// Options that a connection can do without at first.
    struct Deferred: OptionSet {
        let rawValue: UInt8

        /// TCP_NODELAY: until its second write nothing holds a small one back.
        static let noDelay = Deferred(rawValue: 1)
        /// SO_KEEPALIVE, which only a connection that lives needs.
        static let keepAlive = Deferred(rawValue: 2)
    }

    /// What every accepted connection inherits from its listening socket (tcp(7)): small writes leave
    /// at once, and a peer that is gone is noticed.
    static func set(
        on descriptor: borrowing FileDescriptor, family: CInt, deadPeer: Duration?,
        deferring deferred: Deferred = []
    ) throws(SystemError) {
        guard family != AF_UNIX else { return }
        if !deferred.contains(.noDelay) { try Socket.set(.noDelay, to: 1, on: descriptor) }
        if !deferred.contains(.keepAlive) { try Socket.set(.keepAlive, to: 1, on: descriptor) }
        guard let deadPeer else { return }
        let milliseconds = CInt(clamping: deadPeer.wholeNanoseconds / 1_000_000)
        try Socket.set(.userTimeout, to: milliseconds, on: descriptor)
    }
}

/// Connecting to a channel without blocking.
enum ChannelSocket {
    /// A connect under way, or through already (Unix sockets).
    struct Started: ~Copyable {
        let descriptor: FileDescriptor
        let isConnected: Bool

        consuming func takeDescriptor() -> FileDescriptor { descriptor }
    }

    /// How a socket leaves this machine, where that is not the kernel's choice.
    struct LocalBinding {
        var options: SocketOptions
        var source: SocketAddress?
        /// The source is not this machine's own address (IP_TRANSPARENT).
        var isTransparent = false
    }

    /// Opens a socket and starts to connect.
    ///
    /// The last packet of the handshake is held back, so that it can carry the client's first bytes
    /// (tcp(7), TCP_QUICKACK off); `acknowledge` sends it when there are none.
    static func connect(
        to address: SocketAddress, deadPeer: Duration?, binding: LocalBinding? = nil,
        deferring deferred: ConnectionOptions.Deferred = []
    ) throws(SystemError) -> Started {
        let descriptor =
            if let binding {
                try prepared(binding, family: address.family)
            } else {
                try Socket.open(family: address.family)
            }
        try ConnectionOptions.set(
            on: descriptor, family: address.family, deadPeer: deadPeer, deferring: deferred)
        if address.family != AF_UNIX {
            try Socket.set(.quickAcknowledge, to: 0, on: descriptor)
        }
        switch Socket.connect(descriptor, to: address) {
        case .connected:
            guard !meetsItself(descriptor, at: address.endpoint) else {
                throw SystemError("connect", ECONNREFUSED)
            }
            return Started(descriptor: descriptor, isConnected: true)
        case .inProgress: return Started(descriptor: descriptor, isConnected: false)
        case .failed(let number): throw SystemError("connect", number)
        }
    }

    /// A socket that will leave from its local binding.
    static func prepared(
        _ binding: LocalBinding, family: CInt
    ) throws(SystemError) -> FileDescriptor {
        let descriptor = try binding.options.open(family: family)
        try binding.options.set(on: descriptor, family: family)
        guard let source = binding.source, source.family == family else { return descriptor }
        if binding.isTransparent {
            let option: SocketOption = family == AF_INET6 ? .transparent6 : .transparent
            try Socket.set("IP_TRANSPARENT", option, to: 1, on: descriptor)
        }
        // Without it every connection from this source takes a port of its own; an old kernel's loss.
        try? Socket.set(.bindWithoutPort, to: 1, on: descriptor)
        try Socket.bind(descriptor, to: source)
        return descriptor
    }

    /// What has become of a connect, 0 when it stands.
    static func connectError(_ descriptor: borrowing FileDescriptor) -> CInt {
        let number = Socket.pendingError(descriptor)
        guard number == 0, meetsItself(descriptor, at: Socket.peerEndpoint(descriptor)) else {
            return number
        }
        return ECONNREFUSED
    }

    /// Whether a connect has met itself.
    ///
    /// A socket that connects to a port of this machine where nothing listens may be given that very port, and then its
    /// SYN is answered by itself (a simultaneous open, RFC 9293 3.5). That is a refusal; and its close is a reset, as the
    /// server needs the port.
    static func meetsItself(
        _ descriptor: borrowing FileDescriptor, at address: Endpoint?
    ) -> Bool {
        guard case .ip(_, _)? = address, Socket.localEndpoint(descriptor) == address else {
            return false
        }
        Socket.resetOnClose(descriptor)
        return true
    }

    /// Sends the last packet of the handshake now: the client has nothing to say yet, and the channel
    /// must learn of the connection all the same.
    static func acknowledge(_ descriptor: borrowing FileDescriptor) {
        try? Socket.set(.quickAcknowledge, to: 1, on: descriptor)
    }
}

internal import CLinux
internal import Glibc
internal import Shared

/// What a call that moves bytes came to. Having to wait is an outcome, not an error.
enum IOResult {
    case moved(Int)
    case wouldBlock
    case endOfStream
    case failed(CInt)
}

/// Stream sockets, always non-blocking and closed on exec.
enum Socket {
    static func open(family: CInt, protocol number: CInt = 0) throws(SystemError) -> FileDescriptor
    {
        let type =
            CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(family, type, number)
        guard descriptor >= 0 else { throw SystemError("socket") }
        return FileDescriptor(owning: descriptor)
    }

    static func bind(
        _ descriptor: borrowing FileDescriptor, to address: SocketAddress
    ) throws(SystemError) {
        let number = descriptor.number
        let result = unsafe address.withRaw { unsafe Glibc.bind(number, $0, $1) }
        guard result == 0 else { throw SystemError("bind") }
    }

    static func listen(
        _ descriptor: borrowing FileDescriptor, backlog: CInt
    ) throws(SystemError) {
        guard Glibc.listen(descriptor.number, backlog) == 0 else { throw SystemError("listen") }
    }

    /// The next client of a listening socket, or nil when none waits.
    ///
    /// nil also for a client that has gone already, or whose network failed (accept(2)):
    /// the next event reports the clients after it.
    static func accept(
        _ listening: CInt
    ) throws(SystemError) -> (descriptor: CInt, address: Endpoint)? {
        let flags = CInt(SOCK_NONBLOCK.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        var number: CInt = -1
        let address = unsafe SocketAddress { raw, length in
            number = unsafe accept4(listening, raw, length, flags)
        }
        guard number >= 0 else {
            let error = SystemError("accept4")
            if error.isShortage { throw error }
            return nil
        }
        return (number, address.endpoint ?? .unix(path: ""))
    }

    /// Whether clients can connect to it (socket(7), SO_ACCEPTCONN).
    static func isListening(_ descriptor: borrowing FileDescriptor) -> Bool {
        var value: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        let result = unsafe getsockopt(
            descriptor.number, SOL_SOCKET, SO_ACCEPTCONN, &value, &length)
        return result == 0 && value != 0
    }

    /// What we ask of every socket, also of one that was passed to us: it never blocks, and programs that
    /// we start do not get it.
    static func makeOurs(_ descriptor: borrowing FileDescriptor) throws(SystemError) {
        let flags = fcntl(descriptor.number, F_GETFL)
        guard flags >= 0, fcntl(descriptor.number, F_SETFL, flags | O_NONBLOCK) == 0,
            fcntl(descriptor.number, F_SETFD, FD_CLOEXEC) == 0
        else { throw SystemError("fcntl") }
    }

    enum ConnectStart {
        case connected
        case inProgress
        case failed(CInt)
    }

    static func connect(
        _ descriptor: borrowing FileDescriptor, to address: SocketAddress
    ) -> ConnectStart {
        let number = descriptor.number
        guard unsafe address.withRaw({ unsafe Glibc.connect(number, $0, $1) }) != 0 else {
            return .connected
        }
        // A signal in between leaves the connect going on (connect(2)).
        return errno == EINPROGRESS || errno == EINTR ? .inProgress : .failed(errno)
    }

    /// The error that the kernel holds for this socket, which is cleared by asking; 0 when there is none.
    static func pendingError(_ descriptor: borrowing FileDescriptor) -> CInt {
        var value: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        guard unsafe getsockopt(descriptor.number, SOL_SOCKET, SO_ERROR, &value, &length) == 0
        else { return errno }
        return value
    }

    /// The address that a socket is bound to, with the port that the kernel chose for port 0.
    static func localEndpoint(_ descriptor: borrowing FileDescriptor) -> Endpoint? {
        let number = descriptor.number
        return unsafe SocketAddress { raw, length in _ = unsafe getsockname(number, raw, length) }
            .endpoint
    }

    /// The address that a socket is connected to.
    static func peerEndpoint(_ descriptor: borrowing FileDescriptor) -> Endpoint? {
        let number = descriptor.number
        return unsafe SocketAddress { raw, length in _ = unsafe getpeername(number, raw, length) }
            .endpoint
    }

    /// The interface that a socket is bound to; nil if it is bound to no interface, or to a deleted one.
    static func interface(of descriptor: borrowing FileDescriptor) -> String? {
        var name = [UInt8](repeating: 0, count: Int(IFNAMSIZ))
        var length = socklen_t(name.count)
        let result = unsafe getsockopt(
            descriptor.number, SOL_SOCKET, SO_BINDTODEVICE, &name, &length)
        guard result == 0, length > 0 else { return nil }
        return String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
    }

    /// Whether the other side has ended its writes, behind bytes that may still have to be read; false after a reset.
    static func hasReadEnd(_ descriptor: borrowing FileDescriptor) -> Bool {
        var state = pollfd(fd: descriptor.number, events: Int16(POLLRDHUP), revents: 0)
        guard unsafe poll(&state, 1, 0) == 1 else { return false }
        return state.revents & Int16(POLLRDHUP) != 0 && state.revents & Int16(POLLERR) == 0
    }

    /// Bytes that the other side has not acknowledged, sent or not (tcp(7), SIOCOUTQ), which a reset would destroy;
    /// 0 when there is no connection any more that could deliver them. A Unix socket's are the other side's at once.
    static func unacknowledged(_ descriptor: borrowing FileDescriptor) -> Int {
        var state: UInt8 = 0
        var length = socklen_t(1)
        let result = unsafe getsockopt(
            descriptor.number, CInt(IPPROTO_TCP), TCP_INFO, &state, &length)
        guard result == 0, state != tcpClosed else { return 0 }
        var count: CInt = 0
        guard unsafe clinux_unacknowledged(descriptor.number, &count) == 0 else { return 0 }
        return Int(count)
    }

    /// TCP_CLOSE among the kernel's states of a connection.
    private static let tcpClosed: UInt8 = 7

    /// Tells the other side that nothing more will come (FIN).
    static func shutDownWrites(_ descriptor: borrowing FileDescriptor) {
        _ = shutdown(descriptor.number, CInt(SHUT_WR))
    }

    /// Makes the coming close a reset (RST) instead of an orderly end (socket(7), SO_LINGER).
    static func resetOnClose(_ descriptor: borrowing FileDescriptor) {
        var value = linger(l_onoff: 1, l_linger: 0)
        let size = socklen_t(MemoryLayout<linger>.size)
        _ = unsafe setsockopt(descriptor.number, SOL_SOCKET, SO_LINGER, &value, size)
    }

    static func set(
        _ option: SocketOption, to value: CInt, on descriptor: borrowing FileDescriptor
    ) throws(SystemError) { try set(option, to: value, on: descriptor.number) }

    static func set(
        _ option: SocketOption, to value: CInt, on number: CInt
    ) throws(SystemError) {
        var value = value
        let size = socklen_t(MemoryLayout<CInt>.size)
        let result = unsafe setsockopt(number, option.level, option.name, &value, size)
        guard result == 0 else { throw SystemError("setsockopt") }
    }

    /// Sets it, and an error names the option.
    static func set(
        _ name: StaticString, _ option: SocketOption, to value: CInt,
        on descriptor: borrowing FileDescriptor
    ) throws(SystemError) {
        do throws(SystemError) {
            try set(option, to: value, on: descriptor)
        } catch {
            throw SystemError(name, error.number)
        }
    }

    /// An option that is a word.
    static func set(
        _ name: StaticString, _ option: SocketOption, to word: String,
        on descriptor: borrowing FileDescriptor
    ) throws(SystemError) {
        let number = descriptor.number
        let bytes = Array(word.utf8)
        let result = unsafe setsockopt(
            number, option.level, option.name, bytes, socklen_t(bytes.count))
        guard result == 0 else { throw SystemError(name) }
    }

    /// Receives into `space`; moves nothing when the socket is empty.
    @inline(__always)
    static func receive(_ descriptor: CInt, into space: UnsafeMutableRawBufferPointer) -> IOResult {
        outcome(unsafe recv(descriptor, space.baseAddress, space.count, 0))
    }

    /// Sends what the socket has room for.
    ///
    /// `moreFollows` holds back the last packet until more is sent or the writes are shut down, so that
    /// the last bytes and the FIN travel together (send(2), MSG_MORE).
    @inline(__always)
    static func send(
        _ descriptor: CInt, _ bytes: UnsafeRawBufferPointer, moreFollows: Bool = false
    ) -> IOResult {
        let flags = CInt(MSG_NOSIGNAL) | (moreFollows ? CInt(MSG_MORE) : 0)
        return outcome(unsafe Glibc.send(descriptor, bytes.baseAddress, bytes.count, flags))
    }

    /// What a call that moves bytes has come to. After a signal it is made again: no event would come for a socket that
    /// is still ready.
    @inline(__always)
    static func outcome(_ call: @autoclosure () -> Int) -> IOResult {
        while true {
            let count = call()
            if count > 0 { return .moved(count) }
            if count == 0 { return .endOfStream }
            let number = errno
            if number == EINTR { continue }
            return number == EAGAIN ? .wouldBlock : .failed(number)
        }
    }
}

/// The socket options that we set, by the names of tcp(7), ip(7) and socket(7).
struct SocketOption {
    let level: CInt
    let name: CInt

    static let noDelay = SocketOption(level: CInt(IPPROTO_TCP), name: TCP_NODELAY)
    static let quickAcknowledge = SocketOption(level: CInt(IPPROTO_TCP), name: TCP_QUICKACK)
    /// Milliseconds.
    static let userTimeout = SocketOption(level: CInt(IPPROTO_TCP), name: TCP_USER_TIMEOUT)
    static let keepAlive = SocketOption(level: SOL_SOCKET, name: SO_KEEPALIVE)
    static let reuseAddress = SocketOption(level: SOL_SOCKET, name: SO_REUSEADDR)
    static let reusePort = SocketOption(level: SOL_SOCKET, name: SO_REUSEPORT)
    static let v6Only = SocketOption(level: CInt(IPPROTO_IPV6), name: IPV6_V6ONLY)
}

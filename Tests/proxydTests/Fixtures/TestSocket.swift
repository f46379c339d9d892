import CLinux
import Glibc
import Shared

@testable import proxyd

/// What a test waited for and did not get.
struct Missing: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Waiting for descriptors, never for time to pass.
enum Wait {
    /// Far longer than anything here takes; past it a test has failed.
    static let patience: CInt = 60_000

    /// What became ready of `events`; nil after the patience is over.
    static func poll(
        _ number: CInt, _ events: CInt, milliseconds: CInt = patience
    ) -> CInt? {
        var entry = pollfd(fd: number, events: Int16(truncatingIfNeeded: events), revents: 0)
        while true {
            let count = unsafe Glibc.poll(&entry, 1, milliseconds)
            if count > 0 { return CInt(entry.revents) }
            if count == 0 || errno != EINTR { return nil }
        }
    }

    /// Calls until it is true; between two calls others get the processor.
    static func until(_ what: String, _ isTrue: () throws -> Bool) throws {
        let start = Instant.now
        while try !isTrue() {
            guard Instant.now.milliseconds(since: start) < UInt64(patience) else {
                throw Missing(what)
            }
            sched_yield()
        }
    }
}

/// The test's end of a connection: non-blocking, with waits that have a deadline.
final class TestSocket: Sendable {
    let number: CInt
    /// The other side had reset before it was asked what became of the connect, which is where the kernel told it.
    private let wasReset: Bool

    /// Takes the descriptor over.
    init(owning number: CInt, wasReset: Bool = false) {
        self.number = number
        self.wasReset = wasReset
        _ = signal(SIGPIPE, SIG_IGN)
    }

    deinit { _ = close(number) }

    enum Kind: String, Sendable, CaseIterable {
        case unix, tcp
    }

    /// Two ends of one connection.
    static func pair(_ kind: Kind) throws -> (TestSocket, TestSocket) {
        switch kind {
        case .unix:
            var ends: (CInt, CInt) = (-1, -1)
            let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
            let result = unsafe withUnsafeMutablePointer(to: &ends) { pointer in
                unsafe pointer.withMemoryRebound(to: CInt.self, capacity: 2) {
                    unsafe socketpair(AF_UNIX, type, 0, $0)
                }
            }
            guard result == 0 else { throw SystemError("socketpair") }
            return (TestSocket(owning: ends.0), TestSocket(owning: ends.1))
        case .tcp:
            let door = try TestDoor()
            let caller = try connect(to: door.endpoint)
            return (caller, try door.accept())
        }
    }

    /// Whoever accepts may reset at once: that is told by what is received, however soon it came.
    static func connect(to endpoint: Endpoint) throws -> TestSocket {
        var wasReset = false
        guard let address = SocketAddress(endpoint) else { throw Missing("an address") }
        let descriptor = try Socket.open(family: address.family)
        if address.family != AF_UNIX { try Socket.set(.noDelay, to: 1, on: descriptor) }
        switch Socket.connect(descriptor, to: address) {
        case .connected: break
        case .failed(let number): throw SystemError("connect", number)
        case .inProgress:
            guard Wait.poll(descriptor.number, POLLOUT) != nil else { throw Missing("connect") }
            let number = Socket.pendingError(descriptor)
            wasReset = number == ECONNRESET
            guard number == 0 || wasReset else { throw SystemError("connect", number) }
        }
        return TestSocket(owning: descriptor.release(), wasReset: wasReset)
    }

    // MARK: Sending

    /// Sends what the socket takes now.
    func sendSome(_ bytes: ArraySlice<UInt8>, flags: CInt = 0) throws -> Int {
        let count = unsafe bytes.withUnsafeBytes { bytes in
            unsafe Glibc.send(
                number, bytes.baseAddress, bytes.count, CInt(MSG_NOSIGNAL) | flags)
        }
        if count >= 0 { return count }
        guard errno == EAGAIN else { throw SystemError("send") }
        return 0
    }

    /// Sends everything, waiting for room.
    func send(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = try sendSome(rest)
            rest = rest.dropFirst(count)
            if count == 0, Wait.poll(number, POLLOUT) == nil { throw Missing("room to send") }
        }
    }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    /// Urgent data (tcp(7)).
    func sendUrgent(_ byte: UInt8) throws {
        _ = try sendSome([byte], flags: CInt(MSG_OOB))
    }

    func endWrites() { _ = shutdown(number, CInt(SHUT_WR)) }

    /// Makes the close a reset.
    func setReset() {
        var value = linger(l_onoff: 1, l_linger: 0)
        _ = unsafe setsockopt(
            number, SOL_SOCKET, SO_LINGER, &value, socklen_t(MemoryLayout<linger>.size))
    }

    /// Breaks the connection off at once, with a reset (connect(2), AF_UNSPEC).
    func reset() {
        var nobody = sockaddr()
        nobody.sa_family = sa_family_t(AF_UNSPEC)
        _ = unsafe withUnsafePointer(to: &nobody) { pointer in
            unsafe Glibc.connect(
                number, __CONST_SOCKADDR_ARG(__sockaddr__: pointer),
                socklen_t(MemoryLayout<sockaddr>.size))
        }
    }

    // MARK: Receiving

    /// What a receive may bring at this moment.
    enum Received: Equatable {
        case bytes([UInt8])
        case nothing
        case end
        case failed(CInt)
    }

    func receiveSome(_ most: Int = 65_536) -> Received {
        if wasReset { return .failed(ECONNRESET) }
        var space = [UInt8](repeating: 0, count: most)
        let count = unsafe recv(number, &space, most, 0)
        if count > 0 { return .bytes(Array(space.prefix(count))) }
        if count == 0 { return .end }
        return errno == EAGAIN ? .nothing : .failed(errno)
    }

    /// Waits until so many bytes can be read at once.
    func awaitReadable(_ count: Int) throws {
        try Wait.until("\(count) bytes to read") {
            var available: CInt = 0
            _ = unsafe ioctl(number, UInt(FIONREAD), &available)
            return available >= count
        }
    }

    /// Waits until the other side's end has come, behind whatever it sent.
    func awaitEnd() throws {
        guard Wait.poll(number, CInt(EPOLLRDHUP.rawValue)) != nil else { throw Missing("the end") }
    }
}

/// A socket that listens on a loopback port of its own; the test is the server.
final class TestDoor: Sendable {
    let number: CInt
    let endpoint: Endpoint

    /// Without a backlog it is bound, but not listening: whoever connects is refused, and nobody else
    /// gets the port.
    init(backlog: CInt? = 64, family: CInt = AF_INET) throws {
        let loopback: IPAddress = family == AF_INET6 ? .loopbackV6 : .loopbackV4
        guard let address = SocketAddress(.ip(loopback, port: 0)) else { throw Missing("address") }
        let descriptor = try Socket.open(family: family)
        try Socket.bind(descriptor, to: address)
        if let backlog { try Socket.listen(descriptor, backlog: backlog) }
        guard let endpoint = Socket.localEndpoint(descriptor) else { throw Missing("endpoint") }
        self.endpoint = endpoint
        number = descriptor.release()
    }

    deinit { _ = close(number) }

    /// An address that refuses as long as the door is kept.
    static func refusing() throws -> TestDoor { try TestDoor(backlog: nil) }

    func accept() throws -> TestSocket {
        while true {
            if let (number, _) = try Socket.accept(number) { return TestSocket(owning: number) }
            guard Wait.poll(number, POLLIN) != nil else { throw Missing("a client") }
        }
    }

    /// A door that refused listens from now on.
    func open() throws {
        guard listen(number, 64) == 0 else { throw SystemError("listen") }
    }

    /// Whether somebody waits to be accepted.
    var hasCaller: Bool { Wait.poll(number, POLLIN, milliseconds: 0) != nil }
}

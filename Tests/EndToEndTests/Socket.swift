import CLinux
import Foundation
import Shared
import Synchronization

/// What the kernel answered instead of doing it.
struct SocketError: Error, Equatable, CustomStringConvertible {
    let number: CInt
    let call: String

    init(_ number: CInt, _ call: String) {
        self.number = number
        self.call = call
    }

    var description: String { "\(call): \(unsafe String(cString: strerror(number)))" }
    var isReset: Bool { number == ECONNRESET || number == EPIPE }
    var isTimeout: Bool { number == EAGAIN || number == ETIMEDOUT }
    var isRefused: Bool { number == ECONNREFUSED }
}

/// How a stream came to its end.
enum Ending: Equatable {
    case endOfStream
    case reset
}

/// A blocking stream socket whose every call gives up after `patience`.
///
/// One thread may send while another receives; the descriptor is closed once.
final class Socket: Sendable {
    /// Longer than anything takes that works.
    static let patience = 60

    let number: CInt
    private let isOpen = Atomic(true)
    /// The other side had reset before connect(2) looked, which is where the kernel told it.
    private let wasReset = Atomic(false)

    init(adopting number: CInt) throws {
        guard number >= 0 else { throw SocketError(errno, "socket") }
        self.number = number
        var patience = timeval(tv_sec: Self.patience, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        unsafe setsockopt(number, SOL_SOCKET, SO_RCVTIMEO, &patience, size)
        unsafe setsockopt(number, SOL_SOCKET, SO_SNDTIMEO, &patience, size)
    }

    deinit { close() }

    func close() {
        guard isOpen.exchange(false, ordering: .acquiringAndReleasing) else { return }
        _ = Foundation.close(number)
    }

    /// Closes so that the other side sees a reset (SO_LINGER of socket(7)).
    func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        let size = socklen_t(MemoryLayout.size(ofValue: linger))
        unsafe setsockopt(number, SOL_SOCKET, SO_LINGER, &linger, size)
        close()
    }

    func shutDownWrites() { _ = shutdown(number, CInt(SHUT_WR)) }

    /// Wakes whoever waits in `accept` or `receive`.
    func shutDown() { _ = shutdown(number, CInt(SHUT_RDWR)) }

    func setNonBlocking() { _ = fcntl(number, F_SETFL, fcntl(number, F_GETFL) | O_NONBLOCK) }

    /// Small buffers make a reader that does not read felt soon.
    func setBuffers(_ bytes: CInt) {
        var bytes = bytes
        let size = socklen_t(MemoryLayout<CInt>.size)
        unsafe setsockopt(number, SOL_SOCKET, SO_RCVBUF, &bytes, size)
        unsafe setsockopt(number, SOL_SOCKET, SO_SNDBUF, &bytes, size)
    }
}

// MARK: - Opening

extension Socket {
    static let anyPort = Endpoint.ip(.loopbackV4, port: 0)
    static let anyPortV6 = Endpoint.ip(.loopbackV6, port: 0)

    static func unconnected(for endpoint: Endpoint) throws -> Socket {
        let address = try Address(endpoint)
        let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        return try Socket(adopting: socket(address.family, type, 0))
    }

    static func connected(to endpoint: Endpoint, buffers: CInt? = nil) throws -> Socket {
        let socket = try unconnected(for: endpoint)
        if let buffers { socket.setBuffers(buffers) }
        try socket.connect(to: endpoint)
        return socket
    }

    /// Whoever accepts may reset at once, even before connect(2) has seen that it was accepted: then the first
    /// `receive` tells, as it does when the reset comes a little later.
    func connect(to endpoint: Endpoint) throws {
        try unsafe Address(endpoint).withPointer { pointer, size in
            guard
                unsafe CLinux.connect(
                    number, __CONST_SOCKADDR_ARG(__sockaddr__: pointer), size) == 0
            else {
                guard errno == ECONNRESET else {
                    throw SocketError(errno, "connect to \(endpoint)")
                }
                wasReset.store(true, ordering: .relaxed)
                return
            }
        }
    }

    /// Starts a connect on a non-blocking socket and does not wait for it.
    func beginConnecting(to endpoint: Endpoint) throws {
        try unsafe Address(endpoint).withPointer { pointer, size in
            _ = unsafe CLinux.connect(number, __CONST_SOCKADDR_ARG(__sockaddr__: pointer), size)
        }
    }

    /// Bound, so that nobody else gets the port, but not listening: a connect is refused. Another one may listen
    /// there meanwhile, as both set SO_REUSEADDR; closing this one before that would leave the port to anybody.
    static func bound(to endpoint: Endpoint = anyPort) throws -> Socket {
        let socket = try unconnected(for: endpoint)
        var yes: CInt = 1
        unsafe setsockopt(
            socket.number, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<CInt>.size))
        try unsafe Address(endpoint).withPointer { pointer, size in
            guard unsafe bind(socket.number, __CONST_SOCKADDR_ARG(__sockaddr__: pointer), size) == 0
            else {
                throw SocketError(errno, "bind to \(endpoint)")
            }
        }
        return socket
    }

    static func listening(on endpoint: Endpoint = anyPort, backlog: CInt = 4096) throws -> Socket {
        let socket = try bound(to: endpoint)
        guard listen(socket.number, backlog) == 0 else { throw SocketError(errno, "listen") }
        return socket
    }

    func accept() throws -> Socket {
        let number = unsafe accept4(
            number, __SOCKADDR_ARG(__sockaddr__: nil), nil, CInt(SOCK_CLOEXEC.rawValue))
        guard number >= 0 else { throw SocketError(errno, "accept") }
        return try Socket(adopting: number)
    }

    /// The address it is bound to, with the port that the kernel chose.
    var endpoint: Endpoint {
        get throws { try Address(of: self).endpoint }
    }
}

// MARK: - Bytes

extension Socket {
    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count { sent += try send(some: bytes[sent...]) }
    }

    /// Waits until the other kernel has everything that was sent.
    func awaitAcknowledgement() throws {
        try eventually("an acknowledgement") {
            var count: CInt = 0
            guard unsafe ioctl(number, UInt(TIOCOUTQ), &count) == 0 else {
                throw SocketError(errno, "SIOCOUTQ")
            }
            return count == 0
        }
    }

    /// As many bytes as fit; at least one.
    func send(some bytes: ArraySlice<UInt8>) throws -> Int {
        let count = unsafe bytes.withUnsafeBytes { buffer in
            unsafe Foundation.send(number, buffer.baseAddress, buffer.count, CInt(MSG_NOSIGNAL))
        }
        guard count >= 0 else { throw SocketError(errno, "send") }
        return count
    }

    /// Some bytes, or none at the end of the stream.
    func receive(atMost limit: Int = 65_536) throws -> [UInt8] {
        if wasReset.load(ordering: .relaxed) { throw SocketError(ECONNRESET, "receive") }
        var failure: CInt = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            let received = unsafe recv(number, buffer.baseAddress, limit, 0)
            if received < 0 { failure = errno }
            count = max(0, received)
        }
        guard failure == 0 else { throw SocketError(failure, "receive") }
        return bytes
    }

    func receive(exactly count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let more = try receive(atMost: count - bytes.count)
            guard !more.isEmpty else {
                throw TooLate(what: "\(count) bytes: the stream ended after \(bytes.count)")
            }
            bytes += more
        }
        return bytes
    }

    /// Everything up to the end, and which end it was.
    func receiveAll() throws -> (bytes: [UInt8], ending: Ending) {
        var bytes: [UInt8] = []
        while true {
            do {
                let more = try receive()
                guard !more.isEmpty else { return (bytes, .endOfStream) }
                bytes += more
            } catch let error as SocketError where error.isReset {
                return (bytes, .reset)
            }
        }
    }

    /// Sends without waiting until nothing fits any more; returns what was taken.
    func fill(with byte: UInt8 = 0x78, limit: Int = 64 << 20) throws -> Int {
        let block = [UInt8](repeating: byte, count: 65_536)
        var total = 0
        while total < limit {
            let count = unsafe block.withUnsafeBytes { buffer in
                unsafe Foundation.send(
                    number, buffer.baseAddress, buffer.count,
                    CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT))
            }
            guard count >= 0 else {
                guard errno == EAGAIN else { throw SocketError(errno, "send") }
                return total
            }
            total += count
        }
        return total
    }
}

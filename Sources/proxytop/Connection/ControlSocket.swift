internal import Glibc
internal import Shared

/// The connection to the daemon: bytes out, replies in, and no opinion about either.
struct ControlSocket: ~Copyable {
    /// Why there is no connection, in words for the screen.
    struct Failure: Error, Equatable {
        enum Kind: Equatable { case absent, notPermitted, other }
        var kind: Kind
        var reason: String
    }

    enum Event: Equatable {
        case reply(Reply)
        case garbled(String)
        case closed(reason: String)
    }

    /// A reply longer than this is not one of ours.
    static let mostHeldBytes = 32 << 20
    private static let chunk = 64 << 10

    let descriptor: CInt
    /// What its end means.
    private var closing = "the daemon closed the connection"
    /// What a command says on its standard error, and the last of it.
    private let errors: CInt
    private var said: [UInt8] = []
    private static let mostSaid = 4096
    private var outgoing: [UInt8] = []
    private var reader = ReplyReader()
    private var bytesSinceReply = 0

    /// Connects without waiting: on a Unix socket the answer is there at once.
    init(path: String) throws(Failure) {
        let number = socket(
            AF_UNIX,
            CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
                | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard number >= 0 else {
            throw Failure(kind: .other, reason: "no socket: error \(errno)")
        }
        let failed = Self.connect(number, path)
        guard failed == 0 else {
            close(number)
            throw Self.failure(failed, path)
        }
        descriptor = number
        errors = -1
    }

    /// Talks to a daemon through a command, which answers later than a socket does, or not at all.
    init(running command: String) throws(Failure) {
        guard let ends = RemoteCommand.start(command) else {
            throw Failure(kind: .other, reason: "cannot run “\(command)”: error \(errno)")
        }
        descriptor = ends.socket
        errors = ends.errors
        closing = "“\(command)” has ended"
    }

    // Never retried on EINTR: Linux has closed it, and the number may already be someone else's.
    deinit {
        _ = close(descriptor)
        if errors >= 0 { _ = close(errors) }
    }

    /// Takes what the command has said since, so that it never waits for us, and keeps the end of it.
    private mutating func listen() {
        guard errors >= 0 else { return }
        var bytes = [UInt8](repeating: 0, count: Self.mostSaid)
        while true {
            let number = errors
            let count = unsafe bytes.withUnsafeMutableBytes {
                unsafe Glibc.read(number, $0.baseAddress, $0.count)
            }
            guard count > 0 else { return }
            said = Array((said + bytes[..<count]).suffix(Self.mostSaid))
        }
    }

    /// Why it is over: in the command's own words, if it has any.
    private mutating func ending() -> String {
        listen()
        let lines = String(decoding: said, as: UTF8.self).split(whereSeparator: \.isNewline)
        guard let last = lines.last(where: { !$0.allSatisfy(\.isWhitespace) }) else {
            return closing
        }
        return "\(last.prefix(200)); \(closing)"
    }

    /// 0, or the errno.
    private static func connect(_ number: CInt, _ path: String) -> CInt {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count <= Endpoint.longestPath else { return ENAMETOOLONG }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.connect(number, __CONST_SOCKADDR_ARG(__sockaddr__: $0), size)
            }
        }
        return result == 0 ? 0 : errno
    }

    private static func failure(_ error: CInt, _ path: String) -> Failure {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        switch error {
        case ENOENT: return Failure(kind: .absent, reason: "\(name): no such socket (ENOENT)")
        case ECONNREFUSED:
            return Failure(
                kind: .absent, reason: "\(name): not listening (ECONNREFUSED, stale file)")
        case EACCES, EPERM:
            return Failure(kind: .notPermitted, reason: "\(name): not permitted\(owner(of: path))")
        case EAGAIN:
            return Failure(
                kind: .other, reason: "\(name): the daemon is too busy to accept (EAGAIN)")
        default: return Failure(kind: .other, reason: "\(name): error \(error)")
        }
    }

    /// Who may, when we may not.
    private static func owner(of path: String) -> String {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return " (EACCES)" }
        let mode = String(status.st_mode & 0o777, radix: 8)
        return " (EACCES; owner \(status.st_uid), group \(status.st_gid), mode 0\(mode))"
    }

    var wantsToWrite: Bool { !outgoing.isEmpty }

    mutating func send(_ requests: [Request]) {
        for request in requests { outgoing.append(contentsOf: request.line.utf8) }
        flush()
    }

    /// Writes as much as the daemon takes. An error shows up at the next read.
    mutating func flush() {
        guard !outgoing.isEmpty else { return }
        let number = descriptor
        let count = unsafe outgoing.withUnsafeBytes {
            unsafe Glibc.send(number, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
        }
        if count > 0 { outgoing.removeFirst(count) }
    }

    /// Reads what is there, and gives back the whole replies in it.
    mutating func receive() -> [Event] {
        var events: [Event] = []
        listen()
        while true {
            let number = descriptor
            var count = 0
            var error: CInt = 0
            let bytes = unsafe [UInt8](unsafeUninitializedCapacity: Self.chunk) { buffer, used in
                count = unsafe recv(number, buffer.baseAddress, buffer.count, 0)
                error = errno
                used = max(0, count)
            }
            guard count > 0 else {
                // A command that ends with something unread resets our end of the socket.
                if count == 0 || errors >= 0 && error == ECONNRESET {
                    events.append(.closed(reason: ending()))
                } else if error != EAGAIN, error != EINTR {
                    events.append(.closed(reason: "the connection broke: error \(error)"))
                }
                return events
            }
            reader.append(bytes)
            bytesSinceReply += count
            guard readReplies(into: &events) else { return events }
        }
    }

    /// False when what came cannot be read.
    private mutating func readReplies(into events: inout [Event]) -> Bool {
        do {
            while let reply = try reader.next() {
                bytesSinceReply = 0
                events.append(.reply(reply))
            }
        } catch {
            events.append(.garbled(error.line))
            return false
        }
        guard bytesSinceReply <= Self.mostHeldBytes else {
            events.append(.garbled("(more than 32 MiB without an end)"))
            return false
        }
        return true
    }
}

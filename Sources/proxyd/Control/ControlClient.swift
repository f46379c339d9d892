internal import Glibc
internal import Shared

/// One connection to a daemon's control socket, blocking, for `proxyd ctl`.
struct ControlClient: ~Copyable {
    /// How long connecting, sending or an answer may take.
    static let patience = Duration.seconds(5)

    /// Closed when its owner lets it go.
    private struct Connection: ~Copyable {
        let number: CInt
        // Never retried on EINTR: Linux has closed it, and the number may already be someone else's.
        deinit { _ = Glibc.close(number) }
    }

    private let connection: Connection
    private var number: CInt { connection.number }
    private var reader = ReplyReader()

    /// Connects, at once or within `patience`.
    init(path: String) throws(ControlFailure) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count <= Endpoint.longestPath, !bytes.isEmpty, !bytes.contains(0) else {
            throw .noDaemon("“\(path)” cannot be a socket's path")
        }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        let type = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        let number = socket(AF_UNIX, type, 0)
        guard number >= 0 else { throw .system(Self.reason(errno)) }
        let connection = Connection(number: number)
        // connect(2) on a Unix socket waits for room in the backlog as long as this says.
        var limit = timeval(tv_sec: Int(Self.patience.components.seconds), tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        guard unsafe setsockopt(number, SOL_SOCKET, SO_SNDTIMEO, &limit, size) == 0 else {
            throw .system(Self.reason(errno))
        }
        let length = socklen_t(MemoryLayout<sockaddr_un>.size)
        let result = unsafe withUnsafePointer(to: &address) {
            unsafe connect(number, __CONST_SOCKADDR_ARG(__sockaddr_un__: $0), length)
        }
        guard result == 0 else {
            let code = errno
            switch code {
            case EACCES, EPERM: throw .forbidden("no permission to use \(path)")
            case EAGAIN: throw .noDaemon("the daemon at \(path) does not answer")
            case ENOENT: throw .noDaemon("no socket at \(path); is the daemon running?")
            case ECONNREFUSED: throw .noDaemon("no daemon at \(path); its socket is a leftover")
            default: throw .noDaemon("\(path): \(Self.reason(code))")
            }
        }
        self.connection = connection
    }

    func send(_ request: Request) throws(ControlFailure) {
        var rest = Array(request.line.utf8)[...]
        guard rest.count <= Request.longestLine + 1 else { throw .usage("the command is too long") }
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes {
                unsafe Glibc.send(number, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
            }
            guard count > 0 else {
                let code = errno
                if code == EINTR { continue }
                throw code == EAGAIN ? .timeout : .closed
            }
            rest = rest.dropFirst(count)
        }
    }

    /// The next reply; a patience of nil waits for ever, as `watch` does between two of them.
    mutating func receive(within patience: Duration? = ControlClient.patience)
        throws(ControlFailure) -> Reply
    {
        let deadline = patience.map { ContinuousClock.now + $0 }
        while true {
            do throws(ReplyReader.Malformed) {
                if let reply = try reader.next() { return reply }
            } catch {
                throw .malformed(error.line)
            }
            try wait(until: deadline)
            try reader.append(read())
        }
    }

    private func wait(until deadline: ContinuousClock.Instant?) throws(ControlFailure) {
        var timeout: CInt = -1
        if let deadline {
            let left = Age(ContinuousClock.now.duration(to: deadline)).milliseconds
            guard left > 0 else { throw .timeout }
            timeout = CInt(clamping: left)
        }
        var interest = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
        let count = unsafe poll(&interest, 1, timeout)
        if count < 0, errno != EINTR { throw .system(Self.reason(errno)) }
        if count == 0 { throw .timeout }
    }

    private func read() throws(ControlFailure) -> ArraySlice<UInt8> {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe bytes.withUnsafeMutableBytes {
            unsafe recv(number, $0.baseAddress, $0.count, CInt(MSG_DONTWAIT))
        }
        if count > 0 { return bytes[..<count] }
        if count < 0, errno == EINTR || errno == EAGAIN { return [] }
        throw .closed
    }

    static func reason(_ code: CInt) -> String {
        guard let text = unsafe strerror(code) else { return "error \(code)" }
        return unsafe String(cString: text)
    }
}

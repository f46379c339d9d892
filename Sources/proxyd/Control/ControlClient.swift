internal import Glibc
internal import Shared

/// One connection to a daemon's control socket, blocking, for `proxyd ctl`.
final class ControlClient {
    /// How long connecting, sending or an answer may take.
    static let patience = Duration.seconds(5)

    private let connection: FileDescriptor
    /// What the connection leads through, when it is not a socket of this machine.
    private let command: (words: String, program: ConnectedCommand)?
    var number: CInt { command?.program.socket.number ?? connection.number }
    /// Something was answered. Until then a command may be asking its user for a password.
    private var isGreeted = false
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
        let connection = FileDescriptor(owning: number)
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
        command = nil
    }

    /// Runs a command of the shell that speaks the protocol on its standard streams.
    init(running words: String, for name: String, ignoresInterrupts: Bool) throws(ControlFailure) {
        do throws(SystemError) {
            command = (
                name, try ConnectedCommand(words, ignoresInterrupts: ignoresInterrupts)
            )
        } catch {
            throw .system("\(error)")
        }
        connection = .none
    }

    /// Whether the other side has hung up already; nothing is sent or taken by asking.
    var isClosed: Bool {
        var byte: UInt8 = 0
        let count = unsafe recv(number, &byte, 1, CInt(MSG_PEEK) | CInt(MSG_DONTWAIT))
        return count == 0 || count < 0 && errno != EAGAIN && errno != EINTR
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
                if code == EAGAIN { throw .timeout }
                // It hung up, and may have said why: that is to be received.
                return
            }
            rest = rest.dropFirst(count)
        }
    }

    /// The next reply; a patience of nil waits for ever, as `watch` does between two of them.
    func receive(within patience: Duration? = ControlClient.patience)
        throws(ControlFailure) -> Reply
    {
        guard let reply = try receive(within: patience, unlessReadable: []) else { throw .timeout }
        return reply
    }

    /// The same, given up as soon as one of the other descriptors can be read: nil.
    func receive(
        within patience: Duration?, unlessReadable others: [CInt]
    ) throws(ControlFailure) -> Reply? {
        let isLimited = isGreeted || command == nil
        let deadline = isLimited ? patience.map { ContinuousClock.now + $0 } : nil
        while true {
            do throws(ReplyReader.Malformed) {
                if let reply = try reader.next() {
                    isGreeted = true
                    return reply
                }
            } catch {
                throw .malformed(error.line)
            }
            guard try wait(until: deadline, unlessReadable: others) else { return nil }
            try reader.append(read())
        }
    }

    /// Whether there is something to be received, rather than something on the others.
    private func wait(
        until deadline: ContinuousClock.Instant?, unlessReadable others: [CInt]
    ) throws(ControlFailure) -> Bool {
        var interests = ([number] + others).map {
            pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
        }
        while true {
            var timeout: CInt = -1
            if let deadline {
                let left = ContinuousClock.now.duration(to: deadline)
                guard left > .zero else { throw .timeout }
                // Rounded up, so that no time is over before it is.
                timeout = CInt(clamping: Age(left).milliseconds + 1)
            }
            let count = unsafe poll(&interests, nfds_t(interests.count), timeout)
            if count < 0 {
                guard errno == EINTR else { throw .system(Self.reason(errno)) }
                continue
            }
            if count == 0 { continue }
            return interests.dropFirst().allSatisfy { $0.revents == 0 }
        }
    }

    private func read() throws(ControlFailure) -> ArraySlice<UInt8> {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe bytes.withUnsafeMutableBytes {
            unsafe recv(number, $0.baseAddress, $0.count, CInt(MSG_DONTWAIT))
        }
        if count > 0 { return bytes[..<count] }
        if count < 0, errno == EINTR || errno == EAGAIN { return [] }
        guard let command else { throw .closed }
        throw .ended(command.words, command.program.end())
    }

    static func reason(_ code: CInt) -> String {
        guard let text = unsafe strerror(code) else { return "error \(code)" }
        return unsafe String(cString: text)
    }
}

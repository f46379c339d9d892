internal import Glibc
internal import Shared

/// Where a log's lines go, open.
final class LogSink: Sendable {
    let target: LogTarget
    private let descriptor: FileDescriptor
    private let kind: Kind
    let dress: LogFraming

    private enum Kind {
        case file
        /// A terminal or a pipe that belongs to others, too, so that it cannot be made non-blocking.
        case shared
        case socket
    }

    struct Failure: Error, Equatable {
        var words: String
    }

    /// Opens it. `isAccess` lines bring their own time into a file.
    init(_ target: LogTarget, isAccess: Bool) throws(Failure) {
        self.target = target
        let identity = LogFraming.Identity(
            ident: target.ident, facility: target.facility, severity: target.severity,
            pid: getpid())
        switch target.place {
        case .file(let path):
            do throws(LogFile.Failure) {
                descriptor = try LogFile.open(path)
            } catch {
                throw Failure(words: error.words)
            }
            kind = .file
            dress = isAccess ? .bare : .timed
        case .standardOutput, .standardError:
            let number = target.place == .standardOutput ? STDOUT_FILENO : STDERR_FILENO
            let copy = fcntl(number, F_DUPFD_CLOEXEC, 3)
            guard copy >= 0 else { throw Failure(words: "it is closed") }
            descriptor = FileDescriptor(owning: copy)
            kind = Self.kind(of: copy)
            let isJournal = Self.isJournal(copy)
            dress = isAccess ? .bare : isJournal ? .leveled : Log.dress
        case .syslog, .journald:
            let path = target.socket ?? Self.usualSocket(of: target.place)
            guard let address = SocketAddress(.unix(path: path)) else {
                throw Failure(words: "the path is too long")
            }
            do throws(SystemError) {
                descriptor = try Socket.openDatagrams(to: address)
            } catch {
                throw Failure(words: "\(path): \(error)")
            }
            kind = .socket
            dress = target.place == .syslog ? .syslog(identity) : .journal(identity)
        }
    }

    /// A syslog or journald that does not answer yet: the first write tries again.
    init(unanswered target: LogTarget) {
        self.target = target
        let identity = LogFraming.Identity(
            ident: target.ident, facility: target.facility, severity: target.severity,
            pid: getpid())
        descriptor = .none
        kind = .socket
        dress = target.place == .syslog ? .syslog(identity) : .journal(identity)
    }

    static func usualSocket(of place: LogTarget.Place) -> String {
        place == .syslog ? "/dev/log" : "/run/systemd/journal/socket"
    }

    private static func kind(of number: CInt) -> Kind {
        var status = stat()
        guard unsafe fstat(number, &status) == 0 else { return .shared }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return .file
        case S_IFSOCK: return .socket
        default: return .shared
        }
    }

    /// systemd says which stream is its own (systemd.exec(5), `JOURNAL_STREAM`): a stream that was
    /// redirected since gets plain lines.
    private static func isJournal(_ number: CInt) -> Bool {
        let parts = ProcessEnvironment.value(of: "JOURNAL_STREAM")?.split(separator: ":") ?? []
        guard parts.count == 2, let device = UInt64(parts[0]), let inode = UInt64(parts[1]) else {
            return false
        }
        return LogFile.isSame(number, device: device, inode: inode)
    }

    // MARK: Writing

    /// A write to a pipe with room for so many bytes does not wait (pipe(7)).
    private static let pipeRoom = 4096

    /// Writes some of the bytes, and never waits for a reader.
    func write(_ bytes: ArraySlice<UInt8>) -> IOResult {
        switch kind {
        case .file:
            return unsafe bytes.withUnsafeBytes { raw in
                Socket.outcome(unsafe Glibc.write(descriptor.number, raw.baseAddress, raw.count))
            }
        case .shared:
            var event = pollfd(fd: descriptor.number, events: Int16(POLLOUT), revents: 0)
            guard unsafe poll(&event, 1, 0) > 0 else { return .wouldBlock }
            return unsafe bytes.withUnsafeBytes { raw in
                Socket.outcome(
                    unsafe Glibc.write(
                        descriptor.number, raw.baseAddress, min(raw.count, Self.pipeRoom)))
            }
        case .socket:
            return unsafe bytes.withUnsafeBytes { raw in
                let flags = CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT)
                return Socket.outcome(
                    unsafe Glibc.send(descriptor.number, raw.baseAddress, raw.count, flags))
            }
        }
    }

    /// Waits until it takes bytes again or `other` is readable; at most so long.
    func wait(or other: CInt, milliseconds: CInt) {
        var events = [
            pollfd(fd: descriptor.number, events: Int16(POLLOUT), revents: 0),
            pollfd(fd: other, events: Int16(POLLIN), revents: 0),
        ]
        _ = unsafe poll(&events, 2, milliseconds)
    }
}

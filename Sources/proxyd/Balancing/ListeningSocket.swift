internal import Glibc
internal import Shared
internal import Synchronization

/// A bound socket that clients connect to, shared by all workers and closed when the last lets it go.
final class ListeningSocket: Sendable {
    let listener: Listener
    let service: Service
    let socket: OpenedSocket

    init(listener: Listener, service: Service, socket: OpenedSocket) {
        self.listener = listener
        self.service = service
        self.socket = socket
    }

    var number: CInt { socket.descriptor.number }

    /// How long bytes of new clients may be unacknowledged; connected ones keep what they got.
    func setDeadPeer(_ deadPeer: Duration?) {
        guard !listener.endpoint.isUnix else { return }
        let milliseconds = CInt(clamping: (deadPeer?.wholeNanoseconds ?? 0) / 1_000_000)
        try? Socket.set(.userTimeout, to: milliseconds, on: socket.descriptor)
    }

    /// Other options, of clients to come; those that were given before and are not any more stay.
    func setOptions(_ options: SocketOptions?) {
        guard let options, !listener.endpoint.isUnix else { return }
        let isV6 = if case .ip(.v6, _) = listener.endpoint { true } else { false }
        try? options.set(on: socket.descriptor, family: isV6 ? AF_INET6 : AF_INET)
        try? options.setListening(on: socket.descriptor)
    }

    /// As many clients as the settings say now may wait in the kernel: listen(2) may be called again.
    func setBacklog() {
        try? Socket.listen(socket.descriptor, backlog: listener.settings.backlog)
    }

    /// Gives a Unix socket's file the permissions that the settings say now.
    func setMode() { socket.file?.setMode(listener.settings.mode) }

    /// Takes a Unix socket's file away, so that clients are refused at once.
    func removeFile() { socket.file?.remove() }
}

/// A listening socket before it is known whose it is.
final class OpenedSocket: Sendable {
    let descriptor: FileDescriptor
    private let place: CountedMutex<UnixSocketFile?>

    /// Where it is in the file system, for a Unix socket that is ours to take away.
    var file: UnixSocketFile? { place.withLock { $0 } }

    /// It is ours to take away from now on, or another's.
    func own(_ file: UnixSocketFile?) { place.withLock { $0 = file } }

    /// Takes a socket that another process has bound, listening already. `file` is its place in the file
    /// system if that is ours to take away; what another owner has put there stays.
    init(
        adopting descriptor: consuming FileDescriptor, file: UnixSocketFile? = nil
    ) throws(SystemError) {
        try Socket.makeOurs(descriptor)
        self.descriptor = descriptor
        place = CountedMutex(file)
    }

    /// As if we had opened it ourselves: clients to come get what the settings say. Who may connect to a Unix
    /// socket is its owner's to say.
    func take(_ settings: ListenerConfiguration, deadPeer: Duration?) throws(SystemError) {
        let family = settings.endpoint.isUnix ? AF_UNIX : AF_UNSPEC
        try ConnectionOptions.set(on: descriptor, family: family, deadPeer: deadPeer)
        if let options = settings.socket, case .ip(let address, _) = settings.endpoint {
            let isV4 = if case .v4 = address { true } else { false }
            try options.set(on: descriptor, family: isV4 ? AF_INET : AF_INET6)
            try options.setListening(on: descriptor)
        }
        try Socket.listen(descriptor, backlog: settings.backlog)
    }

    /// Whether there is an interface of that name, and it is not the one that this socket is bound to.
    func isDeaf(on interface: String) -> Bool {
        guard unsafe if_nametoindex(interface) > 0 else { return false }
        return Socket.interface(of: descriptor) != interface
    }

    /// Another socket of ours may be bound to an address that this one's is part of, or that is part of this one's
    /// (socket(7), SO_REUSEPORT). The kernel looks at it only when a socket is bound.
    func sharePort(_ shares: Bool) {
        try? Socket.set(.reusePort, to: shares ? 1 : 0, on: descriptor)
    }

    /// Opens, binds and listens. With `sharesPort` a socket that does so, too, may have the port already.
    init(
        _ address: SocketAddress, settings: ListenerConfiguration, deadPeer: Duration?,
        sharesPort: Bool = false
    ) throws(UnixSocketFile.Failure) {
        do throws(SystemError) {
            descriptor = try (settings.socket ?? SocketOptions()).open(family: address.family)
            try ConnectionOptions.set(on: descriptor, family: address.family, deadPeer: deadPeer)
            place = CountedMutex(nil)
            // A restart must not wait for the old connections' TIME_WAIT to pass.
            try Socket.set(.reuseAddress, to: 1, on: descriptor)
            if sharesPort { try Socket.set(.reusePort, to: 1, on: descriptor) }
            // Each family has a listener of its own, so that [::] and 0.0.0.0 can stand side by side.
            if address.family == AF_INET6 { try Socket.set(.v6Only, to: 1, on: descriptor) }
            if let options = settings.socket {
                try options.set(on: descriptor, family: address.family)
                try options.setListening(on: descriptor)
            }
            try Socket.bind(descriptor, to: address)
            try Socket.listen(descriptor, backlog: settings.backlog)
            if sharesPort { try Socket.set(.reusePort, to: 0, on: descriptor) }
        } catch {
            throw .system(error)
        }
    }

    /// The same in the file system, for members of `group` if that is given.
    init(
        unix path: String, settings: ListenerConfiguration, owner: UInt32? = nil,
        group: UInt32? = nil
    ) throws(UnixSocketFile.Failure) {
        do throws(SystemError) {
            descriptor = try Socket.open(family: AF_UNIX)
        } catch {
            throw .system(error)
        }
        place = CountedMutex(
            try UnixSocketFile(
                binding: descriptor, to: path, mode: settings.mode, owner: owner, group: group,
                backlog: settings.backlog))
    }
}

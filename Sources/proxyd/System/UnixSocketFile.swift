internal import CLinux
internal import Glibc
internal import Shared

/// The place of a Unix socket in the file system: never taken from a living owner, always taken from
/// a dead one.
struct UnixSocketFile: Sendable {
    private(set) var path: String
    /// Which file it is, so that only our own is removed at the end.
    private let inode: UInt64

    enum Failure: Error, Equatable {
        /// A process answers there.
        case isAlive
        /// There is a file that is not a socket.
        case isOccupied
        case system(SystemError)
    }

    /// Puts a bound, listening socket in its place, with its permissions set before clients can connect.
    ///
    /// It is bound under a name of its own and then renamed over whatever a dead owner has left. From the
    /// moment that there is a file only its owner may use it: bind(2) takes the mode from the socket's
    /// own inode, so fchmod(2) before it leaves no gap; the group's and others' share comes once the
    /// group is the right one. Without an owner or a group it belongs to us.
    init(
        binding descriptor: borrowing FileDescriptor, to path: String, mode: UInt32,
        owner: UInt32? = nil, group: UInt32?, backlog: CInt
    ) throws(Failure) {
        try Self.probe(path)
        let temporary = Self.temporaryName(for: path)
        guard let address = SocketAddress(.unix(path: temporary)) else {
            throw .system(SystemError("bind", ENAMETOOLONG))
        }
        _ = unsafe unlink(temporary)
        do throws(SystemError) {
            guard fchmod(descriptor.number, mode & 0o700) == 0 else { throw SystemError("fchmod") }
            try Socket.bind(descriptor, to: address)
            if owner ?? group != nil,
                unsafe lchown(temporary, owner ?? uid_t.max, group ?? gid_t.max) != 0
            {
                throw SystemError("lchown")
            }
            guard unsafe chmod(temporary, mode) == 0 else { throw SystemError("chmod") }
            try Socket.listen(descriptor, backlog: backlog)
            guard unsafe rename(temporary, path) == 0 else { throw SystemError("rename") }
        } catch {
            _ = unsafe unlink(temporary)
            throw .system(error)
        }
        self.path = path
        inode = Self.inode(of: path) ?? 0
    }

    /// The file of a socket that was put in its place before, and is ours from now on.
    init(adopting path: String) {
        self.path = path
        inode = Self.inode(of: path) ?? 0
    }

    /// Lets others connect than before, unless another owner has taken the place.
    func setMode(_ mode: UInt32) {
        if Self.inode(of: path) == inode { _ = unsafe chmod(path, mode) }
    }

    /// Removes the file, unless another owner has taken the place.
    func remove() {
        if Self.inode(of: path) == inode { _ = unsafe unlink(path) }
    }

    /// Moves it to a name of our own beside its place, which is free then.
    ///
    /// - Returns: whether it could be.
    mutating func move() -> Bool {
        guard Self.inode(of: path) == inode else { return false }
        let suffix = ".sock"
        let stem = path.hasSuffix(suffix) ? String(path.dropLast(suffix.count)) : path
        let end = path.hasSuffix(suffix) ? suffix : ""
        let place = Self.temporaryName(for: stem, more: end.utf8.count) + end
        guard unsafe rename(path, place) == 0 else { return false }
        path = place
        return true
    }

    private static func temporaryName(for path: String, more: Int = 0) -> String {
        let suffix = ".\(getpid())"
        var name = path
        // The kernel counts bytes, not letters.
        while name.utf8.count + suffix.utf8.count + more > Endpoint.longestPath {
            name.removeLast()
        }
        return name + suffix
    }

    /// Whether the place may be taken.
    private static func probe(_ path: String) throws(Failure) {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else {
            if errno == ENOENT { return }
            throw .system(SystemError("lstat"))
        }
        guard status.st_mode & S_IFMT == S_IFSOCK else { throw .isOccupied }
        guard let address = SocketAddress(.unix(path: path)) else { return }
        let result: Socket.ConnectStart
        do throws(SystemError) {
            let probe = try Socket.open(family: AF_UNIX)
            result = Socket.connect(probe, to: address)
        } catch {
            throw .system(error)
        }
        switch result {
        // EAGAIN: its queue is full, so it lives. EPROTOTYPE: it lives, and takes datagrams.
        case .connected, .inProgress, .failed(EAGAIN), .failed(EPROTOTYPE): throw .isAlive
        case .failed(EACCES): throw .system(SystemError("connect", EACCES))
        case .failed: return
        }
    }

    private static func inode(of path: String) -> UInt64? {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return nil }
        return UInt64(status.st_ino)
    }
}

internal import CLinux
internal import Glibc

/// A lock in a file beside a Unix socket, held for as long as the socket is served (flock(2)). Two daemons that start at
/// the same moment both find that no process answers at the socket; only the one with the lock comes up.
final class SocketLock {
    private let descriptor: FileDescriptor
    private let path: String
    /// The file is this process's to remove.
    private var isOwner = true

    enum Failure: Error, Equatable {
        /// Another process has it.
        case isHeld
        case system(SystemError)
    }

    /// `owner` is the user that the daemon changes to, if it does: its successor may have to open the file as that user.
    init(beside socket: String, owner: UInt32? = nil) throws(Failure) {
        path = socket + ".lock"
        descriptor = try Self.acquire(path, owner)
    }

    /// The lock of the process that hands over to this one: both hold it until the old one closes its descriptor.
    /// nil: it is not the lock of this socket.
    init?(adopting number: CInt, beside socket: String) {
        path = socket + ".lock"
        descriptor = FileDescriptor(owning: number)
        isOwner = false
        guard Self.isStillThere(descriptor, at: path) else { return nil }
    }

    var number: CInt { descriptor.number }

    /// The old process is done with it.
    func own() { isOwner = true }

    /// Removes the file. The lock itself is held until the descriptor is closed.
    func remove() {
        if isOwner, Self.isStillThere(descriptor, at: path) { _ = unsafe unlink(path) }
    }

    private static func acquire(_ path: String, _ owner: UInt32?) throws(Failure) -> FileDescriptor
    {
        // The previous holder may have removed the file between our open and our lock.
        for _ in 0..<3 {
            let flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
            let number = unsafe open(path, flags, mode_t(0o600))
            guard number >= 0 else { throw .system(SystemError("open")) }
            let file = FileDescriptor(owning: number)
            guard flock(file.number, LOCK_EX | LOCK_NB) == 0 else {
                throw errno == EWOULDBLOCK ? .isHeld : .system(SystemError("flock"))
            }
            guard isStillThere(file, at: path) else { continue }
            if let owner { _ = fchown(file.number, owner, gid_t.max) }
            return file
        }
        throw .isHeld
    }

    private static func isStillThere(
        _ file: borrowing FileDescriptor, at path: String
    ) -> Bool {
        var (held, present) = (stat(), stat())
        guard unsafe fstat(file.number, &held) == 0, unsafe lstat(path, &present) == 0 else {
            return false
        }
        return held.st_ino == present.st_ino && held.st_dev == present.st_dev
    }
}

internal import CLinux
internal import Glibc
internal import Shared

/// The directory that holds control sockets (architecture §6).
enum RuntimeFolder {
    static var path: String {
        let setting = unsafe getenv("XDG_RUNTIME_DIR").map { unsafe String(cString: $0) }
        return RuntimeDirectory.path(uid: geteuid(), xdgRuntimeDirectory: setting)
    }

    enum Failure: Error, Equatable {
        case system(SystemError)
        /// Another user made it, and could put a socket of his own there.
        case isForeign
        /// Neither we nor root own it.
        case isOwned(by: UInt32)
        /// Everybody may put files there and take others' away.
        case isOpenToAll
    }

    /// Makes it, or checks that no other user can write there.
    static func prepare() throws(Failure) {
        let path = path
        let mode: mode_t = geteuid() == 0 ? 0o755 : 0o700
        guard unsafe mkdir(path, mode) != 0 else { return }
        guard errno == EEXIST else { throw .system(SystemError("mkdir")) }
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { throw .system(SystemError("lstat")) }
        let isFolder = status.st_mode & S_IFMT == S_IFDIR
        guard isFolder, status.st_uid == geteuid(), status.st_mode & 0o022 == 0 else {
            throw .isForeign
        }
    }

    /// Makes the directory of a control socket if it is missing; what it is in has to be there.
    static func prepare(at path: String) throws(Failure) {
        if unsafe mkdir(path, geteuid() == 0 ? 0o755 : 0o700) == 0 { return }
        try check(path)
    }

    /// Checks that no other user can replace a socket in this directory: the directory is ours or root's, and
    /// if all users may write there, it has the sticky bit (as /tmp has).
    static func check(_ path: String) throws(Failure) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { throw .system(SystemError("stat")) }
        guard status.st_uid == 0 || status.st_uid == geteuid() else {
            throw .isOwned(by: status.st_uid)
        }
        let isOpen = status.st_mode & S_IWOTH != 0 && status.st_mode & S_ISVTX == 0
        guard !isOpen else { throw .isOpenToAll }
    }
}

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
        /// Somebody else made it, and could put a socket of his own there.
        case isForeign
    }

    /// Makes it, or sees that nobody else can write there.
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

    /// The number of a Unix group; nil when there is none of that name (getgrnam_r(3)).
    static func groupNumber(named name: String) -> UInt32? {
        var entry = unsafe group()
        var found: UnsafeMutablePointer<group>?
        var space = [CChar](repeating: 0, count: 16_384)
        guard unsafe getgrnam_r(name, &entry, &space, space.count, &found) == 0,
            let found = unsafe found
        else { return nil }
        return unsafe found.pointee.gr_gid
    }
}

internal import CLinux
internal import Glibc

/// A directory of sockets that several users' programs may share.
enum RendezvousFolder {
    /// Makes it if it is missing; `leftover` is removed from it where that is an empty file.
    static func prepare(_ path: String, mode: UInt32, leftover: String) throws(SystemError) {
        if unsafe mkdir(path, mode_t(mode)) == 0 {
            // mkdir(2) takes the umask off.
            _ = unsafe chmod(path, mode_t(mode))
            return
        }
        guard errno == EEXIST else { throw SystemError("mkdir") }
        var status = stat()
        if unsafe lstat(leftover, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            status.st_size == 0
        {
            _ = unsafe unlink(leftover)
        }
    }
}

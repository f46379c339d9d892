internal import CLinux
internal import Glibc

/// A file that lines are appended to.
enum LogFile {
    /// Why it cannot be opened, and how to mend it.
    struct Failure: Error, Equatable {
        var words: String
    }

    /// Opens it, or makes it for its owner to write and its group to read.
    ///
    /// A symbolic link is followed when it is root's or our own: in a folder where others may write, one of
    /// theirs could lead us into any file that we may write to. A FIFO without a reader is refused rather
    /// than waited for.
    static func open(_ path: String) throws(Failure) -> FileDescriptor {
        let flags =
            O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK
        var number = unsafe Glibc.open(path, flags | O_NOFOLLOW, mode_t(0o640))
        if number < 0, errno == ELOOP {
            try expectOwnLink(path)
            number = unsafe Glibc.open(path, flags, mode_t(0o640))
        }
        guard number >= 0 else { throw Failure(SystemError("open")) }
        return FileDescriptor(owning: number)
    }

    private static func expectOwnLink(_ path: String) throws(Failure) {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { throw Failure(SystemError("lstat")) }
        guard status.st_uid != 0, status.st_uid != geteuid() else { return }
        throw Failure(
            words:
                "it is a symbolic link of user \(status.st_uid), who could lead us into any file; "
                + "remove the link, or make it root’s")
    }

    /// Whether two descriptors are of the same file.
    static func isSame(_ left: CInt, device: UInt64, inode: UInt64) -> Bool {
        var status = stat()
        guard unsafe fstat(left, &status) == 0 else { return false }
        return UInt64(status.st_dev) == device && UInt64(status.st_ino) == inode
    }
}

extension LogFile.Failure {
    init(_ error: SystemError) {
        let remedy =
            switch error.number {
            case ENOENT: "; make the directory first"
            case EACCES, EPERM: "; let the daemon’s user write there"
            case ENXIO: "; no process reads this FIFO"
            default: ""
            }
        words = "\(error)\(remedy)"
    }
}

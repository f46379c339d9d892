internal import CLinux
internal import Glibc

/// Replaces a file atomically: a reader gets the old text or the new one.
enum FileReplacement {
    enum Purpose: Sendable {
        /// People's own: the old one stays as `.bak`.
        case configuration
        /// Ours alone.
        case state
    }

    /// Writes beside the file, flushes, and renames (rename(2)). Permissions and owner stay those of the old
    /// file. Blocks, so it is done on a thread of its own.
    ///
    /// A state file is written unattended, perhaps into a folder of other users: it is never written through
    /// a link, nor over another user's file.
    static func write(
        _ bytes: [UInt8], to path: String, _ purpose: Purpose
    ) throws(SystemError) {
        let path = purpose == .state ? path : resolved(path)
        var old = stat()
        let isThere = unsafe lstat(path, &old) == 0
        if isThere, purpose == .state { try checkOwn(old) }
        let temporary = "\(path).\(getpid()).new"
        _ = unsafe unlink(temporary)
        let number = unsafe open(
            temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode_t(0o600))
        guard number >= 0 else { throw SystemError("open") }
        do throws(SystemError) {
            let file = FileDescriptor(owning: number)
            try writeAll(bytes, to: file)
            let mode: mode_t = purpose == .state ? 0o600 : 0o644
            guard fchmod(file.number, isThere ? old.st_mode & 0o7777 : mode) == 0 else {
                throw SystemError("fchmod")
            }
            // Another owner's file can be kept as such only by root.
            if isThere, fchown(file.number, old.st_uid, old.st_gid) != 0, geteuid() == 0 {
                throw SystemError("fchown")
            }
            guard fsync(file.number) == 0 else { throw SystemError("fsync") }
            if isThere, purpose == .configuration { try keep(path) }
            guard unsafe rename(temporary, path) == 0 else { throw SystemError("rename") }
        } catch {
            _ = unsafe unlink(temporary)
            throw error
        }
        flushFolder(of: path)
    }

    private static func checkOwn(_ file: stat) throws(SystemError) {
        guard file.st_mode & S_IFMT == S_IFREG else {
            throw file.st_mode & S_IFMT == S_IFLNK
                ? SystemError("a link stands in its place: open", ELOOP)
                : SystemError("it is not a regular file: open", EINVAL)
        }
        guard file.st_uid == geteuid() || file.st_uid == 0 else {
            throw SystemError("it belongs to another user: open", EPERM)
        }
    }

    /// A second name for the old file, so that there is no moment without one.
    private static func keep(_ path: String) throws(SystemError) {
        let backup = path + ".bak"
        _ = unsafe unlink(backup)
        guard unsafe link(path, backup) == 0 else { throw SystemError("link") }
    }

    private static func writeAll(
        _ bytes: [UInt8], to file: borrowing FileDescriptor
    ) throws(SystemError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { bytes in
                unsafe Glibc.write(file.number, bytes.baseAddress, bytes.count)
            }
            guard count > 0 else { throw SystemError("write") }
            rest = rest.dropFirst(count)
        }
    }

    /// Behind symbolic links, so that the link stays one.
    private static func resolved(_ path: String) -> String {
        guard let real = unsafe realpath(path, nil) else { return path }
        defer { unsafe free(real) }
        return unsafe String(cString: real)
    }

    /// The new name is on the disk, too (fsync(2)).
    private static func flushFolder(of path: String) {
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        let number = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard number >= 0 else { return }
        _ = fsync(number)
        _ = close(number)
    }
}

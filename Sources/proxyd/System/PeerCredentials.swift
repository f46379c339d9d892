internal import CLinux
internal import Glibc

/// Who is at the other end of a Unix socket (unix(7), SO_PEERCRED).
enum PeerCredentials {
    static func of(_ descriptor: borrowing FileDescriptor) -> (uid: UInt32, pid: Int32) {
        var credentials = ucred()
        var length = socklen_t(MemoryLayout<ucred>.size)
        let result = unsafe getsockopt(
            descriptor.number, SOL_SOCKET, SO_PEERCRED, &credentials, &length)
        return result == 0 ? (credentials.uid, credentials.pid) : (UInt32.max, 0)
    }

    /// The name of a process's program (proc(5), `comm`); `?` when it has gone.
    static func program(of pid: Int32) -> String {
        let number = unsafe open("/proc/\(pid)/comm", O_RDONLY | O_CLOEXEC)
        guard number >= 0 else { return "?" }
        let file = FileDescriptor(owning: number)
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = unsafe read(file.number, &bytes, bytes.count)
        guard count > 0 else { return "?" }
        let name = String(decoding: bytes.prefix(count), as: UTF8.self)
        return name.split(separator: "\n").first.map(String.init) ?? "?"
    }
}

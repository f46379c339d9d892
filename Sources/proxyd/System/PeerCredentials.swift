internal import CLinux
internal import Glibc
internal import Shared

/// Who is at the other end of a Unix socket (unix(7), SO_PEERCRED and SO_PEERGROUPS), as it was when
/// they connected.
struct PeerCredentials: Equatable, Sendable {
    let uid: UInt32
    let pid: Int32
    /// The effective group, and the supplementary ones.
    let groups: Set<UInt32>

    /// An unknown user where the kernel does not report it.
    init(of descriptor: borrowing FileDescriptor) {
        var credentials = ucred()
        var length = socklen_t(MemoryLayout<ucred>.size)
        let result = unsafe getsockopt(
            descriptor.number, SOL_SOCKET, SO_PEERCRED, &credentials, &length)
        guard result == 0 else {
            (uid, pid, groups) = (UInt32.max, 0, [])
            return
        }
        (uid, pid) = (credentials.uid, credentials.pid)
        groups = Set(Self.supplementaryGroups(of: descriptor.number) + [credentials.gid])
    }

    private static func supplementaryGroups(of number: CInt) -> [UInt32] {
        var count = 64
        // Twice at most: when there is too little room, the kernel says how much it takes.
        for _ in 0..<2 {
            var groups = [gid_t](repeating: 0, count: count)
            var length = socklen_t(count * MemoryLayout<gid_t>.size)
            let result = unsafe getsockopt(number, SOL_SOCKET, SO_PEERGROUPS, &groups, &length)
            let needed = Int(length) / MemoryLayout<gid_t>.size
            if result == 0 { return Array(groups.prefix(needed)) }
            guard errno == ERANGE, needed > count, needed <= 65_536 else { return [] }
            count = needed
        }
        return []
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
        // A process can give itself any name.
        return PlainText.cleaned(name.split(separator: "\n").first.map(String.init) ?? "?")
    }
}

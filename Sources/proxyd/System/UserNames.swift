internal import CLinux
internal import Glibc
internal import Synchronization

/// The names of users, each looked up once and remembered.
///
/// Where users are kept on another machine a look-up may take seconds (nsswitch.conf(5)), so it has a thread of
/// its own, and until that is done a user has no name.
enum UserNames {
    private enum Entry { case sought, found(String?) }

    private static let known = CountedMutex<[UInt32: Entry]>([:])
    /// More users than that are not remembered: they keep their numbers.
    private static let mostUsers = 1024

    /// What is known by now; the first question has it looked up.
    static func name(of uid: UInt32) -> String? {
        let isNew = known.withLock { known in
            guard known[uid] == nil, known.count < mostUsers else { return false }
            known[uid] = .sought
            return true
        }
        if isNew { seek(uid) }
        guard case .found(let name)? = known.withLock({ $0[uid] }) else { return nil }
        return name
    }

    private static func seek(_ uid: UInt32) {
        try? Thread.detached(name: "user-\(uid)") {
            let name = lookUp(uid)
            known.withLock { $0[uid] = .found(name) }
        }
    }

    /// getpwuid_r(3).
    private static func lookUp(_ uid: UInt32) -> String? {
        var entry = unsafe passwd()
        var found: UnsafeMutablePointer<passwd>?
        var space = [CChar](repeating: 0, count: 16_384)
        guard unsafe getpwuid_r(uid, &entry, &space, space.count, &found) == 0,
            let found = unsafe found, let name = unsafe found.pointee.pw_name
        else { return nil }
        return unsafe String(cString: name)
    }
}

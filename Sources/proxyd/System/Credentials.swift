internal import CLinux
internal import Glibc

/// Who this process is to the kernel (credentials(7)). glibc changes all threads alike.
enum Credentials {
    /// The groups of a user; one without a name has but its own.
    static func setGroups(
        ofUser name: String?, and group: UInt32
    ) throws(SystemError) {
        if let name {
            guard unsafe initgroups(name, group) == 0 else { throw SystemError("initgroups") }
        } else {
            let groups = [group]
            guard unsafe setgroups(1, groups) == 0 else { throw SystemError("setgroups") }
        }
    }

    static func become(group: UInt32) throws(SystemError) {
        guard setresgid(group, group, group) == 0 else { throw SystemError("setresgid") }
    }

    static func become(user: UInt32) throws(SystemError) {
        guard setresuid(user, user, user) == 0 else { throw SystemError("setresuid") }
    }

    /// Whether this process could become root again. It must not, once it has given up privileges.
    static var canBecomeRoot: Bool { setresuid(uid_t.max, 0, uid_t.max) == 0 }

    /// Another directory becomes `/`, and where we work.
    static func changeRoot(to path: String) throws(SystemError) {
        // What is read of the time zone is read before there is none.
        tzset()
        guard unsafe chroot(path) == 0 else { throw SystemError("chroot") }
        guard unsafe chdir("/") == 0 else { throw SystemError("chdir") }
    }
}

internal import CLinux
internal import Glibc

/// Users and groups by their names (getpwnam_r(3), getgrnam_r(3)).
enum Accounts {
    /// nil when there is no user of that name.
    static func userNumber(named name: String) -> UInt32? {
        withSpace { space in
            var entry = unsafe passwd()
            var found: UnsafeMutablePointer<passwd>?
            let result = unsafe getpwnam_r(name, &entry, &space, space.count, &found)
            return (result, unsafe found.map { unsafe $0.pointee.pw_uid })
        }
    }

    /// nil when there is no group of that name.
    static func groupNumber(named name: String) -> UInt32? {
        withSpace { space in
            var entry = unsafe group()
            var found: UnsafeMutablePointer<group>?
            let result = unsafe getgrnam_r(name, &entry, &space, space.count, &found)
            return (result, unsafe found.map { unsafe $0.pointee.gr_gid })
        }
    }

    /// Asks again with more space while there is too little: a group brings all its members.
    private static func withSpace(
        _ ask: (inout [CChar]) -> (result: CInt, number: UInt32?)
    ) -> UInt32? {
        var size = 16_384
        while size <= 1 << 20 {
            var space = [CChar](repeating: 0, count: size)
            let (result, number) = ask(&space)
            if result != ERANGE { return number }
            size *= 4
        }
        return nil
    }
}

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

    /// A user, as the list of users has it.
    struct User: Equatable, Sendable {
        var number: UInt32
        /// nil: the list does not have it, only its number is known.
        var name: String?
        var group: UInt32?
    }

    /// By name or number; nil when there is no user of that name.
    static func user(_ word: String) -> User? {
        let isNumber = word.utf8.allSatisfy { (0x30...0x39).contains($0) }
        let number = isNumber ? UInt32(word) : userNumber(named: word)
        guard let number, number != .max else { return nil }
        let known: User? = withSpace { space in
            var entry = unsafe passwd()
            var found: UnsafeMutablePointer<passwd>?
            let result = unsafe getpwuid_r(number, &entry, &space, space.count, &found)
            guard let entry = unsafe found, let name = unsafe entry.pointee.pw_name else {
                return (result, nil)
            }
            let user = unsafe User(
                number: number, name: String(cString: name), group: entry.pointee.pw_gid)
            return (result, user)
        }
        return known ?? User(number: number)
    }

    /// Asks again with more space while there is too little: a group brings all its members.
    private static func withSpace<Found>(
        _ ask: (inout [CChar]) -> (result: CInt, found: Found?)
    ) -> Found? {
        var size = 16_384
        while size <= 1 << 20 {
            var space = [CChar](repeating: 0, count: size)
            let (result, found) = ask(&space)
            if result != ERANGE { return found }
            size *= 4
        }
        return nil
    }
}

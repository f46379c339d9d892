internal import CLinux
internal import Glibc

/// Ports by the names of services(5), such as `imap`.
enum ServicePort {
    /// The number of a TCP service; nil when the system knows none of that name (getservbyname_r(3)).
    static func number(of name: String) -> UInt16? {
        var entry = unsafe servent()
        var found: UnsafeMutablePointer<servent>?
        var space = [CChar](repeating: 0, count: 4096)
        guard unsafe getservbyname_r(name, "tcp", &entry, &space, space.count, &found) == 0,
            let found = unsafe found
        else { return nil }
        return UInt16(bigEndian: UInt16(truncatingIfNeeded: unsafe found.pointee.s_port))
    }
}

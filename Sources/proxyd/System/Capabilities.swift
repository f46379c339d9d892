internal import CLinux
internal import Glibc

/// What a thread may do of what root may (capabilities(7)); a bit each.
struct Capabilities: OptionSet, Equatable, Sendable {
    let rawValue: UInt64

    /// Without it the bounds cannot be lowered.
    static let lowerBounds = Capabilities(rawValue: 1 << UInt64(CAP_SETPCAP))
    static let changeUser = Capabilities(rawValue: 1 << UInt64(CAP_SETUID))
    /// Binding ports below 1024.
    static let bindLowPorts = Capabilities(rawValue: 1 << UInt64(CAP_NET_BIND_SERVICE))

    /// Those of the calling thread that it can use now.
    static var effective: Capabilities {
        var header = header
        var halves = [__user_cap_data_struct(), __user_cap_data_struct()]
        guard unsafe clinux_capget(&header, &halves) == 0 else { return [] }
        return Capabilities(
            rawValue: UInt64(halves[1].effective) << 32 | UInt64(halves[0].effective))
    }

    private static var header: __user_cap_header_struct {
        // _LINUX_CAPABILITY_VERSION_3: two halves of 32 bits. 0 is the calling thread.
        __user_cap_header_struct(version: 0x2008_0522, pid: 0)
    }

    /// Makes these the calling thread's only ones, which no program gets that it starts.
    func becomeAll() throws(SystemError) {
        var header = Self.header
        let halves = [rawValue & 0xFFFF_FFFF, rawValue >> 32].map { half in
            __user_cap_data_struct(
                effective: UInt32(half), permitted: UInt32(half), inheritable: 0)
        }
        _ = clinux_prctl(PR_CAP_AMBIENT, UInt(PR_CAP_AMBIENT_CLEAR_ALL))
        guard unsafe clinux_capset(&header, halves) == 0 else { throw SystemError("capset") }
    }

    /// Makes them outlive the next exec of the calling thread, until `becomeAll` is called.
    func outliveExec() throws(SystemError) {
        var header = Self.header
        let halves = [rawValue & 0xFFFF_FFFF, rawValue >> 32].map { half in
            __user_cap_data_struct(
                effective: UInt32(half), permitted: UInt32(half), inheritable: UInt32(half))
        }
        guard unsafe clinux_capset(&header, halves) == 0 else { throw SystemError("capset") }
        for number in UInt(0)..<64 where rawValue & 1 << UInt64(number) != 0 {
            guard clinux_prctl_ambient(number) == 0 else { throw SystemError("prctl") }
        }
    }

    /// What no program that is started can ever get is everything but these.
    func becomeBounds() throws(SystemError) {
        for number in UInt(0)..<64 {
            // The kernel knows no further ones.
            let present = clinux_prctl(PR_CAPBSET_READ, number)
            guard present >= 0 else { return }
            guard present == 1, rawValue & 1 << UInt64(number) == 0 else { continue }
            guard clinux_prctl(PR_CAPBSET_DROP, number) == 0 else { throw SystemError("prctl") }
        }
    }

    /// Whether they outlive the change from root to another user.
    static func outliveChangeOfUser() throws(SystemError) {
        guard clinux_prctl(PR_SET_KEEPCAPS, 1) == 0 else { throw SystemError("prctl") }
    }

    /// No program that is started gets more than we have (PR_SET_NO_NEW_PRIVS).
    static func forbidNewOnes() throws(SystemError) {
        guard clinux_prctl(PR_SET_NO_NEW_PRIVS, 1) == 0 else { throw SystemError("prctl") }
    }
}

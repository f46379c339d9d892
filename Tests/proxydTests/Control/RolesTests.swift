import Glibc
import Testing

@testable import proxyd

@Suite("Roles")
struct RolesTests {
    private static func settings() -> ControlConfiguration {
        var settings = ControlConfiguration()
        settings.admins = Principals(users: [10], groups: [100])
        settings.operators = Principals(users: [11, 10], groups: [101])
        settings.viewers = Principals(users: [12, 11], groups: [102])
        return settings
    }

    @Test(
        "the highest role that a rule gives is had, and without a rule there is none",
        arguments: [
            (0, [], .admin), (1000, [], .admin), (10, [], .admin), (11, [], .operator),
            (12, [], .viewer), (13, [], nil), (13, [100], .admin), (13, [101], .operator),
            (13, [102], .viewer), (13, [50], .operator), (12, [50], .operator),
            (13, [102, 101, 100], .admin), (13, [0, 1000], nil), (.max, [], nil),
        ] as [(UInt32, Set<UInt32>, proxyd.Peer.Role?)])
    func rules(uid: UInt32, groups: Set<UInt32>, role: proxyd.Peer.Role?) {
        let roles = Roles(Self.settings(), daemonUser: 1000, socketGroup: 50)
        #expect(roles.role(uid: uid, groups: groups) == role)
    }

    @Test(
        "without rules only root and the daemon's own user may do anything",
        arguments: [(0, .admin), (1000, .admin), (1001, nil)] as [(UInt32, proxyd.Peer.Role?)])
    func plain(uid: UInt32, role: proxyd.Peer.Role?) {
        let roles = Roles(ControlConfiguration(), daemonUser: 1000, socketGroup: nil)
        #expect(roles.role(uid: uid, groups: [0, 50, 1000]) == role)
    }

    @Test("the kernel tells who connects, with all groups")
    func credentials() throws {
        let (near, far) = try TestSocket.pair(.unix)
        let peer = PeerCredentials(of: FileDescriptor(owning: dup(near.number)))
        var groups = [gid_t](repeating: 0, count: 65_536)
        let count = unsafe getgroups(CInt(groups.count), &groups)
        #expect(peer.uid == geteuid())
        #expect(peer.pid == getpid())
        #expect(peer.groups == Set(groups.prefix(Int(count)) + [getegid()]))
        #expect(PeerCredentials(of: .none).uid == .max)
        withExtendedLifetime(far) {}
    }
}

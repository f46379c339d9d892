internal import Shared

/// Who may do what on the control socket: the highest role that any rule gives.
struct Roles: Equatable, Sendable {
    private let admins: Principals
    private let operators: Principals
    private let viewers: Principals

    /// Root and the daemon's own user are admins whatever the configuration says, so that an admin
    /// cannot lock himself out; members of the socket's group are operators.
    init(_ settings: ControlConfiguration, daemonUser: UInt32, socketGroup: UInt32?) {
        var admins = settings.admins
        admins.users.formUnion([0, daemonUser])
        var operators = settings.operators
        if let socketGroup { operators.groups.insert(socketGroup) }
        (self.admins, self.operators, viewers) = (admins, operators, settings.viewers)
    }

    /// nil: nothing at all.
    func role(uid: UInt32, groups: Set<UInt32>) -> Peer.Role? {
        func isOne(of principals: Principals) -> Bool {
            principals.users.contains(uid) || !principals.groups.isDisjoint(with: groups)
        }
        if isOne(of: admins) { return .admin }
        if isOne(of: operators) { return .operator }
        return isOne(of: viewers) ? .viewer : nil
    }
}

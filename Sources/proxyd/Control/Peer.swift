internal import Shared

/// Who is at the other end of a control connection, as the kernel says (unix(7), SO_PEERCRED).
struct Peer: Equatable, Sendable {
    let uid: UInt32
    let pid: Int32
    let program: String

    enum Role: String, Sendable, Comparable {
        case viewer, `operator`, admin

        static func < (left: Role, right: Role) -> Bool { left.rank < right.rank }

        private var rank: Int {
            switch self {
            case .viewer: 0
            case .operator: 1
            case .admin: 2
            }
        }
    }

    /// The daemon's own user and root may do everything; the socket's permissions let nobody else in
    /// who may not at least operate.
    func role(daemonUser: UInt32) -> Role { uid == 0 || uid == daemonUser ? .admin : .operator }

    /// As events name it.
    var actor: Actor { Actor(uid: uid, pid: pid, program: program) }
}

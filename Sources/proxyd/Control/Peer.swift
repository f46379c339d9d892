internal import Shared

/// Who is at the other end of a control connection, as the kernel says (unix(7), SO_PEERCRED).
struct Peer: Equatable, Sendable {
    let uid: UInt32
    let pid: Int32
    let program: String
    /// What it may do, found when it connected.
    let role: Role

    enum Role: String, Sendable, Comparable {
        /// Asks.
        case viewer
        /// Switches channels, sets limits, ends sessions.
        case `operator`
        /// Changes the topology, and the daemon itself.
        case admin

        static func < (left: Role, right: Role) -> Bool { left.rank < right.rank }

        private var rank: Int {
            switch self {
            case .viewer: 0
            case .operator: 1
            case .admin: 2
            }
        }
    }

    /// As events name it.
    var actor: Actor { Actor(uid: uid, pid: pid, program: program) }
}

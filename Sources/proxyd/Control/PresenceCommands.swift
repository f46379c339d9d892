internal import Shared

/// Who is at the control socket, and what they are about to change.
///
/// Two people who look at the same fault often reach for the same channel. What each of them considers is shown to the
/// other before anything is sent. It is a notice, not a lock.
enum PresenceCommands {
    /// Paths that one connection may name at once.
    static let mostPaths = 64

    static func show(_ request: ControlRequest) {
        guard request.words.isEmpty else {
            return request.refuse(.usage, "show control takes no arguments")
        }
        let now = request.state.now
        let rows = request.state.controlUsage.present.map { present in
            let peer = present.peer
            return PresenceSnapshot(
                uid: UInt64(peer.uid), pid: UInt64(max(0, peer.pid)),
                user: UserNames.name(of: peer.uid), program: peer.program,
                role: peer.role.rawValue, sinceMilliseconds: now.milliseconds(since: present.since),
                intends: present.conversation.intends,
                isOwn: present.conversation === request.conversation)
        }
        request.answer(PresenceSnapshot.table(rows))
    }

    /// Without a path nothing is intended any more.
    static func intend(_ request: ControlRequest) {
        guard request.words.count <= mostPaths else {
            return request.refuse(.usage, "intend names at most \(mostPaths) paths")
        }
        let resolver = PathResolver(topology: request.state.topology)
        for path in request.words where resolver.channels(at: path) == nil {
            return request.refuse(.notFound, "no channel, group or service “\(path.prefix(80))”")
        }
        request.conversation.intends = request.words
        request.answer()
    }
}

internal import Shared

/// What the clients of the control socket use together, and how many of them were turned away or cut.
///
/// One for all connections; the supervisor's own, like they are.
final class ControlUsage {
    /// Connections at once; more are told to come back.
    static let mostClients = 64
    /// Bytes of replies that wait for their readers, of one connection and of all together.
    static let mostUnsentOfOne = 32 << 20
    static let mostUnsent = 64 << 20
    /// How long a reader may take nothing at all while output waits for it.
    static let readerPatience = Duration.seconds(30)

    /// A client that is connected.
    struct Presence {
        let peer: Peer
        let conversation: Conversation
        let since: Instant
    }

    var clients = 0
    /// The longest here first.
    private(set) var present: [Presence] = []
    var unsentBytes = 0
    /// Connections that ended for a reason of ours.
    private(set) var ends: [End: Int] = [:]

    enum End: String, Sendable, CaseIterable {
        /// No rule gives this user a role.
        case forbidden
        /// There were too many already.
        case busy
        /// It did not read its replies.
        case slow
        /// It asked nothing for too long.
        case idle
    }

    func join(_ peer: Peer, _ conversation: Conversation, at now: Instant) {
        present.append(Presence(peer: peer, conversation: conversation, since: now))
    }

    func leave(_ conversation: Conversation) {
        present.removeAll { $0.conversation === conversation }
    }

    func count(_ end: End) { ends[end, default: 0] += 1 }

    /// Whether a reply of so many bytes may wait beside what waits already.
    func hasRoom(for count: Int) -> Bool {
        count <= Self.mostUnsentOfOne && unsentBytes + count <= Self.mostUnsent
    }

    /// Rows of `show limits`; what has only happened so often has no limit.
    var rows: [(name: String, used: Int?, limit: Int?)] {
        [
            ("control-clients", clients, Self.mostClients),
            ("control-request-bytes", nil, Request.longestLine + 1),
            ("control-reply-bytes", nil, Self.mostUnsentOfOne),
            ("control-unsent-bytes", unsentBytes, Self.mostUnsent),
        ] + End.allCases.map { ("control-\($0.rawValue)", ends[$0] ?? 0, nil) }
    }
}

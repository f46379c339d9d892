internal import Shared

/// What the clients of the control socket use together, and how many of them were turned away or cut.
///
/// One for all connections; the supervisor's own, like they are.
final class ControlUsage {
    /// Connections at once; more are refused and asked to come back.
    static let mostClients = 64
    /// Of these, places that only admins get.
    static let adminReserve = 8
    /// Connections of one user without the role admin.
    static let mostOfUser = 16
    /// Bytes of replies that wait for their readers, of one connection and of all together.
    static let mostUnsentOfOne = 32 << 20
    static let mostUnsent = 64 << 20
    /// How long a reader may take nothing at all while output waits for it.
    static let readerPatience = Duration.seconds(30)

    /// What decides whether a connection may be closed for another.
    struct Holder {
        let uid: UInt32
        let role: Peer.Role
        /// nil: it waits for a reply, watches or follows.
        let idleSince: Instant?
    }

    enum Place: Equatable {
        case free
        case refused(String)
        /// Close the connection with this index first.
        case insteadOf(Int)
    }

    /// One user cannot take all places, some are reserved for admins, and the longest idle connection of another role is
    /// closed for an admin when all are taken.
    static func place(
        for uid: UInt32, _ role: Peer.Role, among holders: [Holder]
    ) -> Place {
        guard role >= .admin else {
            if holders.count(where: { $0.uid == uid }) >= mostOfUser {
                return .refused("user \(uid) has \(mostOfUser) connections open already")
            }
            return holders.count < mostClients - adminReserve
                ? .free
                : .refused(
                    "\(holders.count) connections are open already; the rest is reserved for admins"
                )
        }
        guard holders.count >= mostClients else { return .free }
        let others = holders.indices.filter { holders[$0].role < .admin }
        let idle = others.min { left, right in
            switch (holders[left].idleSince, holders[right].idleSince) {
            case (let one?, let other?): one < other
            case (_?, nil): true
            case (nil, _): false
            }
        }
        return idle.map { .insteadOf($0) }
            ?? .refused("\(mostClients) connections are open already")
    }

    /// A client that is connected.
    struct Presence {
        let peer: Peer
        let conversation: Conversation
        let since: Instant
    }

    var clients = 0
    private(set) var budget = ControlBudget()
    var shared = SharedReplies()
    /// Since when the supervisor makes answers of what workers have said; nil: it does not.
    private var answeringSince: Instant?
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

    // MARK: Time

    /// Makes answers of what workers have said, or of what was worked out beside the loop in so many nanoseconds.
    func answer(after cost: UInt64 = 0, _ work: () -> Void) {
        answeringSince = Instant(nanoseconds: Instant.now.nanoseconds - cost)
        work()
        answeringSince = nil
    }

    /// A request of this peer has cost the time since then.
    func charge(_ peer: Peer, since began: Instant) {
        let now = Instant.now
        budget.spend(now.elapsed(since: began), by: peer, now: now)
    }

    /// An answer made of what workers have said has been sent.
    func chargeAnswer(to peer: Peer) {
        guard let began = answeringSince else { return }
        charge(peer, since: began)
        answeringSince = .now
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

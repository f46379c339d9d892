/// How much of the supervisor's time the requests of each user get: a fifth of it, and more for a short while.
///
/// A user's level rises with what the requests cost and sinks with time. Above the burst no further request is taken until
/// it has sunk. Admins are not bounded; they may do more than slow the daemon down.
struct ControlBudget {
    /// The level sinks by one unit in so many units of time.
    static let share: UInt64 = 5
    /// Nanoseconds that a user may be ahead.
    static let burst: UInt64 = 50_000_000

    private struct Account {
        var level: UInt64
        var at: Instant

        func level(now: Instant) -> UInt64 {
            let sunk = now.elapsed(since: at) / ControlBudget.share
            return level > sunk ? level - sunk : 0
        }
    }

    private var accounts: [UInt32: Account] = [:]
    /// Above this many users, those that owe nothing are forgotten.
    private static let mostAccounts = 128

    mutating func spend(_ nanoseconds: UInt64, by peer: Peer, now: Instant) {
        guard peer.role < .admin else { return }
        if accounts.count >= Self.mostAccounts {
            accounts = accounts.filter { $0.value.level(now: now) > 0 }
        }
        let level = accounts[peer.uid]?.level(now: now) ?? 0
        accounts[peer.uid] = Account(level: level + nanoseconds, at: now)
    }

    /// When the next request of this user is taken; nil: now.
    func due(for peer: Peer, now: Instant) -> Instant? {
        guard let level = accounts[peer.uid]?.level(now: now), level > Self.burst else {
            return nil
        }
        return now.advanced(by: .nanoseconds(Int64(clamping: (level - Self.burst) * Self.share)))
    }
}

/// Replies that connections which watch the same share, so that many screens cost hardly more than one.
struct SharedReplies {
    /// A reply is shown for so long, which is less than the shortest interval of `watch`.
    static let lifetime: UInt64 = 50_000_000
    /// Bytes of all replies that are kept.
    static let mostBytes = 32 << 20

    private var replies: [[String]: (bytes: [UInt8], at: Instant)] = [:]

    /// Whether the reply is the same for all who may ask.
    static func holds(_ words: [String]) -> Bool {
        words.first == "metrics" || words.first == "show" && words.dropFirst().first != "control"
    }

    func reply(to words: [String], now: Instant) -> [UInt8]? {
        guard let reply = replies[words], Self.isFresh(reply.at, now) else { return nil }
        return reply.bytes
    }

    mutating func keep(_ bytes: [UInt8], for words: [String], now: Instant) {
        guard Self.holds(words) else { return }
        replies = replies.filter { Self.isFresh($0.value.at, now) }
        let held = replies.values.reduce(0) { $0 + $1.bytes.count }
        if held + bytes.count <= Self.mostBytes { replies[words] = (bytes, now) }
    }

    private static func isFresh(_ at: Instant, _ now: Instant) -> Bool {
        at <= now && now.elapsed(since: at) < lifetime
    }
}

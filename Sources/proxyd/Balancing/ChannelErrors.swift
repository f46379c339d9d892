internal import Synchronization

/// The last things that went wrong between us and a channel.
final class ChannelErrors: Sendable {
    struct Entry: Equatable, Sendable {
        var instant: Instant
        /// In the words of a session's end, e.g. `refused`.
        var cause: String
        /// The kernel's reason (errno(3)); 0 when it gave none.
        var errno: Int32
    }

    static let capacity = 10

    private struct Latest {
        var ring: [Entry] = []
        var next = 0
        /// How often each cause has come up since the start.
        var counts: [String: UInt64] = [:]

        mutating func append(_ entry: Entry) {
            if ring.count < capacity {
                ring.append(entry)
            } else {
                ring[next] = entry
            }
            next = (next + 1) % capacity
        }
    }

    private let latest = CountedMutex(Latest())

    /// `cause`: one of the few words for a session's end; `words` say more than it does.
    func record(_ cause: String, _ words: String? = nil, errno: Int32, now: Instant) {
        let text = words.map { "\(cause): \($0)" } ?? cause
        latest.withLock { latest in
            latest.counts[cause, default: 0] += 1
            latest.append(Entry(instant: now, cause: text, errno: errno))
        }
    }

    /// What was noted elsewhere, the latest first, and how often what has happened there.
    func restore(_ entries: [Entry], _ counts: [String: UInt64]) {
        latest.withLock { latest in
            for entry in entries.prefix(Self.capacity).reversed() { latest.append(entry) }
            latest.counts.merge(counts, uniquingKeysWith: &+)
        }
    }

    var counts: [String: UInt64] { latest.withLock { $0.counts } }

    /// The latest first.
    var all: [Entry] {
        latest.withLock { latest in
            guard latest.ring.count == Self.capacity else { return latest.ring.reversed() }
            return (latest.ring[latest.next...] + latest.ring[..<latest.next]).reversed()
        }
    }
}

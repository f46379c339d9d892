internal import Synchronization

/// The last things that went wrong between us and a channel.
final class Mishaps: Sendable {
    struct Mishap: Equatable, Sendable {
        var instant: Instant
        /// In the words of a session's end, e.g. `refused`.
        var cause: String
        /// The kernel's reason (errno(3)); 0 when it gave none.
        var errno: Int32
    }

    static let capacity = 10

    private struct Latest {
        var ring: [Mishap] = []
        var next = 0
    }

    private let latest = Mutex(Latest())

    func note(_ cause: String, errno: Int32, now: Instant) {
        latest.withLock { latest in
            let mishap = Mishap(instant: now, cause: cause, errno: errno)
            if latest.ring.count < Self.capacity {
                latest.ring.append(mishap)
            } else {
                latest.ring[latest.next] = mishap
            }
            latest.next = (latest.next + 1) % Self.capacity
        }
    }

    /// What was noted elsewhere, the latest first.
    func resume(_ mishaps: [Mishap]) {
        for mishap in mishaps.prefix(Self.capacity).reversed() {
            note(mishap.cause, errno: mishap.errno, now: mishap.instant)
        }
    }

    /// The latest first.
    var all: [Mishap] {
        latest.withLock { latest in
            guard latest.ring.count == Self.capacity else { return latest.ring.reversed() }
            return (latest.ring[latest.next...] + latest.ring[..<latest.next]).reversed()
        }
    }
}

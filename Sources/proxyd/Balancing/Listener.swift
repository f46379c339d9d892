internal import Shared
internal import Synchronization

/// An address that clients connect to, and what has come through it.
final class Listener: Sendable {
    let serial: UInt64
    let name: String
    /// `service/listener`.
    let path: String
    /// Where it listens; port 0 has become the port that the kernel chose.
    let endpoint: Endpoint
    let settings: ListenerConfiguration
    /// By worker. A failure is a client that found no channel.
    let counters: [TrafficCounters]
    private let sessions = Atomic<Int>(0)
    private let bucket: Mutex<TokenBucket?>
    private let isOpenNow = Atomic<Bool>(true)

    init(
        _ settings: ListenerConfiguration, in path: String, serial: UInt64, endpoint: Endpoint,
        workerCount: Int
    ) {
        self.serial = serial
        name = settings.name
        self.path = path + "/" + settings.name
        self.endpoint = endpoint
        self.settings = settings
        bucket = Mutex(settings.rate.map { TokenBucket(full: $0, now: .now) })
        counters = TrafficCounters.perWorker(workerCount)
    }

    var current: Int { sessions.load(ordering: .relaxed) }

    /// Takes a place under `max-sessions`; false when all are taken.
    func admit() -> Bool {
        let count = sessions.wrappingAdd(1, ordering: .relaxed).newValue
        guard let limit = settings.maxSessions, count > limit else { return true }
        leave()
        return false
    }

    /// Whether one more client keeps to `rate`.
    func takeTurn(now: Instant) -> Bool {
        guard let rate = settings.rate else { return true }
        return bucket.withLock { $0?.take(rate, now: now) ?? true }
    }

    func leave() { sessions.wrappingSubtract(1, ordering: .relaxed) }

    /// Whether clients are accepted; false while it refuses them (`when-empty: refuse`).
    var isOpen: Bool { isOpenNow.load(ordering: .relaxed) }

    func setOpen(_ isOpen: Bool) { isOpenNow.store(isOpen, ordering: .relaxed) }
}

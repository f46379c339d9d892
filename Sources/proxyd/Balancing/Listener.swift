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
    private let settingsNow: CountedMutex<ListenerConfiguration>
    private let mostSessions: Atomic<Int>
    /// By worker. A failure is a client that found no channel.
    let counters: [TrafficCounters]
    /// What `reset` has taken off the counters that tables show.
    let baseline = CounterBaseline()
    private let sessions = Atomic<Int>(0)
    private let bucket: CountedMutex<RateLimit?>
    private let isOpenNow = Atomic<Bool>(true)
    private let bindFailureNow: CountedMutex<String?>
    /// Who may come in; asked only where there are rules.
    private let rules: CountedMutex<AccessList?>
    private let hasRules: Atomic<Bool>
    private let bytesWaitedFor: Atomic<Int>
    private let hearsOfClients: Atomic<Bool>
    private let routeTable = CountedMutex<RouteTable?>(nil)
    private let hasRoutes = Atomic<Bool>(false)
    private let security = CountedMutex<TLSServer?>(nil)
    private let isSecured = Atomic<Bool>(false)

    private struct RateLimit {
        var rate: ConnectionRate
        var bucket: TokenBucket
    }

    init(
        _ settings: ListenerConfiguration, in path: String, serial: UInt64, endpoint: Endpoint,
        workerCount: Int, bindFailure: String? = nil
    ) {
        bindFailureNow = CountedMutex(bindFailure)
        isOpenNow.store(bindFailure == nil, ordering: .relaxed)
        self.serial = serial
        name = settings.name
        self.path = path + "/" + settings.name
        self.endpoint = endpoint
        settingsNow = CountedMutex(settings)
        mostSessions = Atomic(settings.maxSessions ?? Int.max)
        bucket = CountedMutex(settings.rate.map(Self.limit))
        rules = CountedMutex(AccessList(settings.access))
        hasRules = Atomic(!settings.access.isEmpty)
        bytesWaitedFor = Atomic(settings.waitForBytes)
        hearsOfClients = Atomic(settings.proxyProtocol != .never)
        counters = TrafficCounters.perWorker(workerCount)
    }

    private static func limit(_ rate: ConnectionRate) -> RateLimit {
        RateLimit(rate: rate, bucket: TokenBucket(full: rate, now: .now))
    }

    var settings: ListenerConfiguration { settingsNow.withLock { $0 } }

    /// Other settings at the same address; whoever is in stays.
    func take(_ settings: ListenerConfiguration) {
        let before = self.settings
        settingsNow.withLock { $0 = settings }
        bytesWaitedFor.store(settings.waitForBytes, ordering: .relaxed)
        hearsOfClients.store(settings.proxyProtocol != .never, ordering: .relaxed)
        if before.access != settings.access {
            let list = AccessList(settings.access)
            rules.withLock { $0 = list }
            hasRules.store(list != nil, ordering: .relaxed)
        }
        mostSessions.store(settings.maxSessions ?? Int.max, ordering: .relaxed)
        bucket.withLock { bucket in
            if bucket?.rate != settings.rate { bucket = settings.rate.map(Self.limit) }
        }
    }

    var current: Int { sessions.load(ordering: .relaxed) }

    /// Takes a place under `max-sessions`; false when all are taken.
    func admit() -> Bool {
        let count = sessions.wrappingAdd(1, ordering: .relaxed).newValue
        guard count > mostSessions.load(ordering: .relaxed) else { return true }
        leave()
        return false
    }

    /// Whether one more client keeps to `rate`.
    func takeTurn(now: Instant) -> Bool {
        bucket.withLock { limit in
            guard let rate = limit?.rate else { return true }
            return limit?.bucket.take(rate, now: now) ?? true
        }
    }

    /// Takes a place that was taken before.
    func adoptSlot() { sessions.wrappingAdd(1, ordering: .relaxed) }

    /// Whether its `access` has to be asked.
    var isGuarded: Bool { hasRules.load(ordering: .relaxed) }

    var access: AccessList? { isGuarded ? rules.withLock { $0 } : nil }

    /// So many bytes of a client have to be there before a channel is chosen; 0: none.
    var waitForBytes: Int { bytesWaitedFor.load(ordering: .relaxed) }

    /// Where its clients go by what they say first; nil: all alike.
    var routes: RouteTable? {
        hasRoutes.load(ordering: .relaxed) ? routeTable.withLock { $0 } : nil
    }

    /// TLS with its clients; nil: they speak as they like.
    var tls: TLSServer? {
        isSecured.load(ordering: .relaxed) ? security.withLock { $0 } : nil
    }

    /// From the next client on.
    func takeTLS(_ tls: TLSServer?) {
        security.withLock { $0 = tls }
        isSecured.store(tls != nil, ordering: .relaxed)
    }

    /// Its own rules, with the services that they lead to.
    func takeRoutes(among services: [Service]) {
        let table = RouteTable(settings.route, among: services)
        routeTable.withLock { $0 = table }
        hasRoutes.store(table != nil, ordering: .relaxed)
    }

    /// Whether a connection from there has to begin with a proxy's header.
    func expectsHeader(from peer: Endpoint) -> Bool {
        guard hearsOfClients.load(ordering: .relaxed) else { return false }
        return settingsNow.withLock { $0.proxyProtocol.isExpected(from: peer) }
    }

    func leave() { sessions.wrappingSubtract(1, ordering: .relaxed) }

    /// Why its address is not ours (`on-bind-failure`); nil: it is, or was when it was last needed.
    var bindFailure: String? { bindFailureNow.withLock { $0 } }

    func setBindFailure(_ reason: String?) { bindFailureNow.withLock { $0 = reason } }

    /// Whether clients are accepted; false while it refuses them (`when-empty: refuse`).
    var isOpen: Bool { isOpenNow.load(ordering: .relaxed) }

    func setOpen(_ isOpen: Bool) { isOpenNow.store(isOpen, ordering: .relaxed) }
}

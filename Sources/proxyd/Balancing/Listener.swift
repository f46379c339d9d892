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
    private let published: Published<ListenerView>
    /// Under `max-sessions`.
    private let slots: SessionLimit
    /// By worker. A failure is a client that found no channel.
    let counters: [TrafficCounters]
    /// What `reset` has taken off the counters that tables show.
    let baseline = CounterBaseline()
    private let isOpenNow = Atomic<Bool>(true)
    private let bindFailureNow: CountedMutex<String?>

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
        slots = SessionLimit(limit: settings.maxSessions)
        published = Published(ListenerView(settings), readerCount: workerCount)
        counters = TrafficCounters.perWorker(workerCount)
    }

    // MARK: Settings

    /// For that worker's thread, which takes no lock.
    func view(for worker: Int) -> ListenerView { published.value(for: worker) }

    /// For everything else.
    var view: ListenerView { published.value }
    var settings: ListenerConfiguration { view.settings }
    var access: AccessList? { view.access }
    var waitForBytes: Int { view.waitForBytes }
    var routes: RouteTable? { view.routes }
    var tls: TLSServer? { view.tls }
    func expectsHeader(from peer: Endpoint) -> Bool { view.expectsHeader(from: peer) }

    /// Other settings at the same address, with their TLS and the services that their routes lead to: no client meets
    /// one without the others. Running sessions stay.
    func apply(_ settings: ListenerConfiguration, tls: TLSServer?, among services: [Service]) {
        let old = view
        let routes = RouteTable(settings.route, among: services)
        guard old.settings != settings || old.tls !== tls || routes != nil else { return }
        slots.setLimit(settings.maxSessions)
        published.publish(ListenerView(settings, tls: tls, routes: routes, after: old))
    }

    /// Other certificates under the same settings, from the next client on.
    func applyTLS(_ tls: TLSServer?) {
        let old = view
        guard old.tls !== tls else { return }
        published.publish(ListenerView(old.settings, tls: tls, routes: old.routes, after: old))
    }

    /// It is gone, and must not keep services that know it.
    func dropRoutes() {
        let old = view
        guard old.routes != nil else { return }
        published.publish(ListenerView(old.settings, tls: old.tls, after: old))
    }

    // MARK: Slots

    var current: Int { slots.current }

    /// Takes a slot under `max-sessions`; false when all are taken.
    func acquireSlot() -> Bool { slots.acquire() }

    /// Takes a slot that was taken before.
    func adoptSlot() { slots.adoptSlot() }

    func releaseSlot() { slots.release() }

    // MARK: State

    /// Why its address is not ours (`on-bind-failure`); nil: it is, or was when it was last needed.
    var bindFailure: String? { bindFailureNow.withLock { $0 } }

    func setBindFailure(_ reason: String?) { bindFailureNow.withLock { $0 = reason } }

    /// Whether clients are accepted; false while it refuses them (`when-empty: refuse`).
    var isOpen: Bool { isOpenNow.load(ordering: .relaxed) }

    func setOpen(_ isOpen: Bool) { isOpenNow.store(isOpen, ordering: .relaxed) }
}

internal import Shared
internal import Synchronization

/// Listeners and the ordered groups behind them.
final class Service: Sendable {
    let serial: UInt64
    let name: String
    /// Under `max-sessions`.
    let slots: SessionLimit
    /// Clients that wait for room, or for a channel to become usable.
    let queue: WaitQueue
    /// All its slots are taken, and an event has said so.
    private let isFullNow = Atomic<Bool>(false)
    private let published: Published<ServiceView>
    // Not part of what is published: a worker that keeps an old view must not keep listeners, which may know
    // this service by their routes.
    private let listenersNow: CountedMutex<[Listener]>

    init(
        _ settings: ServiceConfiguration, serial: UInt64, listeners: [Listener], groups: [Group],
        workerCount: Int = 0
    ) {
        self.serial = serial
        name = settings.name
        slots = SessionLimit(limit: settings.limits.maxSessions)
        queue = WaitQueue(limit: settings.limits.queueSize)
        listenersNow = CountedMutex(listeners)
        published = Published(ServiceView(settings, groups: groups), readerCount: workerCount)
    }

    /// Other settings, listeners or groups, from the next look on; running sessions stay where they are.
    func apply(_ settings: ServiceConfiguration, listeners: [Listener], groups: [Group]) {
        slots.setLimit(settings.limits.maxSessions)
        queue.setLimit(settings.limits.queueSize)
        listenersNow.withLock { $0 = listeners }
        published.publish(ServiceView(settings, groups: groups, after: view))
    }

    // MARK: Full, or not

    var isFull: Bool { isFullNow.load(ordering: .relaxed) }

    /// A slot was taken. Whether it was the last one, for the first time since there was room.
    func hasBecomeFull() -> Bool {
        guard !slots.hasRoom else { return false }
        return !isFullNow.exchange(true, ordering: .relaxed)
    }

    /// A slot was given back. Whether there is room again, and no client waits for it.
    func hasRoomAgain() -> Bool {
        guard isFull, slots.hasRoom, queue.count == 0 else { return false }
        return isFullNow.exchange(false, ordering: .relaxed)
    }

    // MARK: Settings

    /// Without a lock for a worker's own thread; `nil` is everything else.
    func view(for worker: Int?) -> ServiceView {
        worker.map { published.value(for: $0) } ?? published.value
    }

    var view: ServiceView { published.value }
    var timeouts: Timeouts { view.timeouts }
    var grace: Duration { view.grace }
    var health: PassiveHealthRules { view.health }
    /// How often its channels' names are resolved again.
    var resolve: Duration? { view.settings.resolve }
    var limits: ServiceLimits { view.limits }
    var sources: PerSourceLimiter? { view.sources }
    var access: AccessList? { view.access }
    var asksForDestination: Bool { view.asksForDestination }
    var asksForServerName: Bool { view.asksForServerName }
    var electionRevision: UInt64 { view.electionRevision }
    var isElecting: Bool { view.isElecting }
    var listeners: [Listener] { listenersNow.withLock { $0 } }
    var groups: [Group] { view.groups }

    /// Whether clients wait that a newcomer to that group, or to any, would have to stand behind.
    func isInDemand(by group: Group?) -> Bool {
        queue.hasWaiters { lane in
            switch lane {
            case .service, .anyGroup: true
            case .group(let serial): serial == group?.serial
            }
        }
    }

    var channels: [Channel] { groups.flatMap(\.channels) }

    func contains(_ channel: Channel) -> Bool {
        groups.contains { $0.channels.contains { $0 === channel } }
    }

    /// Whether clients are refused while there is no primary.
    var refusesWhileElecting: Bool {
        groups.contains { $0.primaryState?.settings.whileElecting == .refuse }
    }
}

internal import Shared

/// Resolves names on a thread of its own, as the resolver blocks: those of channels again and again, and
/// others when a change of the topology needs them.
///
/// Only answers go out; what becomes of them is the supervisor's business.
final class NameWatch: Sendable {
    /// A channel whose endpoint is a name, and how often it is resolved.
    struct Watched: Sendable {
        var channel: Channel
        var endpoint: Endpoint
        var interval: Duration
    }

    private enum Order: Sendable {
        case watch([Watched])
        case lookUp([Endpoint], question: UInt64)
        case end
    }

    private let orders: Mailbox<Order>
    private let notices: Mailbox<WorkerEvent>

    init(notices: Mailbox<WorkerEvent>) throws(SystemError) {
        orders = try Mailbox()
        self.notices = notices
    }

    /// Starts the thread, which ends with the process.
    func start() throws(SystemError) {
        try Thread.detached(name: "names") { self.run() }
    }

    /// Watches the names of this topology, and no others.
    func follow(_ topology: Topology) {
        orders.post(
            .watch(
                topology.services.flatMap { service in
                    guard let interval = service.resolve else { return [Watched]() }
                    return service.channels.compactMap { channel in
                        guard case .name = channel.endpoint else { return nil }
                        return Watched(
                            channel: channel, endpoint: channel.endpoint,
                            interval: max(interval, Self.shortest))
                    }
                }))
    }

    /// Ends the thread, once the resolver has answered.
    func end() { orders.post(.end) }

    /// Looks all of them up, or until one leads nowhere; answered with `.addresses` or `.noAddress`.
    func lookUp(_ names: [Endpoint], question: UInt64) {
        orders.post(.lookUp(names, question: question))
    }

    /// No name server has to be asked more often.
    private static let shortest = Duration.seconds(1)

    private func run() {
        var watched: [(watched: Watched, due: Instant)] = []
        while true {
            Sleep.until(watched.map(\.due).min(), or: orders.descriptor)
            for order in orders.take() {
                switch order {
                case .watch(let wanted): watched = Self.taking(wanted, from: watched)
                case .lookUp(let names, let question): answer(names, question)
                case .end: return
                }
            }
            for index in watched.indices where watched[index].due <= .now {
                resolve(watched[index].watched)
                watched[index].due = Instant.now.advanced(by: watched[index].watched.interval)
            }
        }
    }

    /// Those that were watched already keep their time.
    private static func taking(
        _ wanted: [Watched], from old: [(watched: Watched, due: Instant)]
    ) -> [(watched: Watched, due: Instant)] {
        wanted.map { new in
            let present = old.first {
                $0.watched.channel === new.channel && $0.watched.endpoint == new.endpoint
                    && $0.watched.interval == new.interval
            }
            return (new, present?.due ?? Instant.now.advanced(by: new.interval))
        }
    }

    private func resolve(_ watched: Watched) {
        do throws(Resolver.Failure) {
            let found = try Resolver.resolveAll(watched.endpoint)
            notices.post(.resolved(watched.channel, watched.endpoint, found))
        } catch {
            notices.post(.unresolved(watched.channel, error))
        }
    }

    private func answer(_ names: [Endpoint], _ question: UInt64) {
        var found: [Endpoint: [Endpoint]] = [:]
        for name in names {
            do throws(Resolver.Failure) {
                found[name] = try Resolver.resolveAll(name)
            } catch {
                return notices.post(.answer(.noAddress(name, error), question: question))
            }
        }
        notices.post(.answer(.addresses(found), question: question))
    }
}

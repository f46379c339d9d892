internal import Shared

/// Resolves the names of channels again and again, on a thread of its own: the resolver blocks.
///
/// Only answers go out; what becomes of them is the supervisor's business.
struct NameWatch: Sendable {
    /// A channel whose endpoint is a name, and how often it is resolved.
    struct Watched: Sendable {
        var channel: Channel
        var interval: Duration
    }

    private let watched: [Watched]
    private let notices: Mailbox<Notice>

    /// nil when no channel has a name to be watched.
    init?(_ topology: Topology, notices: Mailbox<Notice>) {
        watched = topology.services.flatMap { service in
            guard let interval = service.resolve else { return [Watched]() }
            return service.channels.compactMap { channel in
                guard case .name = channel.endpoint else { return nil }
                return Watched(channel: channel, interval: max(interval, Self.shortest))
            }
        }
        self.notices = notices
        if watched.isEmpty { return nil }
    }

    /// No name server has to be asked more often.
    private static let shortest = Duration.seconds(1)

    /// Starts the thread, which ends with the process.
    func start() throws(SystemError) {
        _ = try Thread(name: "names") { run() }
    }

    private func run() {
        var due = watched.map { Instant.now.advanced(by: $0.interval) }
        while true {
            guard let next = due.min() else { return }
            Pause.until(next)
            for index in watched.indices where due[index] <= .now {
                resolve(watched[index].channel)
                due[index] = Instant.now.advanced(by: watched[index].interval)
            }
        }
    }

    private func resolve(_ channel: Channel) {
        do throws(Resolver.Failure) {
            notices.post(.resolved(channel, try Resolver.resolveAll(channel.endpoint)))
        } catch {
            notices.post(.unresolved(channel, error))
        }
    }
}

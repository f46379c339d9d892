/// What the process can carry, derived from how many descriptors it may have.
///
/// A session has two descriptors, and two more per direction while that is spliced; what pipes may
/// take is set aside, so that running out of them means copying, never failing to connect.
struct DaemonLimits: Equatable, Sendable {
    let descriptors: Int
    let pipes: Int
    let sessions: Int
    /// Descriptors that no session and no pipe gets.
    let reserved: Int

    /// The least that is reserved, so that small changes of a small configuration do not change the number of sessions.
    private static let leastReserved = 96
    /// A user without privileges gets 16,384 pages for pipes (pipe(7)): 128 pipes of 512 KiB. A pipe past
    /// that would have two pages, and copying beats it.
    private static let mostPipes = 120

    init(descriptors: Int, for configuration: Configuration, workers: Int) {
        self.init(
            descriptors: descriptors, wanted: configuration.maxSessions,
            reserved: Self.reserve(for: configuration, workers: workers))
    }

    /// `wanted` is `max-sessions`, which can only lower the number.
    init(descriptors: Int, wanted: Int?, reserved: Int = 0) {
        self.descriptors = descriptors
        self.reserved = max(Self.leastReserved, reserved)
        pipes = max(2, min(Self.mostPipes, descriptors / 16))
        let possible = max(1, (descriptors - self.reserved - 2 * pipes) / 2)
        sessions = min(wanted ?? possible, possible)
    }

    // MARK: What is reserved

    /// Control and metrics clients, as their servers bound them, each with its listener.
    private static let controlClients = 64 + 1
    private static let metricsClients = 16 + 1
    /// Probes that run at the same time, and scripts with two pipes each.
    private static let mostProbes = 64
    private static let mostScripts = 16 * 3
    /// The standard streams, logs, files, signals, the main loop; and each worker's loop.
    private static let ofProcess = 24
    private static let ofWorker = 4

    static func reserve(for configuration: Configuration, workers: Int) -> Int {
        let groups = configuration.services.flatMap(\.groups)
        let channels = groups.flatMap(\.channels)
        let probes = channels.reduce(0) { $0 + $1.probes.probes.count }
        let elections = groups.count { $0.balance.policy == .primary }
        let hasScripts =
            elections > 0 || channels.contains { $0.probes.probes.contains(where: \.isScript) }
        return ofProcess + ofWorker * workers
            + configuration.services.reduce(0) { $0 + $1.listeners.count } + controlClients
            + (configuration.metrics.listen == nil ? 0 : metricsClients)
            + min(mostProbes, probes + elections) + (hasScripts ? mostScripts : 0)
    }
}

extension ProbeConfiguration {
    fileprivate var isScript: Bool { if case .script = check { true } else { false } }
}

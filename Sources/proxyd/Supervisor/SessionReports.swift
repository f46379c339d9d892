internal import Shared

/// Logs what workers report about clients and their sessions.
final class SessionReports {
    private let core: DaemonCore
    private var lastShortage: Instant?

    init(_ core: DaemonCore) { self.core = core }

    func reportEnd(of record: SessionRecord, _ reason: EndReason) {
        if core.options.isVerbose || core.options.isDebugging {
            Log.line(Self.line(record, reason), .info, deduplicationKey: nil)
        }
        guard let dialect = core.options.dialect, dialect.tellsIdleEnds,
            reason.who == .clientIdle || reason.who == .channelIdle, reason.cause == .timeout,
            let service = core.topology.services.first(where: { service in
                service.listeners.contains { $0 === record.listener }
            }),
            let time = service.timeouts.idle
        else { return }
        for line in dialect.messages?.lines(idleFor: time) ?? [] { Log.verbatim(line) }
    }

    private static func line(_ record: SessionRecord, _ reason: EndReason) -> String {
        let channel = record.channel.map { "\($0.endpoint)" } ?? "-"
        let age = Age(milliseconds: record.age / 1_000_000)
        return
            "session \(record.id) \(record.client) → \(channel) via \(record.listener.path) closed after \(age): "
            + "\(reason), in \(record.inward.byteCount) out \(record.outward.byteCount) bytes"
    }

    func reportWhetherFull(_ service: Service) {
        // The two events may come in the wrong order; what is so now is what counts.
        let isFull = service.isFull
        let limit = service.slots.limit
        core.events.emit(
            isFull ? .warning : .notice, isFull ? .full : .returned, of: .service(service),
            to: isFull ? service.limits.overload.rawValue : nil, because: "max-sessions \(limit)",
            isFull
                ? "service \(service.name) is full: \(limit) sessions; new clients: \(service.limits.overload.consequence)"
                : "service \(service.name) has room again")
    }

    func reportDenied(_ denied: Denied) {
        let listener = denied.listener
        let rule =
            "\(denied.isServices ? "service's " : "")rule \(denied.rule), \(denied.words)"
        core.events.emit(
            .notice, .denied, of: .listener(listener), because: rule,
            "listener \(listener.path) denied \(denied.client): \(rule)"
                + (denied.untold > 0 ? "; and \(denied.untold) others before it" : ""))
    }

    func reportHandshake(of client: Endpoint, _ listener: Listener, _ why: String, untold: Int) {
        core.events.emit(
            .info, .failed, of: .listener(listener), because: why,
            "listener \(listener.path): TLS with \(client) failed: \(why)"
                + (untold > 0 ? "; and \(untold) others before it" : ""))
    }

    /// Once per ten seconds: a shortage comes with every client that is turned away.
    func reportShortage(_ error: SystemError) {
        if let lastShortage, core.now.milliseconds(since: lastShortage) < 10_000 { return }
        lastShortage = core.now
        core.events.emit(
            .error, .shortage, of: .daemon, because: error.description,
            "listeners rest until a session ends: \(error)")
    }
}

extension Overload {
    /// What becomes of a client that is one too many.
    fileprivate var consequence: String {
        switch self {
        case .close: "closed"
        case .reset: "reset"
        case .queue: "wait"
        case .refuse: "refused"
        }
    }
}

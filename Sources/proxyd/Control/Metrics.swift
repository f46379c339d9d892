internal import Shared

/// Everything that is counted, in Prometheus' text format 0.0.4.
enum Metrics {
    static func answer(_ request: ControlRequest) {
        request.daemon.ask({ .report(question: $0) }) { answers in
            let text = MetricsText(daemon: request.daemon, reports: answers.reports)
            request.answer(text.lines)
        }
    }
}

/// The exposition, a family at a time: what it is, its type, its samples.
struct MetricsText {
    private(set) var lines: [String] = []

    /// A family's type, as Prometheus names it.
    enum Kind: String { case counter, gauge }

    typealias Labels = [(name: String, value: String)]

    init(daemon: any Daemon, reports: [WorkerReport]) {
        addDaemon(daemon)
        addListeners(daemon.topology.listeners)
        addChannels(daemon.topology.channels, reports)
        addWorkers(reports)
        addEnds(reports)
    }

    mutating func add(_ name: String, _ kind: Kind, _ help: String, _ samples: [(Labels, UInt64)]) {
        lines.append("# HELP \(name) \(help)")
        lines.append("# TYPE \(name) \(kind.rawValue)")
        for (labels, value) in samples { lines.append("\(name)\(Self.text(labels)) \(value)") }
    }

    private static func text(_ labels: Labels) -> String {
        guard !labels.isEmpty else { return "" }
        return "{"
            + labels.map { "\($0.name)=\"\(escaped($0.value))\"" }.joined(separator: ",") + "}"
    }

    /// Label values escape the backslash, the quote and the line feed.
    static func escaped(_ value: String) -> String {
        value.unicodeScalars.reduce(into: "") { text, scalar in
            switch scalar {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.unicodeScalars.append(scalar)
            }
        }
    }

    private mutating func addDaemon(_ daemon: any Daemon) {
        add(
            "proxyd_info", .gauge, "The daemon's version.",
            [([("version", Version.string)], 1)])
        add(
            "proxyd_uptime_seconds", .gauge, "Seconds since the daemon was started.",
            [([], Instant.now.milliseconds(since: daemon.identity.started) / 1000)])
        add(
            "proxyd_sessions", .gauge, "Sessions running.",
            [([], UInt64(max(0, daemon.share.admission.current)))])
        add(
            "proxyd_sessions_limit", .gauge, "Sessions that can run at once.",
            [([], UInt64(daemon.limits.sessions))])
    }

    private mutating func addListeners(_ listeners: [Listener]) {
        let totals = listeners.map { listener in
            let labels = [("listener", listener.path), ("address", "\(listener.endpoint)")]
            return (labels as Labels, TrafficCounters.sum(listener.counters), listener)
        }
        add(
            "proxyd_listener_sessions", .gauge, "Sessions running.",
            totals.map { ($0.0, UInt64(max(0, $0.2.current))) })
        add(
            "proxyd_listener_sessions_total", .counter, "Clients accepted.",
            totals.map { ($0.0, $0.1.sessions) })
        add(
            "proxyd_listener_refused_total", .counter, "Clients that found no channel.",
            totals.map { ($0.0, $0.1.failures) })
        add(
            "proxyd_listener_session_milliseconds_total", .counter,
            "The lives of all ended sessions together.",
            totals.map { ($0.0, $0.1.nanoseconds / 1_000_000) })
        add(
            "proxyd_listener_in_bytes_total", .counter, "Bytes from clients.",
            totals.map { ($0.0, $0.1.inBytes) })
        add(
            "proxyd_listener_out_bytes_total", .counter, "Bytes to clients.",
            totals.map { ($0.0, $0.1.outBytes) })
    }

    private mutating func addChannels(_ channels: [Channel], _ reports: [WorkerReport]) {
        let now = Instant.now
        let totals = channels.map { channel in
            let labels = [("channel", channel.path), ("address", "\(channel.endpoint)")]
            return (labels as Labels, TrafficCounters.sum(channel.counters), channel)
        }
        add(
            "proxyd_channel_usable", .gauge, "1 when new sessions may go there.",
            totals.map { ($0.0, $0.2.isUsable(now: now) ? 1 : 0) })
        add(
            "proxyd_channel_sessions", .gauge, "Sessions running, connecting ones too.",
            totals.map { ($0.0, UInt64(max(0, $0.2.current))) })
        add(
            "proxyd_channel_sessions_total", .counter, "Sessions placed.",
            totals.map { ($0.0, $0.1.sessions) })
        add(
            "proxyd_channel_failed_total", .counter, "Connects that failed.",
            totals.map { ($0.0, $0.1.failures) })
        add(
            "proxyd_channel_session_milliseconds_total", .counter,
            "The lives of all ended sessions together.",
            totals.map { ($0.0, $0.1.nanoseconds / 1_000_000) })
        add(
            "proxyd_channel_in_bytes_total", .counter, "Bytes from clients to the channel.",
            totals.map { ($0.0, $0.1.inBytes) })
        add(
            "proxyd_channel_out_bytes_total", .counter, "Bytes from the channel to clients.",
            totals.map { ($0.0, $0.1.outBytes) })
    }

    private mutating func addWorkers(_ reports: [WorkerReport]) {
        func samples(_ value: (WorkerReport) -> UInt64) -> [(Labels, UInt64)] {
            reports.map { ([("worker", String($0.index))], value($0)) }
        }
        add(
            "proxyd_worker_sessions", .gauge, "Sessions running on a data thread.",
            samples { UInt64($0.sessions) })
        add(
            "proxyd_worker_session_milliseconds_total", .counter,
            "The lives of all ended sessions together.",
            samples { $0.totals.nanoseconds / 1_000_000 })
        add(
            "proxyd_worker_turns_total", .counter, "Times that a data thread woke up.",
            samples { $0.turns })
        add(
            "proxyd_worker_events_total", .counter, "Events that data threads were woken for.",
            samples { $0.events })
        add(
            "proxyd_worker_pipes", .gauge, "Pipes for splicing that exist.",
            samples { UInt64($0.pipes) })
    }

    private mutating func addEnds(_ reports: [WorkerReport]) {
        let ends = reports.reduce(into: [EndReason: UInt64]()) { sum, report in
            sum.merge(report.ends) { $0 + $1 }
        }
        let samples = ends.map { reason, count in
            ([("code", reason.code), ("cause", reason.cause.rawValue)] as Labels, count)
        }
        add(
            "proxyd_sessions_ended_total", .counter, "Sessions ended, by code and cause.",
            samples.sorted { Self.text($0.0) < Self.text($1.0) })
    }
}

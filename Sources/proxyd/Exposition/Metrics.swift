internal import Shared

/// What a page of metrics has, besides what the topology counts itself.
struct MetricsValues {
    var topology: Topology
    var started: Instant
    var sessions: UInt64
    var sessionLimit: UInt64
    /// The workers', in their order.
    var reports: [WorkerReport]
    var logs: [(name: String, usage: LogUsage)]
    /// The serial of the newest event.
    var lastEvent: UInt64
    var historySeries: Int
    /// Channels and services for which the history has no room.
    var historyLeftOut: Int
}

/// Everything that is counted, in Prometheus' text format 0.0.4.
extension MetricsText {
    init(_ values: MetricsValues, mostBytes: Int = .max) {
        self.init(mostBytes: mostBytes)
        addDaemon(values)
        addListeners(values.topology.listeners)
        addGroups(values.topology.groups)
        addChannels(values.topology.channels)
        addHealth(values.topology.channels)
        addTimes(values.topology.channels)
        addWorkers(values.reports)
        addEnds(values.reports)
        addKept(values)
    }

    private mutating func addDaemon(_ values: MetricsValues) {
        add(
            "proxyd_info", .gauge, "The daemon's version.",
            [([("version", Version.string)], 1)])
        add(
            "proxyd_uptime_seconds", .gauge, "Seconds since the daemon was started.",
            [([], Instant.now.milliseconds(since: values.started) / 1000)])
        add(
            "proxyd_sessions", .gauge, "Sessions running.",
            [([], values.sessions)])
        add(
            "proxyd_sessions_limit", .gauge, "Sessions that can run at once.",
            [([], values.sessionLimit)])
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
        addTLS(totals.compactMap { labels, _, listener in listener.tls.map { (labels, $0) } })
    }

    private mutating func addTLS(_ servers: [(Labels, TLSServer)]) {
        add(
            "proxyd_listener_certificate_expiry_timestamp_seconds", .gauge,
            "When the certificate that ends first does, since 1970.",
            servers.compactMap { labels, tls in tls.notAfter.map { (labels, UInt64(max(0, $0))) } })
        add(
            "proxyd_listener_tls_handshakes", .gauge, "TLS handshakes under way.",
            servers.map { ($0.0, UInt64(max(0, $0.1.handshakeCount))) })
        let kinds: [(String, (TLSCounts) -> UInt64)] = [
            ("full", \.fullCount), ("resumed", \.resumedCount), ("failed", \.failedCount),
        ]
        add(
            "proxyd_listener_tls_handshakes_total", .counter, "TLS handshakes that have ended.",
            servers.flatMap { labels, tls in
                kinds.map { (labels + [("result", $0.0)], $0.1(tls.counts)) }
            })
    }

    private mutating func addChannels(_ channels: [Channel]) {
        let now = Instant.now
        let totals = channels.map { channel in
            (channel.series, TrafficCounters.sum(channel.counters), channel)
        }
        add(
            "proxyd_channel_usable", .gauge, "1 when new sessions may go there.",
            totals.map { ($0.0, $0.2.isUsable(now: now) ? 1 : 0 as UInt64) })
        add(
            "proxyd_channel_sessions", .gauge, "Sessions running, connecting ones too.",
            totals.map { ($0.0, UInt64(max(0, $0.2.current))) })
        let ports = LocalPorts.count
        add(
            "proxyd_channel_ports_left", .gauge,
            "Connections to it that local ports allow besides ours; others take of them, too.",
            totals.compactMap { series, _, channel in
                ports.flatMap { channel.portsLeft(range: $0) }.map { (series, $0) }
            })
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
        add(
            "proxyd_worker_violations_total", .counter,
            "Sessions closed by an event that cannot happen at their stage: faults in proxyd.",
            samples { $0.violations })
    }

    private mutating func addEnds(_ reports: [WorkerReport]) {
        let ends = reports.reduce(into: [EndReason: UInt64]()) { sum, report in
            sum.merge(report.ends) { $0 + $1 }
        }
        addRefusals(ends)
        let samples = ends.map { reason, count in
            ([("code", reason.code), ("cause", reason.cause.rawValue)] as Labels, count)
        }
        add(
            "proxyd_sessions_ended_total", .counter, "Sessions ended, by code and cause.",
            samples.map { (Series($0.0), $0.1) }.sorted { $0.0.text < $1.0.text })
    }
}

extension Channel {
    fileprivate var series: MetricsText.Series {
        MetricsText.Series([("channel", path), ("address", "\(endpoint)")])
    }
}

extension MetricsText {
    private mutating func addGroups(_ groups: [Group]) {
        add(
            "proxyd_group_spilled_total", .counter,
            "Sessions that an earlier group of the service could not take.",
            groups.map { ([("group", $0.path)] as Labels, $0.spillCount) })
    }

    /// What probes and elections say.
    private mutating func addHealth(_ channels: [Channel]) {
        let now = Instant.now
        let probed = channels.filter { $0.probes.count > 0 }
        add(
            "proxyd_channel_down", .gauge, "1 when its probes fail.",
            channels.map { ($0.series, $0.isDown ? 1 : 0) })
        add(
            "proxyd_channel_grace", .gauge, "1 while it is left alone after failed connects.",
            channels.map { ($0.series, $0.isInGrace(now: now) ? 1 : 0) })
        add(
            "proxyd_channel_probes_total", .counter, "Results of probes.",
            probed.map { ($0.series, $0.probes.count) })
        add(
            "proxyd_channel_probe_seconds", .gauge, "How long the slowest of the last probes took.",
            probed.compactMap { channel in
                channel.probes.last.nanoseconds.map { (channel.series, Self.seconds($0)) }
            })
        add(
            "proxyd_channel_primary", .gauge, "1 for the primary of a group that elects one.",
            channels.filter { $0.primaryState != nil }.map { ($0.series, $0.isElected ? 1 : 0) })
    }

    private mutating func addTimes(_ channels: [Channel]) {
        let measured = channels.map { ($0.series, $0.histograms) }
        add(
            "proxyd_channel_connect_seconds", "How long connects took that succeeded.",
            bounds: .connect, measured.map { ($0.0, $0.1.connect) })
        add(
            "proxyd_channel_first_byte_seconds",
            "From the connect to the first byte of the channel.", bounds: .firstByte,
            measured.map { ($0.0, $0.1.firstByte) })
        add(
            "proxyd_channel_session_seconds", "The lives of sessions that have ended.",
            bounds: .session, measured.map { ($0.0, $0.1.session) })
    }

    /// Clients that were not served, and not by their own doing.
    private mutating func addRefusals(_ ends: [EndReason: UInt64]) {
        let causes = ends.reduce(into: [String: UInt64]()) { sum, end in
            guard end.key.isTurnedAway else { return }
            sum[end.key.cause.rawValue, default: 0] += end.value
        }
        add(
            "proxyd_sessions_refused_total", .counter, "Clients that were not served, by cause.",
            causes.sorted { $0.key < $1.key }.map { ([("cause", $0.key)] as Labels, $0.value) })
    }

    /// What the daemon remembers and writes.
    private mutating func addKept(_ values: MetricsValues) {
        let logs = values.logs.map { ([("log", $0.name)] as Labels, $0.usage) }
        add(
            "proxyd_log_lines_total", .counter, "Lines written.",
            logs.map { ($0.0, $0.1.written) })
        add(
            "proxyd_log_lost_total", .counter, "Lines lost, as they could not be written in time.",
            logs.map { ($0.0, $0.1.lost) })
        add(
            "proxyd_log_waiting", .gauge, "Lines that wait to be written.",
            logs.map { ($0.0, UInt64(max(0, $0.1.waiting))) })
        add(
            "proxyd_events_total", .counter, "Things that happened.", [(.none, values.lastEvent)])
        add(
            "proxyd_history_series", .gauge, "Channels and services whose past is kept.",
            [(.none, values.historySeries)])
        add(
            "proxyd_history_left_out", .gauge, "Channels and services that found no room there.",
            [(.none, values.historyLeftOut)])
    }
}

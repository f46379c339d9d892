internal import Histogram
internal import Shared

/// Tables of what there is and what it does.
enum ShowCommands {
    static func services(_ request: ControlRequest) {
        guard takesNothing(request) else { return }
        let now = Instant.now
        var table = Table(columns: [
            "name", "serial", "state", "listeners", "groups", "current", "total", "in_bytes",
            "out_bytes", "refused",
        ])
        for service in request.state.topology.services {
            let totals = service.listeners.reduce(into: TrafficCounters.Totals()) {
                $0.add($1.shownTotals)
            }
            table.append(
                [
                    service.name, String(service.serial),
                    service.isUsable(now: now) ? "usable" : "exhausted",
                    String(service.listeners.count), String(service.groups.count),
                    String(service.listeners.reduce(0) { $0 + $1.current }),
                    String(totals.sessions), String(totals.inBytes), String(totals.outBytes),
                    String(totals.failures),
                ])
        }
        request.answer(table)
    }

    static func listeners(_ request: ControlRequest) {
        guard takesNothing(request) else { return }
        request.answer(ListenerSnapshot.table(request.state.topology.listeners.map(\.snapshot)))
    }

    static func groups(_ request: ControlRequest) {
        guard takesNothing(request) else { return }
        let now = Instant.now
        let rows = request.state.topology.services.flatMap { $0.snapshots(now: now) }
        request.answer(GroupSnapshot.table(rows))
    }

    static func channels(_ request: ControlRequest) {
        guard request.words.count <= 1 else {
            return request.refuse(.usage, "show channels [PATH], as in show channels mail/0")
        }
        let path = request.words.first
        if let path, PathResolver(topology: request.state.topology).channels(at: path) == nil {
            return request.refuse(
                .notFound, "no channel, group or service “\(path.prefix(80))”")
        }
        request.queries.ask({ .report(question: $0) }) { answers in
            let now = Instant.now
            let reports = answers.reports
            let topology = request.state.topology
            let asked = path.map { PathResolver(topology: topology).channels(at: $0) ?? [] }
            let channels = asked ?? topology.channels
            request.answer(rows: channels.count) {
                let rows = channels.map { channel in
                    channel.snapshot(
                        connects: reports.connectPercentiles(of: channel, now: now), now: now)
                }
                return ReplyBody(ChannelSnapshot.table(rows).lines)
            }
        }
    }

    static func workers(_ request: ControlRequest) {
        guard takesNothing(request) else { return }
        request.queries.ask({ .report(question: $0) }) { answers in
            var table = Table(columns: [
                "index", "sessions", "total", "in_bytes", "out_bytes", "turns", "events", "pipes",
                "resting",
            ])
            for report in answers.reports {
                table.append(
                    [
                        String(report.index), String(report.sessions),
                        String(report.totals.sessions), String(report.totals.inBytes),
                        String(report.totals.outBytes), String(report.turns),
                        String(report.events), String(report.pipes),
                        report.isResting ? "yes" : "no",
                    ])
            }
            request.answer(table)
        }
    }

    static func limits(_ request: ControlRequest) {
        guard takesNothing(request) else { return }
        request.queries.ask({ .report(question: $0) }) { answers in
            let daemon = request.state
            var table = Table(columns: ["name", "used", "limit"])
            func row(_ name: String, _ used: Int?, _ limit: Int?) {
                table.append([name] + [used, limit].map { $0.map { String($0) } ?? Table.absent })
            }
            row("sessions", daemon.share.admission.current, daemon.limits.sessions)
            row("descriptors", DescriptorLimit.used, daemon.limits.descriptors)
            row("pipes", answers.reports.reduce(0) { $0 + $1.pipes }, daemon.limits.pipes)
            row("cpu_ms", Int(clamping: ProcessTime.milliseconds), nil)
            row("workers", daemon.share.workers.count, daemon.share.workers.count)
            for control in daemon.controlUsage.rows {
                row(control.name, control.used, control.limit)
            }
            row("events", daemon.events.count, daemon.events.capacity)
            row("events_bytes", nil, daemon.events.mostBytes)
            row("history_series", daemon.history.count, daemon.history.mostSeries)
            row(
                "history_bytes", daemon.history.count * SampleSeries.bytes,
                daemon.history.mostSeries * SampleSeries.bytes)
            row("history_left_out", daemon.history.leftOut, 0)
            for log in daemon.logUsage {
                row("\(log.name)_log_lines", log.usage.waiting, log.usage.limit)
                row("\(log.name)_log_lost", Int(clamping: log.usage.lost), 0)
            }
            request.answer(table)
        }
    }

    private static func takesNothing(_ request: ControlRequest) -> Bool {
        guard let word = request.words.first else { return true }
        request.refuse(.usage, "unexpected argument “\(word.prefix(40))”: this command takes none")
        return false
    }
}

extension [WorkerReply] {
    /// The workers' reports, in the workers' order.
    var reports: [WorkerReport] {
        compactMap { if case .report(let report) = $0 { report } else { nil } }
            .sorted { $0.index < $1.index }
    }
}

extension [WorkerReport] {
    /// The same in short; nil when there was no connect.
    func connectPercentiles(of channel: Channel, now: Instant) -> ConnectPercentiles? {
        let stamps = compactMap { $0.connectTimes[channel.serial]?.stamp(now: now) }
        guard !stamps.isEmpty else { return nil }
        return channel.connects.percentiles(of: stamps) {
            connectTimes(of: channel, now: now).map(ConnectPercentiles.init)
        }
    }

    /// A channel's recent connect times, of all workers together; nil when there was none.
    func connectTimes(of channel: Channel, now: Instant) -> Histogram<UInt32>? {
        var sum: Histogram<UInt32>?
        for report in self {
            guard let times = report.connectTimes[channel.serial]?.recent(now: now) else {
                continue
            }
            if sum == nil { sum = times } else { sum?.add(times) }
        }
        guard let sum, sum.totalCount > 0 else { return nil }
        return sum
    }
}

/// `metrics`: everything that is counted, for Prometheus.
enum MetricsCommand {
    static func answer(_ request: ControlRequest) {
        request.queries.gatherMetrics { request.answer($0.lines) }
    }
}

extension Daemon {
    func gatherMetrics(then finish: @escaping (MetricsText) -> Void) {
        ask({ .report(question: $0) }) { [self] answers in
            let values = MetricsValues(
                topology: topology, started: identity.started,
                sessions: UInt64(max(0, share.admission.current)),
                sessionLimit: UInt64(limits.sessions), reports: answers.reports, logs: logUsage,
                lastEvent: events.last, historySeries: history.count,
                historyLeftOut: history.leftOut)
            finish(MetricsText(values))
        }
    }
}

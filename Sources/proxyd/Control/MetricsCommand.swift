/// `metrics`: everything that is counted, for Prometheus.
enum MetricsCommand {
    static func answer(_ request: ControlRequest) {
        request.daemon.gatherValues { values in
            request.answer(rows: values.topology.channels.count) {
                MetricsText(values, mostBytes: ControlUsage.mostUnsentOfOne).body
            }
        }
    }
}

extension Daemon {
    func gatherMetrics(then finish: @escaping (MetricsText) -> Void) {
        gatherValues { [self] values in make({ MetricsText(values) }, then: finish) }
    }

    fileprivate func gatherValues(then finish: @escaping (MetricsValues) -> Void) {
        ask({ .report(question: $0) }) { [self] answers in
            finish(
                MetricsValues(
                    topology: topology, started: identity.started,
                    sessions: UInt64(max(0, share.admission.current)),
                    sessionLimit: UInt64(limits.sessions), reports: answers.reports, logs: logUsage,
                    lastEvent: events.last, historySeries: history.count,
                    historyLeftOut: history.leftOut))
        }
    }
}

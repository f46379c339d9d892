internal import Shared

/// Where metrics go besides the control socket.
struct MetricsOutputs {
    var scrapes: ScrapeServer?
    var statsd: StatsdPusher?

    init(
        _ settings: MetricsConfiguration, _ inherited: InheritedSockets, _ undo: StartUndo
    ) throws(StartError) {
        if let listen = settings.listen {
            let server = try ScrapeServer(listen, passed: inherited)
            undo.add { server.close() }
            scrapes = server
        }
        if let settings = settings.statsd { statsd = try StatsdPusher(settings, now: .now) }
    }

    mutating func stop() { (scrapes, statsd) = (nil, nil) }
}

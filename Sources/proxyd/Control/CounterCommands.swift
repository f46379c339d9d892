internal import Shared

/// Commands about counters: `reset`, and balance's two for MRTG.
enum CounterCommands {
    /// Tables count from now on. Metrics and `mrtg-…` go on: a program that adds them up would take a step back
    /// for a wrap.
    static func reset(_ request: ControlRequest) {
        guard let meant = counted(by: request) else { return }
        var table = Table(columns: ["path", "field", "from", "to"])
        for thing in meant {
            table.append(thing.row)
            thing.reset()
            emitReset(request, thing.subject, thing.shown)
        }
        request.answer(table)
    }

    static func planReset(_ request: ControlRequest) {
        guard let meant = counted(by: request) else { return }
        PlanCommand.answer(request, meant.map(\.row))
    }

    /// A channel or a listener whose counters do not show 0.
    private struct Counted {
        var path: String
        var subject: Event.Subject
        var shown: TrafficCounters.Totals
        var reset: () -> Void

        var row: [String] { [path, "total", String(shown.sessions), "0"] }
    }

    /// What the request names; nil when it was refused.
    private static func counted(by request: ControlRequest) -> [Counted]? {
        guard request.words.count == 1, let path = request.words.first else {
            request.refuse(
                .usage, "reset PATH, with a channel, a group or a service, as in reset mail/0/2")
            return nil
        }
        let resolver = PathResolver(topology: request.state.topology)
        guard let channels = resolver.channels(at: path) else {
            request.refuse(.notFound, "no channel, group or service “\(path.prefix(80))”")
            return nil
        }
        var counted = channels.map { channel in
            Counted(
                path: channel.path, subject: .channel(channel), shown: channel.shownTotals,
                reset: { channel.baseline.reset(to: channel.totals) })
        }
        for listener in service(at: path, resolver)?.listeners ?? [] {
            counted.append(
                Counted(
                    path: listener.path, subject: .listener(listener),
                    shown: listener.shownTotals,
                    reset: { listener.baseline.reset(to: listener.totals) }))
        }
        return counted.filter { $0.shown != TrafficCounters.Totals() }
    }

    /// A path without a slash that is a whole service's, not that of the only one's group.
    private static func service(at path: String, _ resolver: PathResolver) -> Service? {
        let services = resolver.topology.services
        return services.count == 1
            ? services.first { $0.name == path } : resolver.service(at: path)
    }

    private static func emitReset(
        _ request: ControlRequest, _ subject: Event.Subject, _ before: TrafficCounters.Totals
    ) {
        let was = "\(before.sessions) sessions, \(before.failures) failures"
        request.changes.emit(
            Event(
                .notice, .reset, of: subject, from: was, to: "0",
                by: request.peer.actor,
                line: "\(subject.text) counters reset, they stood at \(was): "
                    + "by \(request.peer.actor)"))
    }

    /// Received, sent, nothing, and the name: received is what the channels have sent.
    static func mrtgBytes(_ request: ControlRequest) {
        mrtg(request, "mrtg-bytes") { [String($0.outBytes), String($0.inBytes)] }
    }

    /// Sessions in all, nothing twice, and the name.
    static func mrtgSessions(_ request: ControlRequest) {
        mrtg(request, "mrtg-conns") { [String($0.sessions), "UNKNOWN"] }
    }

    private static func mrtg(
        _ request: ControlRequest, _ verb: String,
        values: (TrafficCounters.Totals) -> [String]
    ) {
        guard request.words.count == 1, let path = request.words.first else {
            return request.refuse(.usage, "\(verb) PATH, as in \(verb) 0/1")
        }
        let topology = request.state.topology
        guard let channels = PathResolver(topology: topology).channels(at: path) else {
            return request.refuse(
                .notFound, "no channel, group or service “\(path.prefix(80))”")
        }
        let totals = channels.reduce(into: TrafficCounters.Totals()) { $0.add($1.totals) }
        request.answer(values(totals) + ["UNKNOWN", name(of: channels, in: topology, path)])
    }

    /// `group 0 channel 1`, as balance says it, and with the service where there are several.
    private static func name(
        of channels: [Channel], in topology: Topology, _ path: String
    ) -> String {
        guard channels.count == 1, let channel = channels.first else { return path }
        for service in topology.services {
            for (index, group) in service.groups.enumerated() {
                guard let place = group.channels.firstIndex(where: { $0 === channel }) else {
                    continue
                }
                let prefix = topology.services.count > 1 ? "service \(service.name) " : ""
                return prefix + "group \(index) channel \(place)"
            }
        }
        return path
    }
}

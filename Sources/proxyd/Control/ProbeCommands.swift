internal import Shared

/// `probe PATH`: looks at channels now, without waiting for the next probe and without counting it.
enum ProbeCommands {
    static let columns = ["path", "probe", "result", "words", "ms"]

    /// Channels that one command may probe.
    private static let mostChannels = 1000

    static func probe(_ request: ControlRequest) {
        guard let path = request.words.first, request.words.count == 1 else {
            return request.refuse(.usage, "probe PATH, as in probe 0/2")
        }
        guard let channels = PathResolver(topology: request.state.topology).channels(at: path)
        else {
            return request.refuse(.notFound, "no channel, group or service “\(path.prefix(80))”")
        }
        guard channels.count <= mostChannels else {
            return request.refuse(
                .invalid, "that are \(channels.count) channels; probe at most \(mostChannels)")
        }
        let tour = ProbeTour(request)
        for channel in channels {
            // Without probes of its own, a connect is the least that can be asked.
            let configured = channel.probePlan.probes
            for probe in configured.isEmpty ? [ProbeConfiguration()] : configured {
                tour.add(channel, probe)
            }
        }
        tour.start()
    }
}

/// Probes that were asked for together, and are answered together.
private final class ProbeTour {
    private let request: ControlRequest
    private var stops: [(channel: Channel, probe: ProbeConfiguration)] = []
    private var results: [Int: ProbeResult] = [:]

    init(_ request: ControlRequest) { self.request = request }

    func add(_ channel: Channel, _ probe: ProbeConfiguration) { stops.append((channel, probe)) }

    func start() {
        for (index, stop) in stops.enumerated() {
            request.queries.probe(stop.channel, with: stop.probe) { [self] result in
                results[index] = result
                if results.count == stops.count { answer() }
            }
        }
    }

    private func answer() {
        var table = Table(columns: ProbeCommands.columns)
        for (index, stop) in stops.enumerated() {
            guard let result = results[index] else { continue }
            table.append(
                [
                    stop.channel.path, stop.probe.name, result.isGood ? "good" : "bad",
                    result.words, String(result.nanoseconds / 1_000_000),
                ])
        }
        let good = results.values.count(where: \.isGood)
        request.answer(
            table,
            [
                Reply.Attribute("good", String(good)),
                Reply.Attribute("bad", String(results.count - good)),
            ])
    }
}

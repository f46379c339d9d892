internal import Shared

/// `show history PATH [since AGE] [step 1s|10s]`: what a channel or a service did.
enum HistoryCommand {
    struct Query: Equatable {
        var path: String
        /// How far back; nil: as far as is kept.
        var since: Age?
        /// Seconds.
        var step: UInt64 = 1

        init?(words: [String]) {
            guard let path = words.first, words.count % 2 == 1 else { return nil }
            self.path = path
            var isStepGiven = false
            for index in stride(from: 1, to: words.count, by: 2) {
                guard let age = Age(words[index + 1]) else { return nil }
                switch words[index] {
                case "since": since = age
                case "step":
                    guard age.milliseconds == 1000 || age.milliseconds == 10_000 else { return nil }
                    (step, isStepGiven) = (age.milliseconds / 1000, true)
                default: return nil
                }
            }
            let reach = UInt64(SampleSeries.secondCount) * 1000
            if !isStepGiven, let since, since.milliseconds > reach { step = 10 }
        }
    }

    static func run(_ request: ControlRequest) {
        guard let query = Query(words: request.words) else {
            return request.refuse(
                .usage,
                "show history PATH [since AGE] [step 1s|10s], as in show history mail/0/2 since 5m")
        }
        guard let serial = serial(of: query.path, in: request.state.topology) else {
            return request.refuse(
                .notFound,
                "no channel or service “\(query.path.prefix(80))”; groups have no history")
        }
        let history = request.state.history
        guard let series = history.series(of: serial) else {
            return request.refuse(
                .busy,
                "“\(query.path.prefix(80))” has no history: \(history.count) of at most "
                    + "\(history.mostSeries) are kept; a new one has its first after a second")
        }
        let rows = rows(of: series, query, now: .now)
        request.answer(
            HistorySample.table(rows), [Reply.Attribute("step_ms", String(query.step * 1000))])
    }

    private static func serial(of path: String, in topology: Topology) -> UInt64? {
        if let service = topology.services.first(where: { $0.name == path }) {
            return service.serial
        }
        let resolver = PathResolver(topology: topology)
        if topology.services.count > 1, let service = resolver.service(at: path) {
            return service.serial
        }
        guard let channels = resolver.channels(at: path), channels.count == 1,
            let channel = channels.first
        else { return nil }
        // A group of one channel is not a channel.
        return path == channel.path || resolver.group(at: path) == nil ? channel.serial : nil
    }

    static func rows(of series: SampleSeries, _ query: Query, now: Instant) -> [HistorySample] {
        let ring = query.step == 10 ? series.tenSeconds : series.seconds
        let stepNanoseconds = query.step * 1_000_000_000
        let back = (query.since?.milliseconds ?? .max / 2_000_000) * 1_000_000
        let from = now.nanoseconds > back ? (now.nanoseconds - back) / stepNanoseconds : 0
        let wall = WallClock.milliseconds
        let present = now.nanoseconds / 1_000_000
        return ring.samples(from: from).map { step, sample in
            // A second's sample is taken when it begins, ten seconds' when they are over.
            let end = (step + (query.step == 10 ? 1 : 0)) * query.step * 1000
            let age = present - min(present, end)
            return HistorySample(
                timeMilliseconds: wall - min(wall, age), monotonicMilliseconds: end,
                state: sample.state.word, current: UInt64(sample.current),
                sessions: UInt64(sample.sessions), inBytes: UInt64(sample.inBytes),
                outBytes: UInt64(sample.outBytes), failed: UInt64(sample.failed),
                connectMicroseconds: sample.connectMicroseconds == Sample.noConnect
                    ? nil : UInt64(sample.connectMicroseconds))
        }
    }
}

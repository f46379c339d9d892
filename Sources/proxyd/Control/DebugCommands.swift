internal import Shared

/// `debug …`: what happens to one session, or to one client's, logged as it happens.
enum DebugCommands {
    private static let usage =
        "debug session ID [for TIME], or debug client ADDRESS|NETWORK [for TIME], as in "
        + "debug client 10.0.0.0/8 for 5m"

    static func session(_ request: ControlRequest) {
        guard let word = request.words.first, let id = UInt64(word) else {
            return request.refuse(.usage, usage)
        }
        let worker = Int(id % UInt64(request.state.share.workers.count))
        request.queries.ask(worker: worker, { .showSession(id: id, question: $0) }) { answers in
            guard case .session(.some) = answers.first else {
                return request.refuse(.notFound, "no session \(id)")
            }
            add(.session(id), to: request)
        }
    }

    static func client(_ request: ControlRequest) {
        guard let word = request.words.first, let network = network(word) else {
            return request.refuse(.usage, usage)
        }
        add(.client(network), to: request)
    }

    private static func network(_ word: String) -> Network? {
        Network(rule: word)
    }

    private static func add(_ object: DebugFilters.Filter.Object, to request: ControlRequest) {
        guard let time = time(request.words.dropFirst()) else {
            return request.refuse(.usage, usage)
        }
        var filters = request.state.debugged
        filters.remove(object)
        guard !filters.isFull else {
            return request.refuse(
                .busy, "\(DebugFilters.most) are debugged already; “debug off” ends all of them")
        }
        let actor = request.peer.actor
        let filter = DebugFilters.Filter(
            object: object, until: Instant.now.advanced(by: time), actor: actor)
        filters.add(filter)
        request.changes.emit(
            Event(
                .notice, .debug, of: .daemon, to: filter.text, by: actor,
                line: "debug \(filter.text) for \(Age(time)): by \(actor)"))
        request.changes.debug(filters) { count in
            request.answer([], [Reply.Attribute("sessions", String(count))])
        }
    }

    private static func time(_ words: ArraySlice<String>) -> Duration? {
        guard !words.isEmpty else { return DebugFilters.standardTime }
        guard words.count == 2, words.first == "for", let word = words.last, let age = Age(word),
            age.milliseconds > 0, age.duration <= DebugFilters.longestTime
        else { return nil }
        return age.duration
    }

    static func off(_ request: ControlRequest) {
        guard request.words.isEmpty else { return request.refuse(.usage, "debug off stands alone") }
        let count = request.state.debugged.all.count
        request.changes.debug(DebugFilters()) { _ in
            request.answer([], [Reply.Attribute("ended", String(count))])
        }
    }

    static func show(_ request: ControlRequest) {
        guard request.words.isEmpty else {
            return request.refuse(.usage, "show debug stands alone")
        }
        let now = Instant.now
        var table = Table(columns: ["what", "name", "left_ms", "by"])
        for filter in request.state.debugged.all {
            let parts = filter.text.split(separator: " ", maxSplits: 1).map(String.init)
            table.append(
                parts + [
                    String(filter.until.elapsed(since: now) / 1_000_000),
                    filter.actor.map { "\($0)" } ?? Table.absent,
                ])
        }
        request.answer(table)
    }
}

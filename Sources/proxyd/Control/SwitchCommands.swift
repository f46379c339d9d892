internal import Shared

/// Commands that let sessions in or keep them out.
enum SwitchCommands {
    static func enable(_ request: ControlRequest) { turn(request, to: .on) }

    static func drain(_ request: ControlRequest) { turn(request, to: .draining) }

    static func disable(_ request: ControlRequest) { turn(request, to: .off, mayCut: true) }

    private static func turn(
        _ request: ControlRequest, to position: Channel.Switch, mayCut: Bool = false
    ) {
        guard let path = request.words.first else {
            return request.refuse(.usage, "which channel, group or service? Write PATH, as in 0/2")
        }
        let isCut = mayCut && request.words.dropFirst().first == "cut"
        guard request.words.count == (isCut ? 2 : 1) else {
            let word = request.words[isCut ? 2 : 1]
            return request.refuse(.usage, "“\(word.prefix(40))” is too much here")
        }
        guard let channels = PathResolver(topology: request.daemon.topology).channels(at: path)
        else {
            return request.refuse(.notFound, "no channel, group or service “\(path.prefix(80))”")
        }
        let table = turn(channels, to: position, for: request)
        guard isCut else { return request.answer(table, [Reply.Attribute("cut", "0")]) }
        let serials = Set(channels.map(\.serial))
        request.daemon.ask({ .cutChannels(serials: serials, question: $0) }) { answers in
            request.answer(table, [Reply.Attribute("cut", String(answers.cutCount))])
        }
    }

    /// Turns every channel, and tells what changed from what to what.
    private static func turn(
        _ channels: [Channel], to position: Channel.Switch, for request: ControlRequest
    ) -> Table {
        var table = Table(columns: ["path", "field", "from", "to"])
        let now = Instant.now
        for channel in channels {
            let before = channel.state(now: now)
            let isGrace = position == .on && channel.isInGrace(now: now)
            guard channel.position != position || isGrace else { continue }
            channel.turn(position, by: "\(request.peer.actor)", now: now)
            let after = channel.state(now: now)
            table.append([channel.path, "state", before.rawValue, after.rawValue])
            request.daemon.tell(
                Event(
                    .notice, .state, of: .channel(channel), from: before.rawValue,
                    to: after.rawValue, by: request.peer.actor,
                    line: "channel \(channel.path) \(channel.endpoint) "
                        + "\(before.rawValue) → \(after.rawValue): by \(request.peer.actor)"))
        }
        if !table.rows.isEmpty {
            request.daemon.share.raiseGeneration()
            request.daemon.channelsChanged()
        }
        return table
    }
}

extension [Answer] {
    /// Sessions that all workers together have cut.
    var cutCount: Int {
        reduce(0) { sum, answer in
            if case .cut(let count) = answer { sum + count } else { sum }
        }
    }
}

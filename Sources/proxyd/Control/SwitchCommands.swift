internal import Shared

/// Commands that let sessions in or keep them out.
enum SwitchCommands {
    static func enable(_ request: ControlRequest) { turn(request, to: .on) }

    static func drain(_ request: ControlRequest) { turn(request, to: .draining) }

    static func disable(_ request: ControlRequest) { turn(request, to: .off, mayCut: true) }

    static func planEnable(_ request: ControlRequest) { plan(request, to: .on) }

    static func planDrain(_ request: ControlRequest) { plan(request, to: .draining) }

    static func planDisable(_ request: ControlRequest) { plan(request, to: .off, mayCut: true) }

    private static func plan(
        _ request: ControlRequest, to position: Channel.Switch, mayCut: Bool = false
    ) {
        guard let order = order(request, mayCut: mayCut) else { return }
        PlanCommand.answer(request, turning: order.channels, to: position, cuts: order.cuts)
    }

    /// Which channels are meant, and whether their sessions end; nil once the request was refused.
    private static func order(
        _ request: ControlRequest, mayCut: Bool
    ) -> (path: String, channels: [Channel], cuts: Bool)? {
        guard let path = request.words.first else {
            request.refuse(.usage, "which channel, group or service? Write PATH, as in 0/2")
            return nil
        }
        let cuts = mayCut && request.words.dropFirst().first == "cut"
        guard request.words.count == (cuts ? 2 : 1) else {
            let word = request.words[cuts ? 2 : 1]
            request.refuse(.usage, "unexpected argument “\(word.prefix(40))”")
            return nil
        }
        guard let channels = PathResolver(topology: request.state.topology).channels(at: path)
        else {
            request.refuse(.notFound, "no channel, group or service “\(path.prefix(80))”")
            return nil
        }
        return (path, channels, cuts)
    }

    private static func turn(
        _ request: ControlRequest, to position: Channel.Switch, mayCut: Bool = false
    ) {
        if request.conversation.transaction != nil {
            // What the path names may be made by a line before this one.
            guard let path = request.words.first, request.words.count == 1 else {
                return request.refuse(
                    .usage, "in a transaction, write it with one PATH and no more")
            }
            return ChangeCommands.add(.turn(path: path, position), to: request)
        }
        guard let order = order(request, mayCut: mayCut) else { return }
        var table = Table(columns: ["path", "field", "from", "to"])
        turn(order.channels, to: position, for: request, in: &table)
        guard order.cuts else { return request.answer(table, [Reply.Attribute("cut", "0")]) }
        let serials = Set(order.channels.map(\.serial))
        request.queries.ask({ .cutChannels(serials: serials, question: $0) }) { [table] answers in
            request.answer(table, [Reply.Attribute("cut", String(answers.cutCount))])
        }
    }

    /// Switches every channel, and answers what changed from what to what.
    static func turn(
        _ channels: [Channel], to position: Channel.Switch, for request: ControlRequest,
        in table: inout Table
    ) {
        let now = Instant.now
        var hasChanged = false
        for channel in channels {
            let before = channel.state(now: now)
            let isGrace = position == .on && channel.isInGrace(now: now)
            guard channel.position != position || isGrace else { continue }
            channel.turn(position, by: "\(request.peer.actor)", now: now)
            hasChanged = true
            let after = channel.state(now: now)
            table.append([channel.path, "state", before.rawValue, after.rawValue])
            request.changes.emit(
                Event(
                    .notice, .state, of: .channel(channel), from: before.rawValue,
                    to: after.rawValue, by: request.peer.actor,
                    line: "channel \(channel.path) \(channel.endpoint) "
                        + "\(before.rawValue) → \(after.rawValue): by \(request.peer.actor)"))
        }
        guard hasChanged else { return }
        request.state.share.raiseGeneration()
        request.changes.channelsChanged()
    }
}

extension [WorkerReply] {
    /// Sessions that all workers together have cut.
    var cutCount: Int {
        reduce(0) { sum, answer in
            if case .cut(let count) = answer { sum + count } else { sum }
        }
    }
}

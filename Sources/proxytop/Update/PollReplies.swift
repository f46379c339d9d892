internal import Shared

// What the model makes of the answers of a round.
extension Model {
    mutating func welcome(_ attributes: [Reply.Attribute]) -> [Effect] {
        guard let hello = HelloReply(attributes) else {
            return [.disconnect] + lost("the answer to hello names no protocol")
        }
        guard hello.protocolVersion == HelloReply.spokenProtocol else {
            let text =
                "the daemon speaks protocol \(hello.protocolVersion), "
                + "this proxytop \(HelloReply.spokenProtocol); use the one that came with it"
            return [.quit(.wrongProtocol, message: text)]
        }
        if self.connection.hello != nil, self.connection.hello?.epoch == hello.epoch {
            notify("the link is back")
        }
        self.connection.hello = hello
        connection.link.phase = .live
        connection.link.tries = 0
        connection.link.ask(.describe, ["describe"], at: now.milliseconds)
        return [.send([Request(words: ["describe"])])] + poll()
    }

    mutating func complete(_ listeners: [ListenerSnapshot]) {
        guard !time.isFrozen, let channels = connection.round.channels,
            let groups = connection.round.groups
        else { return }
        let fresh = DaemonSnapshot(
            epoch: connection.round.epoch, generation: connection.round.generation,
            nowMilliseconds: connection.round.nowMilliseconds, channels: channels, groups: groups,
            listeners: listeners)
        if data.history.add(fresh) { beginAnew() }
        snapshot = fresh
        data.snapshotAt = now
        data.flaps = Flaps(data.log, now: fresh.nowMilliseconds)
        data.rates.add(data.history.sum, refused: data.history.refused, now: fresh.nowMilliseconds)
        noteQuiet(fresh)
        dropOldNotice()
        data.awaySummary.note(fresh, at: now)
        if !isHolding { selection.channelOrder?.settle(fresh, data.history) }
        if navigation.choosesPage {
            navigation.choosesPage = false
            if problems.contains(where: { $0.severity != .note }) {
                navigation.page = .overview
            } else if let lastPage = navigation.lastPage {
                navigation.page = lastPage
            }
        }
        settle()
        guard actions.confirmation?.follow(fresh, data.window) == false else { return }
        actions.confirmation = nil
        notify(
            "what you were about to switch is gone or has changed; nothing was sent", isError: true)
    }

    /// The daemon was started anew: what was counted, marked and done belongs to the one before.
    private mutating func beginAnew() {
        notify("daemon restarted \(uptimeText): counters and rates begin anew")
        data.quietSince = nil
        data.rates = DaemonRates()
        data.sidePanel = SidePanel()
        data.load = DaemonLoad()
        data.log = EventLog()
        selection.marks = selection.marks.filter { if case .session = $0 { false } else { true } }
        actions.undo = UndoList()
        actions.scheduled.drop()
        data.search = nil
        data.window.forget()
    }

    mutating func handleEvents(_ lines: [String], _ attributes: [Reply.Attribute]) {
        guard !time.isFrozen else { return }
        let events = Table(lines: lines).map(EventSnapshot.all) ?? []
        guard !events.isEmpty else { return }
        // Who stands at the top wants to see what comes; who has gone down stays where they are.
        let isAtTop = selection.eventCursor.index == 0 && !isHolding
        data.log.receive(events, last: attributes["last"].flatMap { UInt64($0) })
        if isAtTop {
            selection.eventCursor.move(to: 0, in: eventList, height: arrangement.tableHeight)
        }
        settle()
    }

    mutating func handleWindow(
        _ lines: [String], _ attributes: [Reply.Attribute], first: Int
    ) {
        guard !time.isFrozen || !data.window.isKnown else { return }
        func number(_ name: String) -> Int {
            Int(min(attributes[name].flatMap { UInt64($0) } ?? 0, Bounds.sessions))
        }
        let sessions = Table(lines: lines).map(SessionSnapshot.all) ?? []
        data.window.receive(
            sessions, first: first, matched: number("matched"), total: number("total"),
            isHeld: isHolding)
        settle()
        // There are fewer than where we looked, or the cursor has been moved meanwhile.
        if !data.window.covers(selection.sessionCursor.top, height: arrangement.tableHeight) {
            hurry()
        }
    }

    /// At the first look a channel may have been anything before its present state; later we know better.
    private mutating func noteQuiet(_ snapshot: DaemonSnapshot) {
        let isQuiet = Problem.all(in: snapshot, data.history, data.flaps).allSatisfy {
            $0.severity == .note
        }
        guard isQuiet else {
            data.quietSince = nil
            return
        }
        guard data.quietSince == nil else { return }
        let lasting = snapshot.channels.map(\.sinceMilliseconds).min() ?? 0
        data.quietSince = snapshot.nowMilliseconds - min(lasting, snapshot.nowMilliseconds)
    }

    private var uptimeText: String {
        guard let hello = connection.hello else { return "" }
        return "\(hello.uptime(at: hello.nowMilliseconds)) ago"
    }
}
